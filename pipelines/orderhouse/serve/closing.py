"""Closing of months: the action of an operator, and the figures that it freezes.

`close_month` writes the action; the next run receives it like any other record. Before it builds, that run stores the
figures of the month as they were known at the instant of the action (`freeze_closed`). Which actions count, and what
has changed since, is decided by the dbt models: `int_actions_of_periods`, `fct_closed_months`, `fct_restatements`.
"""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.files.landed_actions import LANDED
from orderhouse.serve.known_at import known_version
from orderhouse.serve.publishing import find_version, list_versions
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.readers import open_built, open_published
from orderhouse.storage.received_until import batch_at
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform import ModelEvent

__all__ = ["ClosingAction", "Record", "close_month", "days_of_month", "freeze_closed"]

MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
FIGURES = "marts.fct_period_figures"
WAITING = """
with closings as (
    select action_id, subject_id as month, min(occurred_at) as closed_at
    from raw.actions
    where subject_kind = 'period' and (kind = 'close_month' or kind in (
        select word from raw.words where feed = 'actions' and column_name = 'kind' and meaning = 'close_month'
    ))
    group by action_id, subject_id
    union all
    select 'closed_month:' || month, month, closed_at from raw.closed_months
)
select action_id, month, closed_at from closings
where action_id not in (select action_id from raw.closings)
order by closed_at, action_id
"""


class Record(Protocol):
    """Appends a row to the audit log."""

    def __call__(self, action: str, subject: str, **detail: object) -> None:
        """Record an action on a subject."""


@dataclass(frozen=True)
class ClosingAction:
    """An action that closes a month.

    Attributes:
        action_id: The action.
        month: The month, as 2026-05.
        closed_at: The instant, in UTC and without zone.
    """

    action_id: str
    month: str
    closed_at: datetime


def close_month(settings: Settings, month: str, who: str, role: str, *, record: Record) -> ClosingAction:
    """Write the action that closes a month. The caller holds the run lock.

    Args:
        settings: Settings of the home.
        month: The month, as 2026-05.
        who: Name of the person.
        role: The role as the action carries it.
        record: Appends a row to the audit log: `close_month` before the action is written, and `close_month_refused`
            with the reason where it is not.

    Raises:
        OrderhouseError: The month is no month, has not ended, is closed already or has no revenue, rows have arrived
            that are not published, or nothing is published.
    """
    try:
        _check(settings, month)
    except OrderhouseError as error:
        record("close_month_refused", month, why=error.message)
        raise
    record("close_month", month)
    return _write(settings, month, who, role)


def _check(settings: Settings, month: str) -> None:
    """Raise an error if a month cannot be closed now."""
    first, last = days_of_month(month)
    version = find_version(settings)
    with contextlib.closing(open_published(settings)) as published:
        today = published.execute("select business_date from marts.as_of").fetchall()[0][0]
        rows = published.execute(
            "select count(*) from marts.fct_revenue_daily where business_date between ? and ?", [first, last]
        ).fetchall()[0][0]
        closed = _closed(published, month)
    if closed:
        raise OrderhouseError(f"{month} was closed at {closed[0][0]:%Y-%m-%d %H:%M:%S} UTC by {closed[0][1]}.")
    if _is_waiting(settings, month):
        raise OrderhouseError(f"{month} is being closed: `orderhouse run` takes the action in.")
    if last >= today:
        raise OrderhouseError(f"{month} has not ended: the published version is of {today}. Close it when it is over.")
    if not rows:
        raise OrderhouseError(f"{month} has no revenue in version {version.number}, so there is nothing to close.")
    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        ((newest,),) = raw.execute("select max(batch_id) from raw.batches").fetchall()
    if newest != version.batch_id:
        raise OrderhouseError(
            f"Rows have arrived that version {version.number} does not hold. Run `orderhouse run` before you close."
        )


def _write(settings: Settings, month: str, who: str, role: str) -> ClosingAction:
    action = ClosingAction(str(uuid.uuid4()), month, datetime.now(UTC).replace(tzinfo=None))
    record = {
        "action_id": action.action_id, "kind": "close_month", "subject_kind": "period", "subject_id": month,
        "occurred_at": f"{action.closed_at.isoformat()}Z", "actor": who, "role": role,
    }  # fmt: skip
    path = settings.actions / f"{action.closed_at:%Y%m%dT%H%M%S%f}Z-close_month-{month}.ndjson"
    write_atomically(path, json.dumps(record) + "\n")
    return action


def days_of_month(month: str) -> tuple[date, date]:
    """Return the first and the last day of a month such as 2026-05.

    Raises:
        OrderhouseError: The text is no month.
    """
    if not MONTH.fullmatch(month):
        raise OrderhouseError(f"{month!r} is not a month. Write one such as 2026-05.")
    first = date.fromisoformat(f"{month}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def freeze_closed(settings: Settings, *, on_event: Callable[[ModelEvent], None] | None = None) -> list[ClosingAction]:
    """Store the figures of every action close_month that has none yet. The caller holds the run lock.

    The figures are those of the published version if it holds what was known at the instant of the action, else those
    of a build as known at it. A second call stores nothing.

    Returns:
        The actions whose figures were stored.

    Raises:
        OrderhouseError: The raw database cannot be opened.
        BuildFailed: The build as known at the instant failed.
    """
    if not settings.raw_db.exists():
        return []
    with contextlib.closing(open_raw(settings)) as raw:
        waiting = [ClosingAction(*row) for row in raw.execute(WAITING).fetchall() if MONTH.fullmatch(row[1] or "")]
    for action in waiting:
        batch_id = _known_batch(settings, action)
        path = None if batch_id is None else _figures_of(settings, action, batch_id, on_event)
        _store(settings, action, batch_id or 0, path)
    return waiting


def _closed(published: duckdb.DuckDBPyConnection, month: str) -> list[tuple[datetime, str]]:
    """Return when and by whom a month was closed. A version of an earlier release knows of none."""
    try:
        return published.execute(
            "select closed_at, actor from marts.fct_closed_months where month = ?", [month]
        ).fetchall()
    except duckdb.CatalogException:
        return []


def _is_waiting(settings: Settings, month: str) -> bool:
    """Return True if an action that closes the month is written and not stored; a stored one may have been refused."""
    return any(settings.actions.glob(f"*-close_month-{month}{LANDED}"))


def _known_batch(settings: Settings, action: ClosingAction) -> int | None:
    """Return the last batch received at the instant of the action; None if nothing had been received."""
    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        try:
            return batch_at(raw, action.closed_at)
        except OrderhouseError:
            return None


def _figures_of(
    settings: Settings, action: ClosingAction, batch_id: int, on_event: Callable[[ModelEvent], None] | None
) -> Path:
    """Return a file of built tables that holds what was known at the instant of the action."""
    for version in list_versions(settings):
        if version.is_current and version.batch_id == batch_id and _has_figures(settings, version.path):
            return version.path
    return known_version(settings, f"{action.closed_at.isoformat()}+00:00", on_event=on_event).path


def _has_figures(settings: Settings, path: Path) -> bool:
    """Return True if a published version has the figures; one of an earlier release has not."""
    schema, table = FIGURES.split(".")
    with contextlib.closing(open_built(settings, path)) as published:
        found = published.execute(
            "select count(*) from duckdb_views() where schema_name = ? and view_name = ?", [schema, table]
        ).fetchall()
    return bool(found[0][0])


def _store(settings: Settings, action: ClosingAction, batch_id: int, path: Path | None) -> None:
    """Write the figures and the note that they are stored, in one transaction."""
    first, last = days_of_month(action.month)
    with contextlib.closing(open_raw(settings)) as raw:
        values = {"action": action.action_id, "first": first, "last": last}
        if path is not None:
            location = str(path).replace("'", "''")
            raw.execute(f"attach '{location}' as closed (read_only)")
        raw.execute("begin")
        if path is not None:
            _insert_figures(raw, values)
        raw.execute(
            "insert into raw.closings by name select $action as action_id, $month as month, $closed_at as closed_at, "
            "$known as known_batch_id, $now as frozen_at, (select max(batch_id) from raw.batches) as batch_id",
            {
                "action": action.action_id, "month": action.month, "closed_at": action.closed_at, "known": batch_id,
                "now": datetime.now(UTC).replace(tzinfo=None),
            },
        )  # fmt: skip
        raw.execute("commit")
        if path is not None:
            raw.execute("detach closed")


def _insert_figures(raw: duckdb.DuckDBPyConnection, values: dict[str, object]) -> None:
    # The views of a built file name their schemas and no catalog, so they are read with that file in use.
    raw.execute("use closed.marts")
    try:
        raw.execute(
            "create or replace temp table frozen as select * from marts.fct_period_figures "
            "where business_date between $first and $last",
            {name: values[name] for name in ("first", "last")},
        )
    finally:
        raw.execute("use held")
    raw.execute(
        "insert into raw.closed_figures by name select *, $action as action_id, "
        "(select max(batch_id) from raw.batches) as batch_id from frozen",
        {"action": values["action"]},
    )
