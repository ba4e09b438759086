"""Due times: cron in the business time zone, with five fields.

A due time is a time on the wall clock. One that does not exist, because clocks are put forward, is due when they are.
One that exists twice is due the first time only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from orderhouse.errors import OrderhouseError

__all__ = ["check_cron", "last_due", "next_due"]

FIELDS = 5
# No clock has ever been put forward or back by more than this.
LONGEST_SHIFT = timedelta(hours=25)
MINUTE = timedelta(minutes=1)


def check_cron(cron: str) -> str:
    """Return a cron expression if it is one of five fields that comes true.

    Raises:
        OrderhouseError: It is none. The message is a clause without its end.
    """
    try:
        if len(cron.split()) != FIELDS:
            raise CronSimError(f"it has {len(cron.split())} fields")
        next(CronSim(cron, datetime(2026, 1, 1)))  # noqa: DTZ001 - a wall clock
    except CronSimError as error:
        raise OrderhouseError(
            f"{cron!r} is no cron expression ({str(error)[:1].lower() + str(error)[1:]}). Write minute, hour, day, "
            "month and weekday, such as 0 8 * * 1-5"
        ) from None
    except StopIteration:
        raise OrderhouseError(f"{cron!r} never comes true") from None
    return cron


def last_due(cron: str, zone: str, now: datetime) -> datetime | None:
    """Return the latest due instant up to now, in UTC; None if there was none within fifty years."""
    return next((at for at in _instants(cron, zone, now, reverse=True) if at <= now), None)


def next_due(cron: str, zone: str, now: datetime) -> datetime | None:
    """Return the first due instant after now, in UTC; None if there is none within fifty years."""
    return next((at for at in _instants(cron, zone, now, reverse=False) if at > now), None)


def _instants(cron: str, zone: str, now: datetime, *, reverse: bool) -> Iterator[datetime]:
    """Yield due instants from about a day after now backwards, or from about a day before now forwards."""
    info = ZoneInfo(zone)
    margin = LONGEST_SHIFT if reverse else -LONGEST_SHIFT
    begin = now.astimezone(info).replace(tzinfo=None, second=0, microsecond=0) + margin
    for wall in CronSim(cron, begin, reverse=reverse):
        yield _instant(wall, info)


def _instant(wall: datetime, info: ZoneInfo) -> datetime:
    """Return the first instant at which a wall clock shows a time, or the end of the gap that leaves it out."""
    while True:
        found = wall.replace(tzinfo=info).astimezone(UTC)
        if found.astimezone(info).replace(tzinfo=None) == wall:
            return found
        wall += MINUTE
