"""Stamps in the files of built tables: which build, of which received rows, a file is.

The record of the last build is a file of its own, and may be put back from a copy without the tables, or they without
it. The build compares them.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orderhouse.storage.build_record import BuildRecord
from orderhouse.storage.layouts import stamp_layout

__all__ = ["read_stamp", "write_stamp"]


def write_stamp(connection: duckdb.DuckDBPyConnection, record: BuildRecord) -> None:
    """Write the build into a file of tables."""
    connection.execute("create schema if not exists meta")
    connection.execute(
        "create or replace table meta.build as select ?::varchar as build_id, ?::bigint as batch_id, "
        "?::timestamp as as_of, ?::timestamp as built_at, ?::varchar as lineage, ?::varchar as store_id",
        [record.build_id, record.batch_id, record.as_of, record.finished_at, record.lineage, record.store_id],
    )
    stamp_layout(connection, "tables")


def read_stamp(path: Path) -> str | None:
    """Return the id of the build that wrote a file; None if it names none or cannot be read."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = connection.execute("select build_id from meta.build").fetchall()
    except duckdb.Error:
        return None
    return str(rows[0][0]) if rows else None
