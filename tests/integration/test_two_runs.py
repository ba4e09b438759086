"""Tests of two runs that start together: one writes; the other waits, or ends with 3 and names the first."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orderhouse.errors import LockHeld
from orderhouse.receive import receive
from orderhouse.settings import Settings, load_settings
from orderhouse.storage.readers import open_published
from orderhouse.storage.warehouse import lock_holder, run_lock

from tests.ingest.landing import Landing
from tests.properties.killing import PROCESSES, content_of, deliver, ended, load, start
from tests.serve.built_home import make_version

ROUNDS = 5
RACERS = 4


def race(folder: str, barrier: Any, wait: str, outcome: Any) -> None:
    """Start a run together with others; report that it held the lock, or which run did."""
    home = Path(folder)
    settings = load_settings(home=home / "home", sources=home / "sources.yaml", threads=1)
    barrier.wait()
    try:
        with run_lock(settings, "ingest", wait_seconds=float(wait)):
            busy = home / "busy"
            descriptor = os.open(busy, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            receive(settings)
            busy.unlink()
            os.close(descriptor)
        outcome.put((os.getpid(), 0, ""))
    except LockHeld as error:
        outcome.put((os.getpid(), error.exit_code, error.message))


def raced(landing: Landing, wait: str) -> list[tuple[int, int, str]]:
    """Start several runs together; return process id, exit code and message of each."""
    barrier, outcome = PROCESSES.Barrier(RACERS), PROCESSES.Queue()
    processes = [start(race, str(landing.folder), barrier, wait, outcome) for _ in range(RACERS)]
    found = [outcome.get(timeout=120) for _ in processes]
    assert [ended(process) for process in processes] == [0] * RACERS
    return found


def test_of_runs_that_start_together_one_writes_and_the_others_name_it(tmp_path: Path) -> None:
    calm = deliver(_folder(tmp_path, "calm"))
    assert ended(start(load, str(calm.folder))) == 0
    refused = 0
    for number in range(ROUNDS):
        landing = deliver(_folder(tmp_path, str(number)))
        outcomes = raced(landing, "0")
        winners = [pid for pid, code, _ in outcomes if code == 0]
        assert winners
        for _, code, message in outcomes:
            if code:
                refused += 1
                assert code == 3
                assert any(f"held by ingest (process {pid} on " in message for pid in winners), message
        assert content_of(landing) == content_of(calm)
        assert landing.query("select count(*) from raw.batches") == [(1,)]
    assert refused > ROUNDS


def test_runs_that_wait_follow_each_other_and_load_everything_once(tmp_path: Path) -> None:
    landing = deliver(_folder(tmp_path, "waiting"))
    assert [code for _, code, _ in raced(landing, "120")] == [0] * RACERS
    assert landing.query("select count(*) from raw.batches") == [(1,)]


def test_the_name_of_a_killed_run_is_not_given_for_that_of_the_present_one(landing: Landing) -> None:
    """The old name stays in the lock file until the next holder has written its own."""
    ended_run = start(load, str(landing.folder))
    dead = ended_run.pid
    ended(ended_run)
    settings = landing.settings
    settings.home.mkdir(exist_ok=True)
    with run_lock(settings, "build"):
        left = settings.lock_file.read_text()
        settings.lock_file.write_text(left.replace(str(os.getpid()), str(dead)))
        with pytest.raises(LockHeld, match="held by another run") as caught, run_lock(settings, "ingest"):
            pass
        assert str(dead) not in str(caught.value)
    assert lock_holder(settings) is None


def test_a_lock_file_that_was_deleted_keeps_nobody_out_and_lets_no_two_in(landing: Landing) -> None:
    settings = landing.settings
    with run_lock(settings, "build"):
        settings.lock_file.unlink()
    with run_lock(settings, "build"), pytest.raises(LockHeld), run_lock(settings, "ingest"):
        pass


def test_looking_who_holds_the_warehouse_keeps_no_run_from_starting(landing: Landing) -> None:
    """The look-up takes the lock for an instant. A run that meets it tries again instead of giving up."""
    settings = landing.settings
    settings.home.mkdir(exist_ok=True)
    (settings.home / "lock").touch()
    onlookers = [start(look, str(settings.home)) for _ in range(2)]
    try:
        for _ in range(300):
            with run_lock(settings, "ingest"):
                pass
    finally:
        for each in onlookers:
            each.kill()
            ended(each)


def look(home: str) -> None:
    """Ask without end which run holds the warehouse."""
    settings = Settings(home=Path(home))
    while True:
        lock_holder(settings)


def test_readers_read_while_a_run_writes(tmp_path: Path) -> None:
    landing = deliver(tmp_path)
    make_version(landing.settings.home)
    process = start(load, str(landing.folder))
    reads = 0
    while process.is_alive() or not reads:
        with open_published(landing.settings) as published:
            assert published.execute("select count(*) from ops.orders").fetchall() == [(100,)]
        reads += 1
        time.sleep(0.01)
    assert ended(process) == 0


def test_raw_tables_that_another_program_writes_are_refused_in_a_sentence(landing: Landing) -> None:
    landing.ingest()
    process = start(hold, str(landing.settings.raw_db))
    try:
        while not (landing.folder / "held").exists():
            time.sleep(0.02)
        with pytest.raises(Exception, match="raw.duckdb cannot be opened: .*lock") as caught:
            landing.ingest()
        assert caught.value.exit_code == 3  # type: ignore[attr-defined]
    finally:
        process.kill()
        ended(process)


def hold(path: str) -> None:
    """Keep a database open, as a forgotten shell would."""
    connection = duckdb.connect(path)
    (Path(path).parents[2] / "held").touch()
    time.sleep(600)
    connection.close()


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """Deliver small feeds."""
    return deliver(tmp_path)


def _folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder
