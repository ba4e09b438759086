"""Warm worker: a process that has imported everything and parsed the dbt project, and forks a child for each run.

A run in a new process spends ten processor seconds on imports and on reading the parsed project. A child of this
process has both, shares their memory, and takes nothing along when it ends. The worker itself opens no database and
starts no thread, so that a fork copies a state that is safe to copy.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._cli.api import _execute_run_command_body
from orderhouse.errors import OrderhouseError
from orderhouse.settings import load_settings
from orderhouse.transform.dbt import parsed_project
from orderhouse.transform.shortcuts import compile_templates

from orderhouse_dagster.event_log import quick_event_log

# Modules that a run imports when it needs them.
LATER = (
    "great_expectations",
    "orderhouse.audit.suite",
    "orderhouse.receive",
    "orderhouse.serve.publishing",
    "orderhouse_dagster.definitions",
)
# Seconds for which runs may come to their end when the worker is asked to end.
PATIENCE = 15.0


def main() -> None:
    """Prepare, say so by creating the socket, and serve until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    given = parser.parse_args()
    prepare()
    Worker(given.socket).serve()


def prepare() -> None:
    """Import what runs import, read the parsed dbt project, and compile its templates."""
    for name in LATER:
        importlib.import_module(name)
    with contextlib.suppress(OrderhouseError):  # the run says what is wrong
        compile_templates(parsed_project(load_settings()))


class Worker:
    """Worker that listens on a Unix socket. It answers `{"start": run}` with the process, and `{"end": run}`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.running: dict[int, str] = {}
        self.recording: set[int] = set()
        self.is_ending = False

    def serve(self) -> None:
        """Answer until the standard input ends or a signal asks for the end; then interrupt the runs."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake)
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as self.listening,
            selectors.DefaultSelector() as selector,
        ):
            self.listening.bind(str(self.path))
            self.listening.listen()
            selector.register(self.listening, selectors.EVENT_READ, self._answer)
            selector.register(woken, selectors.EVENT_READ, lambda: os.read(woken, 4096))
            selector.register(0, selectors.EVENT_READ, self._end_with_input)
            while not self.is_ending:
                for key, _ in selector.select():
                    key.data()
                self._reap()
            self._interrupt_all()

    def _answer(self) -> None:
        connection, _ = self.listening.accept()
        with connection, contextlib.suppress(OSError, ValueError):
            connection.settimeout(1)
            with connection.makefile("rb") as questions:
                question = json.loads(questions.readline())
            answer = self._start(question["start"]) if "start" in question else self._interrupt(question["end"])
            connection.sendall(json.dumps(answer).encode() + b"\n")

    def _start(self, run_id: str) -> dict[str, Any]:
        pid = self._fork(lambda: execute(run_id))
        self.running[pid] = run_id
        return {"pid": pid}

    def _interrupt(self, run_id: str) -> dict[str, Any]:
        found = [pid for pid, running in self.running.items() if running == run_id]
        for pid in found:
            os.kill(pid, signal.SIGINT)
        return {"found": bool(found)}

    def _fork(self, work: Callable[[], object]) -> int:
        """Run a function in a child without the worker's socket and signals, and return its process id."""
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.default_int_handler)
            self.listening.close()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            work()
            code = 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        """Take note of the runs that have ended, and have each recorded as ended by another child."""
        for pid, run_id in list(self.running.items()):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del self.running[pid]
                self.recording.add(self._fork(functools.partial(fail_unfinished, run_id)))
        self.recording = {pid for pid in self.recording if not os.waitpid(pid, os.WNOHANG)[0]}

    def _end(self, number: int, frame: object) -> None:
        self.is_ending = True

    def _end_with_input(self) -> None:
        self.is_ending = not os.read(0, 1024)

    def _interrupt_all(self) -> None:
        """Interrupt the runs, kill those that do not end, and wait until all are recorded as ended."""
        for number, seconds in ((signal.SIGINT, PATIENCE), (signal.SIGKILL, 1.0)):
            for pid in self.running:
                os.kill(pid, number)
            ends = time.monotonic() + seconds
            while self.running and time.monotonic() < ends:
                time.sleep(0.1)
                self._reap()
        for pid in self.recording:
            os.waitpid(pid, 0)


def execute(run_id: str) -> None:
    """Execute a queued run in this process, and record its events."""
    with quick_event_log(), dg.DagsterInstance.get() as instance:
        _execute_run_command_body(run_id, instance, lambda event: None, set_exit_code_on_failure=False)


def fail_unfinished(run_id: str) -> None:
    """Record a run as failed, or as canceled if that was asked for, if its process ended without recording an end."""
    with dg.DagsterInstance.get() as instance:
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return
        if run.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run)
        else:
            instance.report_run_failed(run, message="The process of this run ended before the run did.")


if __name__ == "__main__":
    main()
