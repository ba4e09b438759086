"""Tests of the servers behind a command: they end with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# The command serves a stand-in that writes its process id. Signals are set back that the shell of the
# tests ignores. Dagster, which other tests of the process run, then ignores SIGTERM too.
STAND_IN = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(600)"
COMMAND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
from orderhouse.cli import dashboard
server = [sys.executable, "-c", *sys.argv[1:]]
dashboard.dashboard_command = lambda port, settings: server
from orderhouse.cli.application import main
sys.argv = ["orderhouse", "dashboard", "--port", "0"]
main()
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start `orderhouse dashboard`, and return its process and the process id of the server."""
    told = tmp_path / "pid"
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, STAND_IN, str(told)],
        env=os.environ | {"ORDERHOUSE_HOME": str(tmp_path / "home")},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(lambda: told.exists() and told.read_text() != "", "the server starts")
        server = int(told.read_text())
        yield process, server
    finally:
        process.kill()
        process.wait()
        if told.exists() and _lives(int(told.read_text())):
            os.kill(int(told.read_text()), signal.SIGKILL)


def _wait(is_so: object, what: str) -> None:
    deadline = time.monotonic() + 30
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    """Return True for a process that runs; one that ended and that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_server_ends_with_the_command_that_is_asked_to_end(
    number: signal.Signals, served: tuple[subprocess.Popen[bytes], int]
) -> None:
    command, server = served
    command.send_signal(number)
    assert command.wait(timeout=30) == 0
    assert not _lives(server)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child that its parent died")
def test_server_ends_with_the_command_that_is_killed(served: tuple[subprocess.Popen[bytes], int]) -> None:
    command, server = served
    command.kill()
    _wait(lambda: not _lives(server), "the server ends")
