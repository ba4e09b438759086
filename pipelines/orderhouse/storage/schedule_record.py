"""Record of what starts by itself: schedules and sensors with their state, in ``runs/schedules.json`` under the home.

The sensor of the alerts writes it each minute, and the pages read it: they do not load Dagster.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically

__all__ = ["Instigator", "load_schedules", "record_schedules"]

# The record is renewed each minute. An older one is of a daemon that has ended.
VALID = timedelta(minutes=5)


@dataclass(frozen=True)
class Instigator:
    """One schedule or sensor. Instants are ISO 8601 in UTC.

    Attributes:
        name: Its name.
        kind: `schedule` or `sensor`.
        is_running: True if it is switched on.
        rhythm: Cron schedule, or seconds between two looks.
        about: Its description.
        last_at: Instant of its last tick.
        outcome: What the last tick came to: `started`, `success`, `skipped` or `failure`.
        message: Why it started no run, or its error.
        next_at: Instant of the next tick; None if it is switched off.
    """

    name: str
    kind: str
    is_running: bool
    rhythm: str
    about: str = ""
    last_at: str | None = None
    outcome: str | None = None
    message: str | None = None
    next_at: str | None = None


def record_schedules(settings: Settings, found: Sequence[Instigator], now: datetime | None = None) -> None:
    """Record the schedules and sensors. A record that cannot be written, as on a full disk, stops nothing."""
    looked_at = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    with contextlib.suppress(OSError):
        path = settings.runs / "schedules.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({"looked_at": looked_at, "found": [asdict(each) for each in found]}))


def load_schedules(settings: Settings, now: datetime | None = None) -> tuple[list[Instigator], bool]:
    """Return the schedules and sensors as last recorded, and True if the record is new enough for Dagster to run."""
    try:
        stored = json.loads((settings.runs / "schedules.json").read_text(encoding="utf-8"))
        looked_at = datetime.fromisoformat(stored["looked_at"])
        found = [Instigator(**each) for each in stored["found"]]
    except (OSError, ValueError, TypeError, KeyError):
        return [], False
    return found, (now or datetime.now(UTC)) - looked_at <= VALID
