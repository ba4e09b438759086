"""Closed months: figures frozen as they were known, and what has changed since.

Closing a month records who closed it and when, and nothing else. Its closed figures are those of the day's revenue as
known at that instant, by `known_at`, so that they can be built again at any time. A restatement is the current figure
less the closed one, row by row, with the rows received after the close that touch its orders, products or rates.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.serve.known_at import known_version
from orderhouse.serve.publishing import PublishedVersion, find_version
from orderhouse.settings import Settings
from orderhouse.storage.sql_names import quote
from orderhouse.storage.warehouse import open_published, open_raw
from orderhouse.transform import ModelEvent

__all__ = ["ClosedMonth", "Restatement", "close_month", "closed_months", "restatements"]

MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
KEY = ("business_date", "recognition_clock", "channel", "country", "category", "currency")
# Days whose rows may change by a rate: a rate holds for seven days after its own.
RATE_DAYS = 7
CAUSES = {
    "orders": "order_id in (select id from orders_touched)",
    "order_lines": "order_id in (select id from orders_touched)",
    "payments": "order_id in (select id from orders_touched)",
    "shipments": "order_id in (select id from orders_touched)",
    "tracking": "shipment_id in (select shipment_id from held.raw.shipments "
    "where order_id in (select id from orders_touched))",
    "returns": "order_id in (select id from orders_touched) or order_id is null",
    "actions": "order_id in (select id from orders_touched)",
    "products": "sku in (select id from skus_touched)",
    "fx_rates": "rate_date between $day::date - {days} and $day::date",
}


@dataclass(frozen=True)
class ClosedMonth:
    """A closed month.

    Attributes:
        month: The month, as 2026-05.
        closed_at: The instant, in UTC and without zone.
        closed_by: Who closed it.
    """

    month: str
    closed_at: datetime
    closed_by: str


@dataclass(frozen=True)
class Restatement:
    """A figure of a closed month that is another one now.

    Attributes:
        key: Values of the row's key, by column.
        measure: The column.
        closed: The closed figure; None without such a row or rate then.
        current: The current figure.
        causes: `file:line` of each row received after the close that touches the row, with its feed.
    """

    key: dict[str, Any]
    measure: str
    closed: Decimal | None
    current: Decimal | None
    causes: list[str]

    @property
    def difference(self) -> Decimal:
        """Return the current figure less the closed one; a missing one counts as zero."""
        return (self.current or Decimal(0)) - (self.closed or Decimal(0))


def close_month(settings: Settings, month: str, who: str) -> ClosedMonth:
    """Close a month. The caller holds the run lock.

    Raises:
        OrderhouseError: The month is no month, has not ended, is closed already or has no revenue, or nothing is
            published.
    """
    first, last = _days(month)
    version = find_version(settings)
    with contextlib.closing(open_published(settings)) as published:
        today = published.execute("select business_date from marts.as_of").fetchall()[0][0]
        rows = published.execute(
            "select count(*) from marts.fct_revenue_daily where business_date between ? and ?", [first, last]
        ).fetchall()[0][0]
    if last >= today:
        raise OrderhouseError(f"{month} has not ended: the published version is of {today}. Close it when it is over.")
    if not rows:
        raise OrderhouseError(f"{month} has no revenue in version {version.number}, so there is nothing to close.")
    now = datetime.now(UTC).replace(tzinfo=None)
    with contextlib.closing(open_raw(settings)) as raw:
        found = next((each for each in _closed(raw) if each.month == month), None)
        if found is not None:
            raise OrderhouseError(
                f"{month} was closed at {found.closed_at:%Y-%m-%d %H:%M:%S} UTC by {found.closed_by}."
            )
        ((newest,),) = raw.execute("select max(batch_id) from raw.batches").fetchall()
        if newest != version.batch_id:
            raise OrderhouseError(
                f"Rows have arrived that version {version.number} does not hold. Run `orderhouse run` before you close."
            )
        raw.execute(
            "insert into raw.closed_months by name "
            "select $month as month, $now as closed_at, $who as closed_by, $batch as batch_id",
            {"month": month, "now": now, "who": who, "batch": newest},
        )
    return ClosedMonth(month, now, who)


def closed_months(settings: Settings) -> list[ClosedMonth]:
    """Return the closed months, the earliest first."""
    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        return _closed(raw)


def restatements(
    settings: Settings, month: str, *, on_event: Callable[[ModelEvent], None] | None = None
) -> list[Restatement]:
    """Return what has changed in a month since it was closed, row by row, with the rows that caused it.

    Raises:
        OrderhouseError: The month is not closed.
    """
    first, last = _days(month)
    found = next((each for each in closed_months(settings) if each.month == month), None)
    if found is None:
        raise OrderhouseError(f"{month} is not closed. Run `orderhouse close {month}` first.")
    known = known_version(settings, f"{found.closed_at.isoformat()}+00:00", on_event=on_event)
    version = find_version(settings)
    with _compared(settings, str(known.path), version) as connection:
        measures = _measures(connection)
        return [
            Restatement(key, measure, closed, current, causes)
            for key, figures in _changed(connection, measures, first, last)
            for causes in [_causes(connection, key, known.batch_id, version.batch_id)]
            for measure, (closed, current) in figures.items()
        ]


def _days(month: str) -> tuple[date, date]:
    if not MONTH.fullmatch(month):
        raise OrderhouseError(f"{month!r} is not a month. Write one such as 2026-05.")
    first = date.fromisoformat(f"{month}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _closed(raw: duckdb.DuckDBPyConnection) -> list[ClosedMonth]:
    rows = raw.execute("select month, closed_at, closed_by from raw.closed_months order by month").fetchall()
    return [ClosedMonth(*row) for row in rows]


@contextlib.contextmanager
def _compared(settings: Settings, closed: str, version: PublishedVersion) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the raw database as `held`, with the closed tables as `closed` and the current ones as `current_tables`."""
    with contextlib.closing(open_raw(settings, read_only=True)) as connection:
        for path, name in ((closed, "closed"), (str(version.path), "current_tables")):
            location = path.replace("'", "''")
            connection.execute(f"attach '{location}' as {name} (read_only)")
        yield connection


def _measures(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "select column_name from duckdb_columns() where database_name = 'current_tables' and schema_name = 'marts' "
        "and table_name = 'fct_revenue_daily' and not list_contains(?, column_name) "
        "and not starts_with(column_name, '_') order by column_index",
        [list(KEY)],
    ).fetchall()
    return [name for (name,) in found]


def _changed(
    connection: duckdb.DuckDBPyConnection, measures: list[str], first: date, last: date
) -> list[tuple[dict[str, Any], dict[str, tuple[Any, Any]]]]:
    """Return the keys of rows that differ, each with its closed and current figures by measure."""
    columns = ", ".join(quote(name) for name in (*KEY, *measures))
    sides = {}
    for name in ("closed", "current_tables"):
        rows = connection.execute(
            f"select {columns} from {name}.marts.fct_revenue_daily where business_date between ? and ?",  # noqa: S608
            [first, last],
        ).fetchall()
        sides[name] = {row[: len(KEY)]: row[len(KEY) :] for row in rows}
    empty = (None,) * len(measures)
    changed = []
    for key in sorted(sides["closed"].keys() | sides["current_tables"].keys(), key=str):
        pairs = zip(sides["closed"].get(key, empty), sides["current_tables"].get(key, empty), strict=True)
        figures = {
            measure: pair for measure, pair in zip(measures, pairs, strict=True) if (pair[0] or 0) != (pair[1] or 0)
        }
        if figures:
            changed.append((dict(zip(KEY, key, strict=True)), figures))
    return changed


def _causes(connection: duckdb.DuckDBPyConnection, key: dict[str, Any], after: int, until: int) -> list[str]:
    """Return the rows received after the close that touch the orders, products or rates of a row."""
    condition = " and ".join(f"{quote(name)} is not distinct from ?" for name in KEY)
    events = " union ".join(
        f"select order_id, sku from {side}.intermediate.int_revenue_events where {condition}"  # noqa: S608
        for side in ("closed", "current_tables")
    )
    values = [*key.values(), *key.values()]
    connection.execute(f"create or replace temp table events_touched as {events}", values)
    for table, column in (("orders_touched", "order_id"), ("skus_touched", "sku")):
        chosen = f"select distinct {column} as id from events_touched"  # noqa: S608 - our own names
        connection.execute(f"create or replace temp table {table} as {chosen}")
    found: list[str] = []
    for feed, cause in CAUSES.items():
        parameters: dict[str, Any] = {"after": after, "until": until}
        if "$day" in cause:
            parameters["day"] = key["business_date"]
        rows = connection.execute(
            f"select distinct coalesce(files.path, _file_id) || ':' || _record from held.raw.{quote(feed)} "  # noqa: S608
            "left join held.raw.files as files on files.file_id = _file_id and files.source = _source "
            f"where _batch_id > $after and _batch_id <= $until and ({cause.format(days=RATE_DAYS)}) order by 1",
            parameters,
        ).fetchall()
        found += [f"{feed} {place}" for (place,) in rows]
    return found
