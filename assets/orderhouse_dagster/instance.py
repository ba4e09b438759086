"""Dagster instance: its folder under the home, with runs queued one at a time and telemetry off."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings

__all__ = ["open_instance", "prepare_instance"]

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
    dequeue_interval_seconds: 1
run_monitoring:
  enabled: true
# Runs are kept by the setting keep_runs of Orderhouse.
retention:
  schedule:
    purge_after_days: 30
  sensor:
    purge_after_days:
      skipped: 1
      success: 30
      failure: 30
      started: 30
"""
LAUNCHER = """\
run_launcher:
  module: orderhouse_dagster.launching
  class: WarmLauncher
"""


def prepare_instance(settings: Settings) -> Path:
    """Create and configure Dagster's folder if it does not exist, and return it.

    Raises:
        OrderhouseError: The path of the home has a character that Dagster cannot use.
    """
    folder = settings.dagster_home
    found = [character for character in "%?#" if character in str(folder)]
    if found:
        raise OrderhouseError(
            f"The home {settings.home} has {found[0]!r} in its path, which Dagster and dbt cannot put into the "
            "addresses of their databases. Choose another folder with `--home`."
        )
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "dagster.yaml"
    # One that an earlier release wrote is replaced, one that somebody changed is not.
    if not configuration.exists() or configuration.read_text(encoding="utf-8") == CONFIGURATION:
        configuration.write_text(CONFIGURATION + LAUNCHER, encoding="utf-8")
    seen = folder / ".nux" / "nux.yaml"
    if not seen.exists():  # the first visit would show a newsletter that is sent from another site
        seen.parent.mkdir(exist_ok=True)
        seen.write_text("seen: 1\n", encoding="utf-8")
    return folder


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open the instance that records runs. A database that is none is set aside: only history is lost with it."""
    for path in settings.dagster_home.glob("*/*.db"):
        _set_aside_if_damaged(path)
    return dg.DagsterInstance.from_config(str(prepare_instance(settings)))


def _set_aside_if_damaged(path: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("select count(*) from sqlite_master").fetchall()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked, or on a full disk: not damaged
            return
        aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        path.replace(aside)
        logging.getLogger(__name__).warning("%s was damaged and is now %s. History is lost.", path, aside.name)
