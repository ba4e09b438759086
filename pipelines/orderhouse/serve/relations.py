"""Finding published tables by the names that people type, and confining what a connection may reach."""

from __future__ import annotations

import difflib
from pathlib import Path

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.sql_names import quote

__all__ = ["confine", "find_table", "published_tables", "quoted"]

# Where a name without a schema is looked up, in this order.
SEARCHED = ("marts", "ops", "quality")


def published_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """`schema.table` of every table and view that readers are meant to use."""
    found = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_catalog = current_database() and list_contains(?, table_schema) order by 1",
        [list(SEARCHED)],
    ).fetchall()
    return [name for (name,) in found]


def find_table(connection: duckdb.DuckDBPyConnection, asked: str) -> str:
    """The `schema.table` that a name means: written in full, or looked up in marts, ops and quality.

    Raises:
        OrderhouseError: There is none; names the nearest.
    """
    tables = published_tables(connection)
    for candidate in (asked, *(f"{schema}.{asked}" for schema in SEARCHED)):
        if candidate in tables:
            return candidate
    names = {name: name for name in tables} | {name.split(".")[1]: name for name in tables}
    nearest = difflib.get_close_matches(asked, names, n=1, cutoff=0.3)
    hint = f" Did you mean {names[nearest[0]]}?" if nearest else ""
    raise OrderhouseError(f"There is no published table {asked!r}.{hint}")


def quoted(table: str) -> str:
    """`schema.table` as SQL."""
    return ".".join(quote(part) for part in table.split("."))


def confine(
    connection: duckdb.DuckDBPyConnection, settings: Settings, *, writable: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """From here on the connection reaches the published file, its own spill folder and `writable`, and nothing else.

    A condition or query typed by someone can then neither read other files nor write any.
    """
    spill = str(settings.home / "tmp").replace("'", "''")
    connection.execute(f"set temp_directory = '{spill}'")
    if writable is not None:
        folder = str(writable).replace("'", "''")
        connection.execute(f"set allowed_directories = ['{folder}']")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection
