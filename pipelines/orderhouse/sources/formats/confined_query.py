"""The query of a source: run on tables in memory, without files, network, clock or chance.

The same files must give the same rows at every time and on every machine, so functions whose value changes are refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import polars as pl

from orderhouse.errors import OrderhouseError, listed
from orderhouse.files.source_files import FileRejected
from orderhouse.sources.formats.format import Declaration
from orderhouse.sources.readers.records import RECORD
from orderhouse.storage.sql_names import quote
from orderhouse.storage.typed_queries import changing_names, check_query

__all__ = ["run_query"]

MEMORY = "2GB"
SECONDS = 600
# Errors of the query itself, whose messages name tables, columns and functions and hold no value of a file.
OF_THE_QUERY = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


def run_query(source: Declaration, tables: Mapping[str, pl.DataFrame], first: str) -> pl.DataFrame:
    """Return the records that the query of a source computes: text by column, and `_record`, by which they are ordered.

    Args:
        source: The source, for the query.
        tables: Text columns and `_record`, by name of the table.
        first: Name of the table whose lines `_record` of the result names.

    Raises:
        FileRejected: The query cannot run, is not one reading statement, or gives no line for each record.
    """
    with _confined(tables) as connection:
        try:
            check_query(connection, source.statement, example=first)
            _refuse_changing(connection, source)
            names = connection.sql(source.statement).columns
            _refuse_without_line(names, first)
            texts = [f"cast({quote(name)} as varchar) as {quote(name)}" for name in names if name != RECORD]
            columns = ", ".join([*texts, f"cast({RECORD} as bigint) as {RECORD}"])
            frame: pl.DataFrame = connection.sql(f"select {columns} from (\n{source.statement}\n)").pl()  # noqa: S608
        except OrderhouseError as error:
            raise FileRejected(f"The query {source.query} cannot run: {error.message}") from None
        except duckdb.Error as error:
            raise _failed(source, error) from None
    _refuse_unknown_lines(source, frame, tables[first], first)
    return frame.sort(RECORD, *(name for name in frame.columns if name != RECORD))


def _confined(tables: Mapping[str, pl.DataFrame]) -> duckdb.DuckDBPyConnection:
    """Return a connection that holds the tables and reaches nothing else."""
    connection = duckdb.connect(":memory:")
    for name, frame in tables.items():
        connection.register("given", frame.to_arrow())
        connection.execute(f"create table {quote(name)} as select * from given")  # noqa: S608
        connection.unregister("given")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"set memory_limit = '{MEMORY}'")
    connection.execute("set temp_directory = ''")
    connection.execute(f"set max_execution_time = {SECONDS * 1000}")
    connection.execute("set python_enable_replacements = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def _refuse_changing(connection: duckdb.DuckDBPyConnection, source: Declaration) -> None:
    changing = changing_names(connection, source.statement)
    if changing:
        raise OrderhouseError(
            f"{listed(changing)} would give other rows for the same files at another time. Take what you need from the "
            "files, or from `constants` of the source."
        )


def _refuse_without_line(names: list[str], first: str) -> None:
    if RECORD not in names:
        raise OrderhouseError(
            f"its result has no column {RECORD}, by which every row leads back to its line. Select "
            f"{first}.{RECORD}, or min({first}.{RECORD}) of a group."
        )


def _refuse_unknown_lines(source: Declaration, found: pl.DataFrame, records: pl.DataFrame, first: str) -> None:
    unknown = found.filter(~pl.col(RECORD).is_in(records[RECORD].implode()).fill_null(value=False))
    if unknown.height:
        raise FileRejected(
            f"The query {source.query} gives {unknown.height:,} rows whose {RECORD} is no line of {first}. Select "
            f"{first}.{RECORD}, or min({first}.{RECORD}) of a group."
        )


def _failed(source: Declaration, error: duckdb.Error) -> FileRejected:
    """Return the refusal of a file for which the query failed; only the sender sees a message with values."""
    text = str(error).splitlines()[0]
    if isinstance(error, OF_THE_QUERY):
        return FileRejected(f"The query {source.query} cannot run: {text}")
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException):
        return FileRejected(
            f"The query {source.query} needs more than {MEMORY} of memory or {SECONDS} seconds. Narrow it."
        )
    kind = type(error).__name__.removesuffix("Exception").lower()
    hint = "Leave values that may be unreadable as they are, so that only their rows are quarantined, or use try_cast."
    return FileRejected(
        f"The query {source.query} fails with a {kind} error. {hint}", f"The query {source.query} fails: {text} {hint}"
    )
