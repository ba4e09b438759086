"""Notes on a source's mapping that does not fit its files: columns that no file has, and constants beside columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats.format import FeedRows

__all__ = ["MappingNotes"]


class MappingNotes:
    """Findings about the mapping, gathered over the files that were read, each told once per source and feed."""

    def __init__(self) -> None:
        self._absent: dict[tuple[str, str], dict[str, str | None]] = {}
        self._clashing: dict[tuple[str, str, str], str] = {}
        self._rounded: Counter[tuple[str, str]] = Counter()
        self._changes: dict[tuple[str, str], Decimal] = {}
        self._decimals: dict[str, int | None] = {}

    def add(self, source: Source, rows: FeedRows) -> None:
        """Add what was found while some rows of a file were read."""
        if rows.feed is None:
            return
        place = (source.name, rows.feed)
        before = self._absent.get(place, rows.absent)
        self._absent[place] = {name: near for name, near in before.items() if name in rows.absent}
        self._clashing |= {(*place, ours): theirs for ours, theirs in rows.clashing.items()}
        for name, (count, change) in rows.rounded.items():
            self._rounded[source.name, name] += count
            self._changes[source.name, name] = self._changes.get((source.name, name), Decimal(0)) + change
        self._decimals[source.name] = source.decimals

    def misfits(self) -> Iterator[str]:
        """Yield sentences about columns that no file has, and about constants that do not count."""
        for (source, _), absent in self._absent.items():
            for name, near in absent.items():
                nearest = f" Did you mean {near}?" if near else " Correct the name, or remove it."
                yield f"Source {source}: its mapping names the column {name}, which no file has.{nearest}"
        for (source, _, ours), theirs in self._clashing.items():
            yield (
                f"Source {source}: `constants` gives {ours}, and the files have the column {theirs} for it. The column "
                "counts. Remove one of the two."
            )

    def roundings(self) -> Iterator[str]:
        """Yield sentences about rounded values."""
        for (source, name), count in self._rounded.items():
            noun = "value is" if count == 1 else "values are"
            change = self._changes[source, name]
            yield (
                f"Source {source}: {count:,} {noun} rounded to {self._decimals[source]} decimals in {name}, which "
                f"changes its sum by {change:+f}."
            )
