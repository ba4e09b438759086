"""Record of the sensor: which watched places could not be read, in ``runs/watch.json`` under the home.

The sensor writes it, and alerts read it. Places that can be read are not recorded.
"""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta

from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically

__all__ = ["load_refused", "record_refused"]

# The sensor repeats the record while a place cannot be read. An older record is of a sensor that has ended.
REPEAT = timedelta(minutes=1)
VALID = timedelta(minutes=10)


def record_refused(settings: Settings, refused: dict[str, str], now: datetime | None = None) -> None:
    """Record the places that cannot be read now, by name with a sentence each. Most calls write nothing.

    A record that cannot be written, for example on a full disk, stops nothing.
    """
    now = now or datetime.now(UTC)
    before = _load(settings)
    if before is None and not refused:
        return
    if before is not None and before[1] == refused and (not refused or now - before[0] < REPEAT):
        return
    with contextlib.suppress(OSError):
        path = settings.runs / "watch.json"
        write_atomically(path, json.dumps({"looked_at": now.isoformat(timespec="seconds"), "refused": refused}))


def load_refused(settings: Settings, now: datetime | None = None) -> dict[str, str]:
    """Return the sentence of each place that the sensor could not read a moment ago."""
    found = _load(settings)
    if found is None or (now or datetime.now(UTC)) - found[0] > VALID:
        return {}
    return found[1]


def _load(settings: Settings) -> tuple[datetime, dict[str, str]] | None:
    try:
        stored = json.loads((settings.runs / "watch.json").read_text(encoding="utf-8"))
        return datetime.fromisoformat(stored["looked_at"]), {str(k): str(v) for k, v in stored["refused"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
