"""Quiet hours: when a customer may be told, by the clock of the customer's own country."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from orderhouse.messages.message_file import QuietHours

__all__ = ["end_of_quiet"]

STEP = timedelta(minutes=15)
DAY = timedelta(days=1)


def end_of_quiet(now: datetime, zones: Sequence[str], hours: QuietHours) -> datetime | None:
    """Return the instant at which quiet hours end that hold now; None if none hold.

    In a country with several time zones, it is quiet while it is quiet in any of them. Where that would be the whole
    day, the first zone counts.

    Args:
        now: The present instant.
        zones: Time zones in which the customer may be.
        hours: The quiet hours.
    """
    if not _is_quiet(now, zones, hours):
        return None
    at = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0) + STEP
    while at <= now + DAY:
        if not _is_quiet(at, zones, hours):
            return at
        at += STEP
    return end_of_quiet(now, zones[:1], hours) if len(zones) > 1 else None


def _is_quiet(at: datetime, zones: Sequence[str], hours: QuietHours) -> bool:
    return any(_is_between(at.astimezone(ZoneInfo(zone)).time(), hours) for zone in zones)


def _is_between(clock: time, hours: QuietHours) -> bool:
    if hours.begin <= hours.end:
        return hours.begin <= clock < hours.end
    return clock >= hours.begin or clock < hours.end
