"""Our words for enumerated columns, and what the words of known formats mean: the tables that the dbt models map by."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["UNKNOWN", "of_format", "our_words"]

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
# What a word in no table becomes; a source may say so of a word on purpose.
UNKNOWN = "unknown"


@cache
def our_words() -> dict[tuple[str, str], tuple[str, ...]]:
    """Words by feed and column, in the order in which things happen; columns that take any word are not in it."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in _seed("canonical_words"):
        place = (row["feed"], row["column_name"])
        found[place] = (*found.get(place, ()), row["word"])
    return found


@cache
def of_format(format_name: str) -> frozenset[tuple[str, str, str]]:
    """Feed, column and word of what a format sends and we have a meaning for."""
    return frozenset(
        (row["feed"], row["column_name"], row["word"]) for row in _seed("format_words") if row["format"] == format_name
    )


def _seed(name: str) -> Iterator[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
