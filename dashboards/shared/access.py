"""The one door to published data: opens the current version read-only, runs parameterised SQL, caches by version.

Belongs here: finding the published version, the connection, the query cache,
    and turning DuckDB's errors into two that pages
can explain. Does not belong here: what a number means (dbt) or how it looks (`layout`, `charts`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.serve import publishing
from orderhouse.settings import Settings
from orderhouse.sql_names import quote
from orderhouse.warehouse import open_published

__all__ = ["DataMissing", "NothingPublished", "Version", "current_number", "current_version", "quoted"]

SCHEMAS = ("marts", "ops", "quality")
# A page asks for about 15 results; 400 keeps the last few readers' pages warm in some tens of MB.
CACHED_RESULTS = 400


class NothingPublished(Exception):
    """No version has been published yet, or the pointer names a file that is gone."""


class DataMissing(Exception):
    """The published version lacks a table or column that was asked for; it was built by another release."""


@dataclass(frozen=True)
class Version:
    """One published version, open for reading.

    Attributes:
        settings: Whose home it is in.
        path: The published file, never written again.
        number: Version number, as in ``orderhouse versions``.
        published_at: When it was published, UTC.
        as_of: The instant that late, stuck and ages are measured from, UTC without zone.
        business_date: Business day of `as_of`.
        time_zone: Zone of business days.
        currency: Reporting currency.
        batch_id: Newest batch of feed rows in it.
    """

    settings: Settings
    path: Path
    number: int
    published_at: datetime
    as_of: datetime
    business_date: date
    time_zone: str
    currency: str
    batch_id: int

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> pl.DataFrame:
        """Run one parameterised query. Money stays decimal, instants are UTC without zone.

        Raises:
            DataMissing: A table or column is not in this version.
        """
        return _result(self.path, sql, tuple(parameters), self.settings)

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, Any]:
        """Return the only row of a query by column name; every value is None if there is none."""
        return _first(self.rows(sql, parameters))

    def tables(self) -> list[str]:
        """List what can be read and exported, as ``schema.table``."""
        sql = """
            select table_schema || '.' || table_name as name from information_schema.tables
            where table_schema in (?, ?, ?) order by table_schema, table_name
        """
        return self.rows(sql, SCHEMAS)["name"].to_list()

    def columns(self, table: str) -> dict[str, str]:
        """Return the columns of ``schema.table`` in order: name to type."""
        sql = """
            select column_name, data_type from information_schema.columns
            where table_schema = ? and table_name = ? order by ordinal_position
        """
        return dict(self.rows(sql, table.split(".", 1)).iter_rows())


def current_version(settings: Settings) -> Version:
    """Open the current version and read its clock.

    Raises:
        NothingPublished: Nothing is published yet, or its file is gone.
        DataMissing: The file has no `marts.as_of`.
    """
    published = publishing.current_version(settings)
    if published is None:
        raise NothingPublished(f"{settings.published} holds no published version")
    clock = _first(_result(published.path, "select as_of, business_date from marts.as_of", (), settings))
    return Version(
        settings=settings,
        path=published.path,
        number=published.number,
        published_at=datetime.fromisoformat(published.published_at).astimezone(UTC),
        as_of=clock["as_of"],
        business_date=clock["business_date"],
        time_zone=published.business_time_zone,
        currency=published.reporting_currency,
        batch_id=published.batch_id,
    )


def current_number(settings: Settings) -> int | None:
    """Return the number of the version that readers are given now, without opening it."""
    published = publishing.current_version(settings)
    return published.number if published else None


def quoted(identifier: str) -> str:
    """Quote ``schema.table`` or a column name, so that it can never be read as SQL."""
    return ".".join(quote(part) for part in identifier.split("."))


# Two versions stay open: readers may still be on the previous one while the first of them moves on.
@st.cache_resource(max_entries=2, show_spinner=False)
def _connection(path: Path, _settings: Settings) -> tuple[duckdb.DuckDBPyConnection, str]:
    """Open a published file once for all readers, and name its database; a new version has a new path."""
    digits = re.search(r"\d+", path.stem)
    try:
        connection = open_published(_settings, int(digits.group()) if digits else None)
    except OrderhouseError as error:
        raise NothingPublished(str(error)) from error
    connection.execute("set timezone = 'UTC'").fetchall()
    return connection, connection.execute("select current_database()").fetchall()[0][0]


def _cursor(path: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open a cursor of one's own on the shared connection, since readers ask at the same time.

    A cursor starts in the connection's first database, not in the one in use, so it is told again.
    """
    connection, database = _connection(path, settings)
    cursor = connection.cursor()
    cursor.execute(f"use {quote(database)}").fetchall()
    return cursor


@st.cache_data(max_entries=CACHED_RESULTS, show_spinner=False)
def _result(path: Path, sql: str, parameters: tuple[Any, ...], _settings: Settings) -> pl.DataFrame:
    try:
        with _cursor(path, _settings) as cursor:
            found: pl.DataFrame = cursor.sql(sql, params=list(parameters)).pl()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise DataMissing(str(error).splitlines()[0]) from error
    return found


def _first(found: pl.DataFrame) -> dict[str, Any]:
    return found.row(0, named=True) if found.height else dict.fromkeys(found.columns)
