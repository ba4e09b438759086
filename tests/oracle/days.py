"""Business days of instants, and deadlines that end with a business day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["business_day", "end_of_day", "hours_between"]


def business_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of a UTC instant in the business time zone."""
    return instant.replace(tzinfo=UTC).astimezone(zone).date()


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the last UTC microsecond of a business day."""
    tomorrow = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
    return tomorrow.astimezone(UTC).replace(tzinfo=None) - timedelta(microseconds=1)


def hours_between(start: datetime | None, end: datetime | None) -> float | None:
    """Return the hours from the second of one instant to that of another; none if one is unknown."""
    if start is None or end is None:
        return None
    return (end.replace(microsecond=0) - start.replace(microsecond=0)).total_seconds() / 3600
