"""Overview of the schedules of a home: what each makes, when it is due next, and how it ended last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from orderhouse.operations.store import open_store
from orderhouse.schedules.due import next_due
from orderhouse.schedules.schedule import Schedule
from orderhouse.schedules.schedules_file import load_schedules
from orderhouse.schedules.states import Run, last_runs
from orderhouse.serve.publishing import current_version
from orderhouse.settings import Settings
from orderhouse.sources.config.sources_file import merchant_of

__all__ = ["Listed", "business_zone", "overview"]


@dataclass(frozen=True)
class Listed:
    """A schedule as it is listed.

    Attributes:
        schedule: The schedule.
        what: What it makes, in a few words.
        next_at: Its next due instant; None if it is switched off.
        last: Its last run; None before the first.
    """

    schedule: Schedule
    what: str
    next_at: datetime | None
    last: Run | None


def business_zone(settings: Settings) -> str:
    """Return the business time zone: that of the published version, else the one that is declared.

    Raises:
        OrderhouseError: The sources file has a mistake.
    """
    version = current_version(settings)
    return version.business_time_zone if version else merchant_of(settings).business_time_zone or "UTC"


def overview(settings: Settings, now: datetime | None = None) -> tuple[list[Listed], str]:
    """Return the schedules in the order of the file, and the business time zone.

    Raises:
        OrderhouseError: The file has a mistake, or the store cannot be read.
    """
    now = now or datetime.now(UTC)
    schedules, zone = load_schedules(settings), business_zone(settings)
    if not schedules:
        return [], zone
    last = last_runs(open_store(settings))
    return [
        Listed(each, each.what, next_due(each.cron, zone, now) if each.is_enabled else None, last.get(each.name))
        for each in schedules
    ], zone
