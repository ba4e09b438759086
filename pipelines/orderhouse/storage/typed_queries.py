"""Checks of SQL that a person typed: one statement that selects, from tables and not from files.

DuckDB's own parser decides. A confined connection may still read the file that it has opened and its spill folder, so
functions and names that read files are refused here, before the query is bound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError, listed

__all__ = ["changing_names", "check_query"]

EXAMPLE = "marts.fct_orders"
ONE_SELECT = "Only one reading statement is allowed. Write one such as: select * from {} limit 10"
EXPLAIN = re.compile(r"\s*explain(\s+analyze)?\s+(?=\S)", re.IGNORECASE)
# Functions that give rows and read neither files, nor settings, nor SQL in a text.
TABLE_FUNCTIONS = frozenset({
    "duckdb_columns", "duckdb_constraints", "duckdb_functions", "duckdb_keywords", "duckdb_schemas", "duckdb_tables",
    "duckdb_types", "duckdb_views", "generate_series", "histogram", "histogram_values", "json_each", "json_tree",
    "pg_timezone_names", "pragma_show", "pragma_table_info", "range", "repeat", "repeat_row", "unnest",
})  # fmt: skip
# Scalar functions that tell of the machine: paths, variables of the environment, logs.
TELLING = frozenset({"current_setting", "getenv", "write_log"})
# Functions that DuckDB calls volatile and that give nothing of their own.
HARMLESS = frozenset({"error", "stats", "vector_type"})
# A name with one of these can be the name of a file; no published table has such a name.
FILE_NAME = re.compile(r"[./\\:*?]")


def check_query(connection: duckdb.DuckDBPyConnection, query: str, *, example: str = EXAMPLE) -> None:
    """Check that a text is one statement that selects, with or without `explain` before it.

    Args:
        connection: The connection whose parser reads the text.
        query: The text.
        example: A table that the text may read, for messages.

    Raises:
        OrderhouseError: The text is something else, or reads a file.
        duckdb.Error: The text is not SQL.
    """
    explained = EXPLAIN.match(query)
    selecting = query[explained.end() :] if explained else query
    statements = connection.extract_statements(selecting)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise OrderhouseError(ONE_SELECT.format(example))
    try:
        tree = _parsed(connection, selecting)
        forbidden = sorted(set(_forbidden(tree)))
    except RecursionError:
        raise OrderhouseError("The query is nested too deeply. Split it into several queries.") from None
    if tree.get("error"):
        raise OrderhouseError(ONE_SELECT.format(example))
    if forbidden:
        raise OrderhouseError(
            f"A query reads tables and no files or settings: {listed(forbidden)} is not allowed. "
            f"Name a table such as {example}."
        )


def changing_names(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """Return the functions of a query whose value depends on the clock, on chance or on the session, in order of name.

    Args:
        connection: The connection whose parser reads the query.
        query: A query that `check_query` accepted.
    """
    known = connection.execute(
        "select distinct lower(function_name) from duckdb_functions() where stability <> 'CONSISTENT'"
    )
    changing = {name for (name,) in known.fetchall()} - HARMLESS
    return sorted(changing & set(_called(_parsed(connection, query))))


def _parsed(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    ((text,),) = connection.execute("select json_serialize_sql(?::varchar)::varchar", [query]).fetchall()
    return json.loads(text)


def _called(node: Any) -> Iterator[str]:
    """Yield the names of functions in a parse tree, and names that DuckDB takes for one, such as current_date."""
    if isinstance(node, list):
        for each in node:
            yield from _called(each)
    elif isinstance(node, dict):
        if node.get("function_name"):
            yield str(node["function_name"]).lower()
        elif node.get("type") == "COLUMN_REF" and len(node.get("column_names", ())) == 1:
            yield str(node["column_names"][0]).lower()
        for each in node.values():
            yield from _called(each)


def _forbidden(node: Any) -> Iterator[str]:
    """Yield the names of functions and tables in a parse tree that are not allowed."""
    if isinstance(node, list):
        for each in node:
            yield from _forbidden(each)
    elif isinstance(node, dict):
        kind = node.get("type")
        if kind == "TABLE_FUNCTION":
            name = str(node.get("function", {}).get("function_name", "")).lower()
            if name not in TABLE_FUNCTIONS:
                yield name
        elif kind == "SHOW_REF" and node.get("show_type") == "SHOW" and node.get("table_name"):
            yield f"show {node['table_name']}"  # a setting; tables of a schema are described
        elif str(node.get("function_name", "")).lower() in TELLING:
            yield str(node["function_name"]).lower()
        elif kind == "BASE_TABLE" and FILE_NAME.search(str(node.get("table_name", ""))):
            yield repr(node["table_name"])
        for each in node.values():
            yield from _forbidden(each)
