"""Vocabulary of enumerated columns: the words of the warehouse, and the words of known formats that map to them.

Both are seeds of the dbt project, which does the mapping. The vocabulary of one source belongs in `sources.yaml`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache

from orderhouse.packaged import packaged

__all__ = ["UNKNOWN", "format_vocabulary", "vocabulary"]

# The meaning of a word that is in no vocabulary; a source may also map to it on purpose.
UNKNOWN = "unknown"


@cache
def vocabulary() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the words of the warehouse by feed and column, in the order in which the events occur.

    Columns that accept any word are left out.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in _seed("canonical_vocabulary"):
        place = (row["feed"], row["column_name"])
        found[place] = (*found.get(place, ()), row["word"])
    return found


@cache
def format_vocabulary(format_name: str) -> frozenset[tuple[str, str, str]]:
    """Return feed, column and word of everything that a format sends and that maps to a word of the warehouse."""
    return frozenset(
        (row["feed"], row["column_name"], row["word"])
        for row in _seed("format_vocabulary")
        if row["format"] == format_name
    )


def _seed(name: str) -> Iterator[dict[str, str]]:
    path = packaged("dbt_project") / "seeds" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
