"""Access to published data: the current version, its read-only connection, parameterised queries and their cache.

No other module of the dashboards opens DuckDB. DuckDB's errors become the two errors that pages explain. The meaning
of a number belongs to dbt, its appearance to `layout`, `tables` and `charts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import polars as pl
import streamlit as st
from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.serve import publishing
from orderhouse.serve.reading import readable_path
from orderhouse.settings import Settings
from orderhouse.storage.readers import open_built
from orderhouse.storage.sql_names import quote

__all__ = ["DataMissing", "NothingPublished", "Row", "Version", "current_number", "current_version", "quoted"]

# A cell holds a value of any DuckDB type; the query alone decides which.
Row: TypeAlias = dict[str, Any]

SCHEMAS = ("marts", "ops", "quality")
# A page runs about 15 queries. 400 results hold the pages of the last readers in some tens of MB.
CACHED_RESULTS = 400


class NothingPublished(Exception):
    """Error: no version is published yet, or the file of the current version is missing."""


class DataMissing(Exception):
    """Error: the published version lacks a table or column, because another release built it."""


@dataclass(frozen=True)
class Version:
    """One published version, open for reading.

    Attributes:
        settings: Settings of its home.
        role: Role of the reader.
        path: The file that the role reads. It never changes.
        number: Version number, as in ``orderhouse versions``.
        published_at: Instant of publication, UTC.
        as_of: Instant from which late, stuck and ages are measured, UTC without zone.
        business_date: Business day of `as_of`.
        time_zone: Time zone of business days.
        currency: Reporting currency.
        batch_id: Newest batch of feed rows in the version.
    """

    settings: Settings
    role: Role
    path: Path
    number: int
    published_at: datetime
    as_of: datetime
    business_date: date
    time_zone: str
    currency: str
    batch_id: int

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> pl.DataFrame:
        """Run one parameterised query. Money stays decimal, instants are UTC without zone.

        Raises:
            DataMissing: A table or column is not in this version.
        """
        return _result(self.path, sql, tuple(parameters), self.settings)

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row:
        """Return the only row of a query. Without a row, every value is None."""
        return _first(self.rows(sql, parameters))

    def tables(self) -> list[str]:
        """List the tables of the version, as ``schema.table``."""
        sql = """
            select table_schema || '.' || table_name as name from information_schema.tables
            where table_schema in (?, ?, ?) order by table_schema, table_name
        """
        return self.rows(sql, SCHEMAS)["name"].to_list()

    def columns(self, table: str) -> dict[str, str]:
        """Return the columns of ``schema.table`` in order, as a mapping of names to types."""
        sql = """
            select column_name, data_type from information_schema.columns
            where table_schema = ? and table_name = ? order by ordinal_position
        """
        return dict(self.rows(sql, table.split(".", 1)).iter_rows())


def current_version(settings: Settings, role: Role) -> Version:
    """Open what a role may read of the current version, and read its clock.

    Raises:
        NothingPublished: Nothing is published yet, or the published file is missing.
        DataMissing: The file has no `marts.as_of`.
    """
    published = _published(settings)
    if published is None:
        raise NothingPublished(f"{settings.published} holds no published version")
    path = readable_path(settings, role=role, path=published.path)
    clock = _first(_result(path, "select as_of, business_date from marts.as_of", (), settings))
    return Version(
        settings=settings,
        role=role,
        path=path,
        number=published.number,
        published_at=datetime.fromisoformat(published.published_at).astimezone(UTC),
        as_of=clock["as_of"],
        business_date=clock["business_date"],
        time_zone=published.business_time_zone,
        currency=published.reporting_currency,
        batch_id=published.batch_id,
    )


def _published(settings: Settings) -> publishing.PublishedVersion | None:
    try:
        return publishing.current_version(settings)
    except OrderhouseError as error:
        raise NothingPublished(error.message) from error


def current_number(settings: Settings) -> int | None:
    """Return the number of the current version without opening it."""
    published = _published(settings)
    return published.number if published else None


def quoted(identifier: str) -> str:
    """Quote ``schema.table`` or a column name, so that SQL reads it as a name only."""
    return ".".join(quote(part) for part in identifier.split("."))


# After a publication some readers of each role are still on the previous version.
@st.cache_resource(max_entries=16, show_spinner=False)
def _connection(path: Path, _settings: Settings) -> tuple[duckdb.DuckDBPyConnection, str]:
    """Open a published file once for all readers, and return the connection and the name of its database."""
    try:
        connection = open_built(_settings, path)
    except OrderhouseError as error:
        raise NothingPublished(str(error)) from error
    return connection, connection.execute("select current_database()").fetchall()[0][0]


def _cursor(path: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open a cursor on the shared connection, so that readers can query at the same time."""
    connection, database = _connection(path, settings)
    cursor = connection.cursor()
    # A new cursor starts in the connection's first database, not in the one in use.
    cursor.execute(f"use {quote(database)}").fetchall()
    return cursor


@st.cache_data(max_entries=CACHED_RESULTS, show_spinner=False)
def _result(path: Path, sql: str, parameters: tuple[object, ...], _settings: Settings) -> pl.DataFrame:
    try:
        with _cursor(path, _settings) as cursor:
            found: pl.DataFrame = cursor.sql(sql, params=list(parameters)).pl()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise DataMissing(str(error).splitlines()[0]) from error
    return found


def _first(found: pl.DataFrame) -> Row:
    return found.row(0, named=True) if found.height else dict.fromkeys(found.columns)
