"""Event log: one JSON object per line in ``logs/events.jsonl``, with names, counts and instants only.

Values of feed rows do not belong here, so the log holds no personal data and may be shipped anywhere.
"""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime

from orderhouse.settings import Settings

__all__ = ["log_event"]

LOG_BYTES = 5 << 20
LOGS_KEPT = 5

Fact = str | int | float | bool | None


def log_event(settings: Settings, event: str, **facts: Fact) -> None:
    """Append an event with its facts. A log that cannot be written stops nothing.

    Args:
        settings: Settings of the home.
        event: Name of the event, such as ``run_ended``.
        facts: Facts by name, without values of feed rows.
    """
    entry = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, "pid": os.getpid(), **facts}
    path = settings.logs / "events.jsonl"
    with contextlib.suppress(OSError):
        settings.logs.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_BYTES:
            for number in range(LOGS_KEPT - 1, 0, -1):
                with contextlib.suppress(FileNotFoundError):
                    path.with_name(f"events.{number}.jsonl").replace(path.with_name(f"events.{number + 1}.jsonl"))
            path.replace(path.with_name("events.1.jsonl"))
        # One write of a whole line: lines of several processes do not mix.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        finally:
            os.close(descriptor)
