"""Clock of a build: the one instant `as of` from which late orders, ages and windows are measured.

`now` is the wall clock. `data` is the newest instant in the feeds that is not after the wall clock; dbt resolves it in
`marts.as_of`. Anything else is an ISO-8601 instant with an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from orderhouse.errors import OrderhouseError

__all__ = ["Clock", "has_instants_between", "read_clock", "read_instant", "utc_text"]

# Columns from which `data` takes the newest instant; the model `as_of` reads the same columns of the staged feeds.
DATA_INSTANTS = {
    "orders": "placed_at",
    "payments": "occurred_at",
    "shipments": "shipped_at",
    "tracking": "occurred_at",
    "returns": "occurred_at",
    "stock": "occurred_at",
}


@dataclass(frozen=True)
class Clock:
    """Clock of a build.

    Attributes:
        mode: `now`, `data` or `instant`.
        as_of: The value for dbt: UTC text with microseconds, or `data`.
        wall_clock: The wall clock as UTC text with microseconds.
    """

    mode: str
    as_of: str
    wall_clock: str


def utc_text(instant: datetime) -> str:
    """Return an aware instant as UTC text with microseconds and without offset, as DuckDB and dbt read it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def read_clock(as_of: str, *, now: datetime | None = None) -> Clock:
    """Return the clock that a user asked for.

    Args:
        as_of: `now`, `data` or an ISO-8601 instant with an offset.
        now: The wall clock; the real one if None.

    Raises:
        OrderhouseError: `as_of` is none of these.
    """
    wall_clock = utc_text(now or datetime.now(UTC))
    asked = as_of.strip()
    if asked == "now":
        return Clock("now", wall_clock, wall_clock)
    if asked == "data":
        return Clock("data", "data", wall_clock)
    return Clock("instant", utc_text(read_instant(asked, "--as-of", "neither `now`, `data` nor")), wall_clock)


def read_instant(text: str, option: str, is_no: str = "not") -> datetime:
    """Return the aware instant that a user wrote.

    Args:
        text: ISO-8601 with an offset.
        option: The option, for the message.
        is_no: What the text is not, besides an instant, for the message.

    Raises:
        OrderhouseError: The text is no instant, or has no offset.
    """
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise OrderhouseError(
            f"{option} {text!r} is {is_no} an instant. Write one such as 2026-01-31T12:00:00Z."
        ) from None
    if instant.tzinfo is None:
        raise OrderhouseError(
            f"{option} {text!r} has no offset, so it is not an instant. Add Z for UTC, or an offset such as +02:00."
        )
    return instant


def has_instants_between(raw: duckdb.DuckDBPyConnection, after: str, until: str) -> bool:
    """Return True if the feeds have an instant in (after, until], both as UTC text.

    Such an instant moves the clock `data` though no file arrived.
    """
    present = {
        name
        for (name,) in raw.execute(
            "select distinct table_name from duckdb_columns() where schema_name = 'raw'"
        ).fetchall()
    }
    for feed, column in DATA_INSTANTS.items():
        if feed not in present:
            continue
        query = f"select 1 from raw.{feed} where {column} > ?::timestamp and {column} <= ?::timestamp limit 1"  # noqa: S608
        if raw.execute(query, [after, until]).fetchone():
            return True
    return False
