"""Dagster's own state: a folder under the home, runs queued one at a time, telemetry off."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from orderhouse.settings import Settings
from sqlalchemy import event
from sqlalchemy.engine import Engine

__all__ = ["open_instance", "prepare_instance", "without_waiting_for_the_disk"]

CONFIGURATION = """\
# Written by Orderhouse once; change it as you like.
telemetry:
  enabled: false
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config:
    # The warehouse has one writer.
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
"""


def prepare_instance(settings: Settings) -> Path:
    """Make sure that Dagster's folder is there and configured; returns it."""
    folder = settings.dagster_home
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(CONFIGURATION, encoding="utf-8")
    return folder


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance that runs are recorded in."""
    return dg.DagsterInstance.from_config(str(prepare_instance(settings)))


@contextlib.contextmanager
def without_waiting_for_the_disk() -> Iterator[None]:
    """Let Dagster's SQLite files be written without a sync per event.

    A run of 140 assets commits 2,000 times: on a busy disk the syncs took 19 of 26 s of a run with nothing to do. What
    a power cut can cost is the end of a run's log; the warehouse and its own records are synced by themselves.
    """
    event.listen(Engine, "connect", _spare_syncs)
    try:
        yield
    finally:
        event.remove(Engine, "connect", _spare_syncs)


def _spare_syncs(connection: Any, record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")
