"""Runs that are killed: nothing is lost, and nothing is told twice but under the same id."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from orderhouse.messages.outbox import list_messages
from orderhouse.operations.store import open_store
from orderhouse.schedules.running import MOST_ATTEMPTS, has_work, run_due
from orderhouse.schedules.states import list_runs
from orderhouse.serve.verifying import verify
from orderhouse.settings import Settings

from tests.dashboards.published_home import publish
from tests.messages.sinks import MailSink
from tests.schedules.conftest import WriteSchedules, deliver
from tests.schedules.times import MONDAY, START

MORNING = "morning: {role: operator, cron: 0 8 * * *, worklist: all, recipients: [ann@example.com, bob@example.com]}"
REPORT = (
    "daily: {role: operator, cron: 0 8 * * *, query: 'select order_id from ops.orders', format: csv, "
    "recipients: [ann@example.com]"
)
ROUND = """
import sys
from datetime import datetime
from pathlib import Path
from orderhouse.schedules.running import run_due
from orderhouse.settings import Settings
run_due(Settings(home=Path(sys.argv[1])), now=datetime.fromisoformat(sys.argv[2]))
"""
KILLED = 137
POINTS = ("schedules_recorded", "schedules_computed", "schedules_made", "schedules_handed_over")


@pytest.fixture
def settings(tmp_path: os.PathLike[str]) -> Settings:
    """Return settings of an empty home; another process uses its store, so it is in SQLite."""
    return Settings(home=tmp_path)


def killed_round(settings: Settings, point: str) -> int:
    """Run what is due in another process that ends at a point, and return its exit code."""
    environment = {**os.environ, "ORDERHOUSE_FAULT": point}
    command = [sys.executable, "-c", ROUND, str(settings.home), MONDAY.isoformat()]
    return subprocess.run(command, env=environment, check=False, capture_output=True).returncode


@pytest.mark.parametrize("point", [*POINTS, "schedules_placed"])
def test_a_report_that_is_killed_anywhere_is_sent_and_placed_once(
    home: Settings, mail: MailSink, write_schedules: WriteSchedules, point: str
) -> None:
    place = home.exports / "daily"
    write_schedules(f"{REPORT}, destination: {place}}}")
    run_due(home, now=START)
    assert killed_round(home, point) == KILLED
    assert has_work(home, MONDAY)
    run_due(home, now=MONDAY)
    run_due(home, now=MONDAY)
    assert deliver(home, MONDAY).sent == 1 and len(mail.got) == 1
    assert deliver(home, MONDAY).sent == 0
    (folder,) = (place / "daily").iterdir()
    assert verify(home, str(folder)).problems == []
    (kept,) = (home.reports / "daily").iterdir()
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }
    assert [run.state for run in list_runs(open_store(home))] == ["done"]


def test_a_report_that_ends_the_process_again_and_again_is_given_up(
    home: Settings, write_schedules: WriteSchedules
) -> None:
    write_schedules(f"{REPORT}}}")
    run_due(home, now=START)
    for _ in range(MOST_ATTEMPTS):
        assert killed_round(home, "schedules_computed") == KILLED
    (run,) = run_due(home, now=MONDAY).ended
    assert (run.state, run.sentence) == ("failed", "It ended the process 3 times, so it is not tried again.")
    assert not has_work(home, MONDAY)


@pytest.mark.parametrize("point", POINTS)
def test_a_digest_that_is_killed_anywhere_is_sent_once(
    home: Settings, mail: MailSink, write_schedules: WriteSchedules, point: str
) -> None:
    write_schedules(MORNING)
    run_due(home, now=START)
    assert killed_round(home, point) == KILLED
    assert has_work(home, MONDAY), "the run is not finished"
    known = {message.message_id: message.payload for message in list_messages(open_store(home))}
    made = list_runs(open_store(home))[0].made
    publish(home.home, number=2, empty=True)
    run_due(home, now=MONDAY)
    messages = list_messages(open_store(home), kind="digest")
    if point == "schedules_recorded" or made is None:
        assert messages == [], "it is made of the version of the second round, in which nothing is open"
        return
    assert len(messages) == 2 and all(message.payload == made["payload"] for message in messages)
    assert all(known.get(message.message_id, message.payload) == message.payload for message in messages)
    assert deliver(home, MONDAY).sent == 2
    run_due(home, now=MONDAY)
    assert deliver(home, MONDAY).sent == 0 and len(mail.got) == 2
    assert [run.state for run in list_runs(open_store(home))] == ["done"]
