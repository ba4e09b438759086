"""Tables that another program fills in a DuckDB file or a PostgreSQL database: rows behind a cursor, copied to a file.

A copy is made by the database itself, a whole batch at once. What the rows mean belongs in `sources`, and which rows
were copied before in `ingest.table_batches`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from orderhouse.files.object_stores import StoreRefused
from orderhouse.storage.sql_names import quote

__all__ = ["Database", "Interval", "first_sentence", "opened"]


@dataclass(frozen=True)
class Interval:
    """Rows of a table by their cursor.

    Attributes:
        after: Cursor of the last row that was copied, as text; None to begin with the first row.
        overlap: Seconds, or units of a whole number, before `after` from which rows are copied again.
        upto: Cursor of the last row to copy, as text.
    """

    after: str | None
    overlap: int
    upto: str


class Database(Protocol):
    """A table of a database that was opened for reading."""

    suffix: str

    def newest(self) -> str | None:
        """Return the greatest cursor, as text; None for a table without rows."""

    def upper(self, after: str | None, rows: int) -> str | None:
        """Return the cursor of the last of so many rows after a cursor, as text; None if there are none."""

    def copy(self, interval: Interval, path: Path) -> None:
        """Write the rows of an interval to a file, in order of the cursor."""


@contextlib.contextmanager
def opened(database: str, table: str, cursor: str) -> Iterator[Database]:
    """Open a table for reading.

    Args:
        database: Path of a DuckDB file, or the address of a PostgreSQL database.
        table: Name of the table, with its schema or without.
        cursor: Column that grows with every row that is added or changed.

    Raises:
        StoreRefused: The database cannot be opened, or the table not read.
    """
    shown = f"the table {table}"
    if "://" in database:
        from orderhouse.files.postgresql_tables import opened_postgresql  # its import takes a third of a second

        with opened_postgresql(database, table, cursor) as found:
            yield found
        return
    if not Path(database).exists():
        raise StoreRefused(shown, f"there is no file {database}.")
    try:
        with duckdb.connect(database, read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            yield _DuckDB(connection, table.split("."), cursor)
    except duckdb.Error as error:
        raise StoreRefused(shown, first_sentence(error)) from None


class _DuckDB:
    suffix = ".parquet"

    def __init__(self, connection: duckdb.DuckDBPyConnection, names: list[str], cursor: str) -> None:
        self._rows = connection.table(".".join(quote(name) for name in names))
        self._cursor = quote(cursor)
        self._type = str(self._rows.select(self._cursor).types[0])

    def newest(self) -> str | None:
        return self._text(self._rows.aggregate(f"max({self._cursor})::varchar"))

    def upper(self, after: str | None, rows: int) -> str | None:
        first = self._behind(after, 0).select(self._cursor).order(self._cursor).limit(rows)
        return self._text(first.aggregate(f"max({self._cursor})::varchar"))

    def copy(self, interval: Interval, path: Path) -> None:
        upto = f"{self._cursor} <= {self._literal(interval.upto)}"
        rows = self._behind(interval.after, interval.overlap).filter(upto).order(self._cursor)
        rows.write_parquet(str(path), overwrite=True)

    def _behind(self, after: str | None, overlap: int) -> duckdb.DuckDBPyRelation:
        if after is None:
            return self._rows.filter(f"{self._cursor} is not null")
        is_instant = self._type.startswith(("TIMESTAMP", "DATE"))
        step = f"to_seconds({overlap})" if is_instant else str(overlap)
        bound = f"{self._literal(after)} - {step}" if overlap else self._literal(after)
        return self._rows.filter(f"{self._cursor} > {bound}")

    def _literal(self, text: str) -> str:
        """Return a value that the database gave as one of the cursor's type; a filter takes no parameters."""
        return f"cast({duckdb.ConstantExpression(text)} as {self._type})"

    @staticmethod
    def _text(found: duckdb.DuckDBPyRelation) -> str | None:
        ((value,),) = found.fetchall()
        return None if value is None else str(value)


def first_sentence(error: Exception) -> str:
    """Return the first line of a database's message as a sentence."""
    first = (str(error).strip().splitlines() or ["the database gives no reason"])[0].strip()
    return first if first.endswith(".") else f"{first}."
