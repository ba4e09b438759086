"""Lines of `raw.quarantine`: rows that broke a rule, each with where it came from and a name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from orderhouse.ingest.screening import PART
from orderhouse.ingest.transaction import Part
from orderhouse.storage.raw_ledgers import RAW_LEDGERS

__all__ = ["NAMED", "quarantine_lines"]

# DuckDB makes the name out of what names the row, since polars has no SHA-256.
NAMED = "* replace (sha256(quarantine_id)[:16] as quarantine_id)"


def quarantine_lines(
    bad: pl.DataFrame, parts: Mapping[int, Part], batch_id: int, received_at: datetime
) -> pl.DataFrame:
    """Lines to be put in by selecting `NAMED` of them. Counts them with their parts.

    Args:
        bad: Rows as screening gives them, each with its part.
        parts: The parts of the transaction, by number.
        batch_id: The batch.
        received_at: When it began, UTC.
    """
    mine = {number: parts[number] for number in bad[PART].unique().to_list()}
    before = _of_part(bad, {number: part.quarantined for number, part in mine.items()}, pl.Int64())
    lines = bad.with_columns(
        _of_part(bad, {number: _place(part) for number, part in mine.items()}, pl.String()).alias("place"),
        (pl.int_range(1, pl.len() + 1).over(PART) + before).alias("ordinal"),
        _of_part(bad, {number: part.file.file_id for number, part in mine.items()}, pl.String()).alias("file_id"),
        _of_part(bad, {number: part.feed for number, part in mine.items()}, pl.String()).alias("feed"),
        _of_part(bad, {number: part.unit.source.name for number, part in mine.items()}, pl.String()).alias("source"),
        _of_part(bad, {number: part.file.path for number, part in mine.items()}, pl.String()).alias("path"),
        batch_id=pl.lit(batch_id, pl.Int64),
        received_at=pl.lit(received_at, pl.Datetime("us")),
    ).with_columns(quarantine_id=pl.format("{}|{}|{}", "place", "record", "ordinal"))
    for number, count in bad[PART].value_counts().iter_rows():
        mine[number].quarantined += count
    return lines.select(*RAW_LEDGERS["quarantine"])


def _place(part: Part) -> str:
    place = f"{part.unit.source.name}|{part.unit.source.mapping_version}|{part.file.file_id}|{part.feed}"
    # under patches the file was loaded before, with other decisions about its records
    return f"{place}|{part.file.patches.fingerprint}" if part.file.patches else place


def _of_part(frame: pl.DataFrame, said: Mapping[int, str | int | None], dtype: pl.DataType) -> pl.Series:
    """A column that says something about each row's part."""
    return frame[PART].replace_strict(said, return_dtype=dtype)
