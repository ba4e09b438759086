"""Tables of a PostgreSQL database, copied by the server itself as CSV."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from orderhouse.files.database_tables import Interval, first_sentence
from orderhouse.files.object_stores import StoreRefused

__all__ = ["opened_postgresql"]

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 600


@contextlib.contextmanager
def opened_postgresql(address: str, table: str, cursor: str) -> Iterator[_PostgreSQL]:
    """Open a table for reading; the arguments are those of `orderhouse.files.database_tables.opened`.

    Raises:
        StoreRefused: The database cannot be reached, or the table not read.
    """
    options = f"-c timezone=UTC -c statement_timeout={STATEMENT_SECONDS * 1000}"
    try:
        with psycopg.connect(address, connect_timeout=CONNECT_SECONDS, options=options) as connection:
            connection.read_only = True
            yield _PostgreSQL(connection, table.split("."), cursor)
    except psycopg.Error as error:
        # The message of a failed connection may hold the host and the user, but never the password.
        raise StoreRefused(f"the table {table}", first_sentence(error)) from None


class _PostgreSQL:
    suffix = ".csv"

    def __init__(self, connection: psycopg.Connection[Any], names: list[str], cursor: str) -> None:
        self._connection = connection
        self._table = sql.Identifier(*names)
        self._cursor = sql.Identifier(cursor)
        self._type = self._type_of()

    def newest(self) -> str | None:
        return self._one(sql.SQL("select max({})::text from {}").format(self._cursor, self._table))

    def upper(self, after: str | None, rows: int) -> str | None:
        first = sql.SQL("select {} as given from {} where {} order by 1 limit {}").format(
            self._cursor, self._table, self._behind(after, 0), sql.Literal(rows)
        )
        return self._one(sql.SQL("select max(given)::text from ({}) as first").format(first))

    def copy(self, interval: Interval, path: Path) -> None:
        # COPY takes no parameters, so psycopg writes the values as literals of the cursor's type.
        rows = sql.SQL("select * from {} where {} and {} <= {} order by {}").format(
            self._table,
            self._behind(interval.after, interval.overlap),
            self._cursor,
            self._literal(interval.upto),
            self._cursor,
        )
        query = sql.SQL("copy ({}) to stdout with (format csv, header)").format(rows)
        with self._connection.cursor() as cursor, path.open("wb") as file, cursor.copy(query) as stream:
            for block in stream:
                file.write(block)

    def _behind(self, after: str | None, overlap: int) -> sql.Composed:
        if after is None:
            return sql.SQL("{} is not null").format(self._cursor)
        if not overlap:
            return sql.SQL("{} > {}").format(self._cursor, self._literal(after))
        is_instant = self._type.startswith(("timestamp", "date"))
        step = sql.SQL("make_interval(secs => {})" if is_instant else "{}").format(sql.Literal(overlap))
        return sql.SQL("{} > {} - {}").format(self._cursor, self._literal(after), step)

    def _literal(self, text: str) -> sql.Composed:
        return sql.SQL("{}::{}").format(sql.Literal(text), sql.SQL(self._type))

    def _type_of(self) -> str:
        one = sql.SQL("select {} as given from {} limit 1").format(self._cursor, self._table)
        # Also of a table without rows.
        typed = sql.SQL("select pg_typeof(given)::text from ({}) as one right join (select 1) as always on true")
        return str(self._one(typed.format(one)))

    def _one(self, query: sql.Composed) -> str | None:
        row = self._connection.execute(query).fetchone()
        return None if row is None or row[0] is None else str(row[0])
