"""Names of published tables as people type them."""

from __future__ import annotations

import difflib

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.storage.sql_names import quote

__all__ = ["find_table", "published_tables", "quoted"]

# The schemas in which a name without a schema is looked up, in this order.
SEARCHED = ("marts", "ops", "quality")


def published_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return `schema.table` of every published table and view."""
    found = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_catalog = current_database() and list_contains(?, table_schema) order by 1",
        [list(SEARCHED)],
    ).fetchall()
    return [name for (name,) in found]


def find_table(connection: duckdb.DuckDBPyConnection, asked: str) -> str:
    """Return the `schema.table` of a name, which is written in full or looked up in marts, ops and quality.

    Raises:
        OrderhouseError: There is no such table; the message names the most similar one.
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
    """Return `schema.table` quoted for SQL."""
    return ".".join(quote(part) for part in table.split("."))
