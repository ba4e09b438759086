"""Cache of recent values and their tokens, so that the tokens of recurring people are not computed again.

The cache may drop its content at any time. The computation of tokens belongs in `vault`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

__all__ = ["TokenCache"]

SLOTS = 1 << 22
MOST_VALUES = 1_500_000


class TokenCache:
    """Values of one kind and their tokens, found through a hash table of positions.

    Each value has one slot, given by its hash, with the position of its entry. A later value with the same slot
    replaces
    it. The stored value is compared with the one looked up, so that two values never share a token. Joins with the
    cached values took ten times as long, because they hash all of them for each block of rows.
    """

    def __init__(self) -> None:
        self._entries = _EMPTY
        self._positions = np.zeros(SLOTS, dtype=np.int32)

    def look_up(self, values: pl.Series) -> pl.Series:
        """Return the token of each value, null where it is not cached."""
        if self._entries.is_empty():
            return pl.Series(values.name, [None], dtype=pl.String).new_from_index(0, values.len())
        positions = self._positions[_slots(values)]
        found = self._entries[np.maximum(positions - 1, 0)]
        is_it = (found["value"] == values) & pl.Series(positions > 0)
        return found.select(pl.when(is_it).then("token")).to_series().alias(values.name)

    def remember(self, tokens: pl.DataFrame) -> None:
        """Cache distinct values (column ``value``) with their tokens (column ``token``)."""
        if self._entries.height + tokens.height > MOST_VALUES:
            self._entries = _EMPTY
            self._positions = np.zeros(SLOTS, dtype=np.int32)
        first = self._entries.height + 1
        self._entries = pl.concat([self._entries, tokens.select("value", "token")], rechunk=True)
        self._positions[_slots(tokens["value"])] = np.arange(first, first + tokens.height, dtype=np.int32)


_EMPTY = pl.DataFrame(schema={"value": pl.String(), "token": pl.String()})


def _slots(values: pl.Series) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    return values.hash().to_numpy() & np.uint64(SLOTS - 1)
