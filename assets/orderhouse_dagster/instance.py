"""Dagster instance: its folder under the home, with runs queued one at a time and telemetry off."""

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
    """Create and configure Dagster's folder if it does not exist, and return it."""
    folder = settings.dagster_home
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(CONFIGURATION, encoding="utf-8")
    return folder


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open the instance that records runs."""
    return dg.DagsterInstance.from_config(str(prepare_instance(settings)))


@contextlib.contextmanager
def without_waiting_for_the_disk() -> Iterator[None]:
    """Write Dagster's SQLite files without a sync per event.

    A run of 140 assets commits 2,000 times. On a busy disk the syncs took 19 of 26 s of a run with nothing to do. A
    power cut can lose the end of a run's log; the warehouse and its own records are synced separately.
    """
    event.listen(Engine, "connect", _spare_syncs)
    try:
        yield
    finally:
        event.remove(Engine, "connect", _spare_syncs)


def _spare_syncs(connection: Any, record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")
