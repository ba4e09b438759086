"""Period of a page, and the previous period of the same length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orderhouse.serve.kpis import complete_days

from shared import address
from shared.access import Version
from shared.formats import day

__all__ = ["Period", "end_of_day", "pick_period"]

CHOICES = {1: "Last day", 7: "7 days", 28: "28 days", 90: "90 days", 365: "A year"}


@dataclass(frozen=True)
class Period:
    """Range of complete business days, first and last included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Return the number of days."""
        return (self.last - self.first).days + 1

    @property
    def previous(self) -> Period:
        """Return the period of the same length that ends the day before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def __str__(self) -> str:
        return f"{day(self.first)} to {day(self.last)}"


def pick_period(version: Version, default: int = 28) -> Period:
    """Show the choice of the period, and return it.

    Every period ends with the last complete business day.
    """
    days = address.segment(
        "days", "Period", list(CHOICES), default, written=CHOICES.__getitem__, hides_heading=True
    )  # fmt: skip
    return Period(*complete_days(version.business_date, days))


def end_of_day(version: Version) -> datetime:
    """Return the end of the business day of the version's clock, UTC without zone."""
    midnight = datetime.combine(version.business_date + timedelta(days=1), time(), ZoneInfo(version.time_zone))
    return midnight.astimezone(UTC).replace(tzinfo=None)
