"""Instants of the tests. The business time zone of the published home is Europe/Berlin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["DAY", "MONDAY", "START"]

DAY = timedelta(days=1)
# Sunday noon, on which schedules are written, and Monday half past eight in Berlin.
START = datetime(2026, 4, 5, 10, tzinfo=UTC)
MONDAY = datetime(2026, 4, 6, 6, 30, tzinfo=UTC)
