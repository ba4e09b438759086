"""The audit's own connection: the warehouse as built, with what it was built from beside it.

Names are those dbt uses (`warehouse`, `raw`, `work`), so that compiled test SQL runs here unchanged.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings

__all__ = ["has_table", "open_built", "rows"]


@contextlib.contextmanager
def open_built(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open what the last build made, for reading it and for writing the audit's own table.

    Raises:
        OrderhouseError: There is no build.
    """
    if not settings.warehouse_db.exists():
        raise OrderhouseError(f"There is nothing to audit in {settings.home}. Run `orderhouse build` first.")
    config: dict[str, Any] = {}
    if settings.threads:
        config["threads"] = settings.threads
    if settings.memory_limit:
        config["memory_limit"] = settings.memory_limit
    connection = duckdb.connect(str(settings.warehouse_db), config=config)
    try:
        connection.execute("set TimeZone = 'UTC'")
        for path, name in ((settings.raw_db, "raw"), (settings.work_db, "work")):
            if path.exists():
                quoted = str(path).replace("'", "''")
                connection.execute(f"attach '{quoted}' as {name} (read_only)")
        yield connection
    finally:
        connection.close()


def has_table(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether `schema.table` of the warehouse, or `raw.schema.table`, is there."""
    parts = table.split(".")
    database, schema, name = parts if len(parts) == 3 else ("warehouse", *parts)
    found = connection.execute(
        "select count(*) from information_schema.tables"
        " where table_catalog = ? and table_schema = ? and table_name = ?",
        [database, schema, name],
    ).fetchall()
    return bool(found[0][0])


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The result of a query as one mapping per row."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
