"""Lines of `raw.quarantine`: rows that broke a rule, each with its lineage and its id.

The rules belong to `screening`, the insert to `loading`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from orderhouse.ingest.screening import PART
from orderhouse.ingest.transaction import Part
from orderhouse.storage.raw_ledgers import RAW_LEDGERS

__all__ = ["WITH_IDS", "quarantine_lines"]

# Polars has no SHA-256, so DuckDB hashes the text that identifies the row.
WITH_IDS = "* replace (sha256(quarantine_id)[:16] as quarantine_id)"


def quarantine_lines(
    bad: pl.DataFrame, parts: Mapping[int, Part], batch_id: int, received_at: datetime
) -> pl.DataFrame:
    """Return lines to be inserted with the select list `WITH_IDS`, and add them to the counts of their parts.

    Args:
        bad: Quarantined rows from screening, each with its part.
        parts: The parts of the transaction, by number.
        batch_id: The batch.
        received_at: The instant when the batch began, in UTC.
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
    # A file read with patches was loaded before, so the fingerprint keeps the ids of the two loads apart.
    return f"{place}|{part.file.patches.fingerprint}" if part.file.patches else place


def _of_part(frame: pl.DataFrame, values: Mapping[int, str | int | None], dtype: pl.DataType) -> pl.Series:
    """Return a column with the value of each row's part."""
    return frame[PART].replace_strict(values, return_dtype=dtype)
