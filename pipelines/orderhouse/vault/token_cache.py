"""Tokens of values met lately, so that people who come again and again are not worked out anew.

A cache that may forget at any time: which token a value has is the vault's to say.
"""

from __future__ import annotations

import numpy as np
import polars as pl

__all__ = ["TokenCache"]

SLOTS = 1 << 22
MOST_VALUES = 1_500_000


class TokenCache:
    """Values of one kind and their tokens, found by a table of places.

    Each value has one slot, by its hash, that says where it stands; a later value of the same slot takes it. What
    stands there is compared with what is looked up, so that two values never share a token. Joins with what is kept
    took ten times as long, since they hash all of it for each block of rows.
    """

    def __init__(self) -> None:
        self._known = _EMPTY
        self._places = np.zeros(SLOTS, dtype=np.int32)

    def look_up(self, values: pl.Series) -> pl.Series:
        """The token of each value, null where it is not at hand."""
        if self._known.is_empty():
            return pl.Series(values.name, [None], dtype=pl.String).new_from_index(0, values.len())
        places = self._places[_slots(values)]
        found = self._known[np.maximum(places - 1, 0)]
        is_it = (found["value"] == values) & pl.Series(places > 0)
        return found.select(pl.when(is_it).then("token")).to_series().alias(values.name)

    def remember(self, tokens: pl.DataFrame) -> None:
        """Keep these at hand: distinct values in ``value``, each with its ``token``."""
        if self._known.height + tokens.height > MOST_VALUES:
            self._known = _EMPTY
            self._places = np.zeros(SLOTS, dtype=np.int32)
        first = self._known.height + 1
        self._known = pl.concat([self._known, tokens.select("value", "token")], rechunk=True)
        self._places[_slots(tokens["value"])] = np.arange(first, first + tokens.height, dtype=np.int32)


_EMPTY = pl.DataFrame(schema={"value": pl.String(), "token": pl.String()})


def _slots(values: pl.Series) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    return values.hash().to_numpy() & np.uint64(SLOTS - 1)
