"""The one instant that everything depending on the present uses, chosen at the start of a build.

`now` is the wall clock, `data` the newest instant in the feeds that is not after it (dbt resolves it in
`marts.as_of`), anything else an ISO-8601 instant with an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from orderhouse.errors import OrderhouseError

__all__ = ["Clock", "has_instants_between", "read_clock", "utc_text"]

# The instants that `data` looks at; the model `as_of` reads the same columns of the staged feeds.
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
    """A build's clock.

    Attributes:
        mode: `now`, `data` or `instant`.
        as_of: What dbt is given: UTC microsecond text, or `data`.
        wall_clock: UTC microsecond text.
    """

    mode: str
    as_of: str
    wall_clock: str


def utc_text(instant: datetime) -> str:
    """An aware instant as UTC text with microseconds and without offset, as DuckDB and dbt read it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def read_clock(as_of: str, *, now: datetime | None = None) -> Clock:
    """Validate what the user asked for.

    Args:
        as_of: `now`, `data` or an ISO-8601 instant with an offset.
        now: The wall clock; the real one if None.

    Raises:
        OrderhouseError: It is none of these.
    """
    wall_clock = utc_text(now or datetime.now(UTC))
    asked = as_of.strip()
    if asked == "now":
        return Clock("now", wall_clock, wall_clock)
    if asked == "data":
        return Clock("data", "data", wall_clock)
    try:
        instant = datetime.fromisoformat(asked)
    except ValueError:
        raise OrderhouseError(
            f"--as-of {as_of!r} is neither `now`, `data` nor an instant; write one such as 2026-01-31T12:00:00Z."
        ) from None
    if instant.tzinfo is None:
        raise OrderhouseError(
            f"--as-of {as_of!r} has no offset, so it is no instant; add Z for UTC or one such as +02:00."
        )
    return Clock("instant", utc_text(instant), wall_clock)


def has_instants_between(raw: duckdb.DuckDBPyConnection, after: str, until: str) -> bool:
    """Whether an instant that `data` looks at lies in (after, until].

    Then the newest one has moved though nothing arrived.
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
