"""Readers of published tables without the columns that stand for people: tokens, and names of those who act.

What a schedule makes leaves the house without a person who looks at it. The columns do not exist for its queries, so
that neither `*` nor a whole row can bring them back. This guards against mistakes; what a role may read is decided by
`orderhouse.access.role_copies`, whose copy is what is opened here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import duckdb

from orderhouse.access.roles import OWNER, Role
from orderhouse.errors import OrderhouseError
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.storage.sql_names import quote
from orderhouse.storage.typed_queries import check_query

__all__ = ["PERSONAL", "check_report_query", "open_without_people"]

# Columns that stand for a person: a customer, or somebody of the house.
PERSONAL = ("*_token", "actor", "assignee", "resolved_by")
HELD = "held"
COLUMNS = """
select table_schema, table_name, list(column_name order by ordinal_position)
from information_schema.columns
where table_catalog = 'held' and table_schema in ('marts', 'ops', 'quality', 'meta')
group by all
order by all
"""


def open_without_people(
    settings: Settings,
    *,
    role: Role = OWNER,
    version: int | None = None,
    writable: Path | None = None,
    seconds: float | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open published tables for a reader, confined and limited, without the columns that stand for people.

    Args:
        settings: Settings of the home.
        role: The role that reads.
        version: A published version; the current one by default.
        writable: A folder into which the connection may write.
        seconds: Time limit of one query; `query_seconds` by default.

    Raises:
        OrderhouseError: Nothing is published yet, or not that version; or the role does not fit its tables.
    """
    return open_reader(
        settings, role=role, version=version, writable=writable, seconds=seconds, prepare=_leave_out
    )  # fmt: skip


def check_report_query(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Check that a query is one statement that selects, and that DuckDB can plan it.

    Raises:
        OrderhouseError: It is something else, goes around the views, or does not fit the tables.
    """
    try:
        check_query(connection, query)
        ((text,),) = connection.execute("select json_serialize_sql(?::varchar)::varchar", [query]).fetchall()
        if any(HELD in path[:-1] for path in _paths(json.loads(text))):
            raise OrderhouseError("A query names tables without their catalog, such as marts.fct_orders.")
        connection.execute(f"explain {query}").fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise OrderhouseError(
            f"The query does not fit the tables: {reason}. Columns that stand for people are not there: "
            f"{', '.join(PERSONAL)}."
        ) from None


def _paths(node: Any) -> Iterator[list[str]]:
    """Yield the names of tables in a parse tree, in their parts."""
    if isinstance(node, list):
        for each in node:
            yield from _paths(each)
    elif isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            yield [str(part).lower() for part in node.get("qualified_name", {}).get("path", [])]
        for each in node.values():
            yield from _paths(each)


def _leave_out(connection: duckdb.DuckDBPyConnection) -> None:
    """Put a view without these columns before every table, under its name."""
    tables = connection.execute(COLUMNS).fetchall()
    for schema in dict.fromkeys(schema for schema, *_ in tables):
        connection.execute(f"create schema memory.{quote(schema)}")
    for schema, table, columns in tables:
        kept = [column for column in columns if not any(fnmatchcase(column, pattern) for pattern in PERSONAL)]
        if kept:
            name = f"{quote(schema)}.{quote(table)}"
            chosen = ", ".join(quote(column) for column in kept)
            connection.execute(f"create view memory.{name} as select {chosen} from {HELD}.{name}")  # noqa: S608 - names quoted
    connection.execute("use memory")
