"""Launcher of runs that hands them to the warm worker of `orderhouse up`, where there is one.

Without a worker, such as under `dagster dev`, runs start in processes of the code server, as by Dagster's default.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from typing import Any

from dagster._core.launcher.base import LaunchRunContext
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher

__all__ = ["WORKER_SOCKET", "WarmLauncher", "ask_worker"]

# Environment variable with the path of the worker's socket.
WORKER_SOCKET = "ORDERHOUSE_WORKER_SOCKET"
WORKER_TAG = "orderhouse/worker"
ANSWER_SECONDS = 10.0


class WarmLauncher(DefaultRunLauncher):
    """Launcher that asks the warm worker to start a run, and to end it."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start a run in the worker, or by Dagster's default if there is none."""
        run = context.dagster_run
        answer = ask_worker({"start": run.run_id})
        if answer is None:
            super().launch_run(context)
            return
        self._instance.add_run_tags(run.run_id, {WORKER_TAG: str(answer["pid"])})
        self._run_ids.add(run.run_id)

    def terminate(self, run_id: str) -> bool:
        """Interrupt a run; its steps end at their next point of safety. Return False if it has ended."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished or WORKER_TAG not in run.tags:
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        self._instance.report_run_canceling(run)
        answer = ask_worker({"end": run_id})
        if answer is None or not answer["found"]:  # nothing of the run is left
            self._instance.report_run_canceled(run)
        return True


def ask_worker(question: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the worker's answer; None if there is no worker or it does not answer."""
    path = os.environ.get(WORKER_SOCKET)
    if not path:
        return None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(path)
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile("rb") as answers:
                found = json.loads(answers.readline())
    except (OSError, ValueError):
        return None
    return dict(found)
