"""Promises that a source makes as a number of days after another day, such as the order's day by mode of shipping."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from orderhouse.contracts.notation import Notation
from orderhouse.contracts.parsing import as_text
from orderhouse.files.source_files import FileRejected
from orderhouse.sources.formats.format import ANY, Promise

__all__ = ["PROMISED", "promised_days"]

PROMISED = "promised_at"
DAY = r"^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})"


def promised_days(promise: Promise, frame: pl.DataFrame, notation: Notation) -> pl.Series:
    """Return promises as days in ISO-8601, which last until their end.

    A word without a number of days is returned as it is, so that its row is quarantined and no promise is invented.

    Raises:
        FileRejected: The file lacks a column that is named.
    """
    lacking = [name for name in promise.columns if name not in frame.columns]
    if lacking:
        raise FileRejected(f"The file has no column {', '.join(lacking)}, from which `promise` counts.")
    first = notation.iso_instants(as_text(frame[promise.columns[0]])).str.extract(DAY).str.to_date(strict=False)
    if len(promise.columns) == 1:
        return _after(first, pl.lit(promise.days, pl.Int64))
    words = as_text(frame[promise.columns[1]]).str.strip_chars().replace("", None)
    days = _looked_up(words, promise.days) if isinstance(promise.days, Mapping) else words.cast(pl.Int64, strict=False)
    found = _after(first, pl.lit(days))
    return found.zip_with(days.is_not_null() | words.is_null(), words).alias(PROMISED)


def _looked_up(words: pl.Series, days: Mapping[str, int]) -> pl.Series:
    known = {word.casefold(): number for word, number in days.items() if word != ANY}
    found = {word: known.get(word.casefold(), days.get(ANY)) for word in words.unique().drop_nulls()}
    return words.replace_strict(found, default=None, return_dtype=pl.Int64)


def _after(first: pl.Series, days: pl.Expr) -> pl.Series:
    later = pl.lit(first) + pl.duration(days=days)
    return pl.select(later.dt.to_string("%Y-%m-%d").alias(PROMISED)).to_series()
