"""Tests of the warm worker as a process: it forks runs, records those that break off, and ends with its parent."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from orderhouse.settings import Settings
from orderhouse_dagster.instance import CONFIGURATION, open_instance, prepare_instance
from orderhouse_dagster.launching import WORKER_SOCKET, WarmLauncher, ask_worker

from tests.integration.running import share_parsed_project

SECONDS = 120.0


@pytest.fixture
def worker(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a worker on the home, which is still the child of this test when that ends."""
    path = tmp_path_factory.mktemp("worker") / "socket"
    monkeypatch.setenv(WORKER_SOCKET, str(path))
    monkeypatch.setenv("DAGSTER_HOME", str(prepare_instance(settings)))
    monkeypatch.setenv("ORDERHOUSE_HOME", str(settings.home))
    share_parsed_project(settings.home)
    command = [sys.executable, "-m", "orderhouse_dagster.warm_worker", "--socket", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        try:
            wait_until(path.exists)
            yield process
        finally:
            process.kill()


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    ends = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_run_that_ends_without_recording_an_end_has_failed(settings: Settings, worker: subprocess.Popen[bytes]) -> None:
    with open_instance(settings) as instance:
        assert isinstance(instance.run_launcher, WarmLauncher)
        run = instance.create_run_for_job(dg.GraphDefinition(name="nothing").to_job())  # its process finds no code
        assert ask_worker({"end": run.run_id}) == {"found": False}
        answer = ask_worker({"start": run.run_id})
        assert answer is not None and answer["pid"] != worker.pid

        def has_failed() -> bool:
            found = instance.get_run_by_id(run.run_id)
            return found is not None and found.status is dg.DagsterRunStatus.FAILURE

        wait_until(has_failed)
    assert worker.poll() is None
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(SECONDS) == 0


def test_without_a_worker_nobody_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(WORKER_SOCKET, raising=False)
    assert ask_worker({"end": "1"}) is None
    monkeypatch.setenv(WORKER_SOCKET, str(tmp_path / "socket"))
    assert ask_worker({"end": "1"}) is None


def test_configuration_that_an_earlier_release_wrote_gets_the_launcher(settings: Settings) -> None:
    file = prepare_instance(settings) / "dagster.yaml"
    present = file.read_text()
    file.write_text(CONFIGURATION)
    prepare_instance(settings)
    assert file.read_text() == present != CONFIGURATION
