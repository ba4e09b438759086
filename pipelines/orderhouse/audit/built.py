"""Connection of the audit: the built warehouse, with the raw database and the work database attached.

The names are those of dbt (`warehouse`, `raw`, `work`), so that compiled test SQL runs here unchanged.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.built_tables import open_tables

__all__ = ["has_table", "open_built", "rows"]


@contextlib.contextmanager
def open_built(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the built warehouse, for reading it and for writing the table of the audit. The time zone is UTC.

    Raises:
        OrderhouseError: There is no build.
    """
    if not settings.warehouse_db.exists():
        raise OrderhouseError(f"There is nothing to audit in {settings.home}. Run `orderhouse build` first.")
    with open_tables(settings, work="read_only") as connection:
        yield connection


def has_table(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Return True if `schema.table` of the warehouse, or `raw.schema.table`, exists."""
    parts = table.split(".")
    database, schema, name = parts if len(parts) == 3 else ("warehouse", *parts)
    found = connection.execute(
        "select count(*) from information_schema.tables"
        " where table_catalog = ? and table_schema = ? and table_name = ?",
        [database, schema, name],
    ).fetchall()
    return bool(found[0][0])


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Return the result of a query as one mapping per row."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
