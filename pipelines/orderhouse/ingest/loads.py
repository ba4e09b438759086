"""Loads: lineage shared by all rows of one feed of one file in one batch, stored once under a number.

`raw_tables` joins rows and loads. Rows are inserted before their load is written; views of feeds show them from the
commit that has both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import duckdb
import polars as pl

__all__ = ["Load", "next_load", "write_loads"]

SCHEMA = {"load_id": pl.Int64(), "file_id": pl.String(), "source": pl.String(), "mapping_version": pl.String()}


@dataclass(frozen=True)
class Load:
    """Unique number of a load, with the file, source and mapping of its rows."""

    load_id: int
    file_id: str
    source: str
    mapping_version: str


def next_load(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number after the last load's."""
    ((last,),) = connection.execute("select coalesce(max(load_id), 0) from received.loads").fetchall()
    return int(last) + 1


def write_loads(
    connection: duckdb.DuckDBPyConnection, loads: Sequence[Load], batch_id: int, received_at: datetime
) -> None:
    """Append the loads of a batch to `received.loads`; `received_at` is in UTC."""
    rows = pl.DataFrame([asdict(load) for load in loads], schema=SCHEMA)
    connection.register("incoming", rows.to_arrow())
    connection.execute(
        "insert into received.loads by name select *, $batch as batch_id, $at as received_at from incoming",
        {"batch": batch_id, "at": received_at},
    )
    connection.unregister("incoming")
