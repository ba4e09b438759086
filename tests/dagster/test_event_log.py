"""Tests of the quick event log: the same events over few connections, which others read meanwhile."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from orderhouse.settings import Settings
from orderhouse_dagster.event_log import MOST_KEPT, quick_event_log
from orderhouse_dagster.instance import open_instance
from sqlalchemy import event
from sqlalchemy.pool import Pool


@dg.asset
def first() -> int:
    """Make a number."""
    return 1


@dg.asset
def second(first: int) -> int:
    """Make the next one."""
    return first + 1


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of an empty home."""
    return Settings(home=tmp_path)


@pytest.fixture
def opened() -> Iterator[list[Any]]:
    """Collect the connections that are opened."""
    made: list[Any] = []

    def note(connection: Any, record: object) -> None:
        made.append(connection)

    event.listen(Pool, "connect", note)
    yield made
    event.remove(Pool, "connect", note)


def materialize(settings: Settings) -> str:
    """Materialize both assets in the instance of a home, and return the id of the run."""
    with open_instance(settings) as instance:
        return dg.materialize([first, second], instance=instance).run_id


def kinds(settings: Settings, run_id: str) -> list[str]:
    """Return the kinds of the events of a run, as another reader of the home sees them."""
    with open_instance(settings) as instance:
        events = [each.dagster_event for each in instance.all_logs(run_id)]
    return [each.event_type_value for each in events if each is not None]


def test_run_records_the_same_events_over_few_connections(settings: Settings, opened: list[Any]) -> None:
    usual = kinds(settings, materialize(settings))
    assert usual.count("ASSET_MATERIALIZATION") == 2
    opened.clear()
    with quick_event_log():
        run_id = materialize(settings)
    assert len(opened) <= 2 * MOST_KEPT
    assert kinds(settings, run_id) == usual


def test_events_are_in_the_file_before_the_run_has_ended(settings: Settings) -> None:
    seen: list[str] = []

    @dg.asset(deps=[first])
    def reader() -> None:
        for path in (settings.dagster_home / "history" / "runs").glob("*.db"):
            with contextlib.closing(sqlite3.connect(path)) as log:
                seen.extend(kind for (kind,) in log.execute("select dagster_event_type from event_logs"))

    with quick_event_log(), open_instance(settings) as instance:
        dg.materialize([first, reader], instance=instance)
    assert "ASSET_MATERIALIZATION" in seen and "RUN_SUCCESS" not in seen


def test_logs_of_many_runs_keep_few_connections(settings: Settings, opened: list[Any]) -> None:
    with quick_event_log():
        runs = [materialize(settings) for _ in range(MOST_KEPT + 2)]
        with open_instance(settings) as instance:
            assert all(instance.all_logs(run_id) for run_id in runs)
    folder = settings.dagster_home
    assert list(folder.rglob("*.db")) and not list(folder.rglob("*.db-wal")), "all connections are closed"
