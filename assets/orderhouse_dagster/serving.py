"""Server of Dagster's pages and API on this machine, behind the guard, with its daemon, code server and warm worker.

`dagster dev` starts web server, daemon and code server too, but its web server accepts requests of any web page:
mutations by GET, any `Host` and any `Origin`. So the web server runs here, with the guard in front.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import dagster._daemon.sensor
import uvicorn
import yaml
from dagster._cli.proxy_server_manager import ProxyServerManager
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._utils.log import configure_loggers
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__
from orderhouse.front import Door, Guard, public_names
from orderhouse.packaged import packaged
from orderhouse.settings import Settings, load_settings

from orderhouse_dagster.automation import SENSOR_SECONDS
from orderhouse_dagster.instance import prepare_instance
from orderhouse_dagster.launching import WORKER_SOCKET

__all__ = ["guarded", "serve", "server_command"]

LOG_LEVEL = "warning"
GRAPHQL = "/graphql"
# Seconds for which the daemon and the worker may come to their end.
CHILD_SECONDS = 20


def server_command(settings: Settings, port: int) -> tuple[list[str], dict[str, str]]:
    """Return the command that serves Dagster, and its environment variables."""
    command = [sys.executable, "-m", "orderhouse_dagster.serving", "--port", str(port)]
    return command, {"DAGSTER_HOME": str(prepare_instance(settings))}


def serve(settings: Settings, port: int) -> int:
    """Serve Dagster on the loopback interface until the process is asked to end. Return the exit code.

    Web server and daemon share one code server, which listens on a Unix socket, and one warm worker, which executes
    the runs.
    """
    configure_loggers(log_level=LOG_LEVEL.upper())
    # uvicorn raises the signal again once it has ended; by default that would end this process without its children.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        _warm_worker(),
        dg.DagsterInstance.get() as instance,
        _workspace(instance) as workspace,
        _child("orderhouse_dagster.serving", "--daemon", str(workspace)) as daemon,
    ):
        target = WorkspaceFileTarget(paths=[str(workspace)])
        with WorkspaceProcessContext(instance, target, version=__version__, code_server_log_level=LOG_LEVEL) as context:
            application = guarded(context, settings)
            server = uvicorn.Server(uvicorn.Config(application, "127.0.0.1", port, log_level=LOG_LEVEL))
            threading.Thread(target=_end_with, args=(daemon, server), daemon=True).start()
            with contextlib.suppress(KeyboardInterrupt):
                server.run()
        return daemon.poll() or 0


def guarded(context: WorkspaceProcessContext, settings: Settings) -> Guard:
    """Return Dagster's web application behind the guard. In mode oidc it asks for the role's right `dagster`."""
    application = create_app_from_workspace_process_context(context)
    return Guard(application, public_names(settings), only_posted=[GRAPHQL], door=Door(settings, "dagster"))


@contextlib.contextmanager
def _workspace(instance: dg.DagsterInstance) -> Iterator[Path]:
    """Start the code server, and write a workspace file that leads to its socket."""
    target = WorkspaceFileTarget(paths=[str(packaged("workspace.yaml"))])
    with (
        ProxyServerManager(instance, target, code_server_log_level=LOG_LEVEL) as code_servers,
        tempfile.TemporaryDirectory(prefix="orderhouse-dagster-") as folder,
    ):
        path = Path(folder) / "workspace.yaml"
        path.write_text(yaml.safe_dump({"load_from": list(code_servers.get_code_server_specs())}), encoding="utf-8")
        yield path


@contextlib.contextmanager
def _warm_worker() -> Iterator[None]:
    """Start the process that executes runs, and tell the launchers where it listens."""
    with tempfile.TemporaryDirectory(prefix="orderhouse-worker-") as folder:
        path = Path(folder) / "socket"
        os.environ[WORKER_SOCKET] = str(path)
        with _child("orderhouse_dagster.warm_worker", "--socket", str(path)):
            yield


@contextlib.contextmanager
def _child(module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module in a process of its own, and end it afterwards.

    The process ends when its standard input does, so also when this process is killed.
    """
    child = subprocess.Popen([sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE)  # noqa: S603 - our own
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(timeout=CHILD_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
        if child.stdin:
            child.stdin.close()


def _run_daemon(workspace: str) -> None:
    """Run the daemon: schedule, sensors, queue of runs. It looks for due sensors as often as the sensor of sources."""
    dagster._daemon.sensor.MIN_INTERVAL_LOOP_TIME = SENSOR_SECONDS
    threading.Thread(target=_end_with_input, daemon=True).start()
    sys.argv = ["dagster-daemon", "run", "--log-level", LOG_LEVEL, "--workspace", workspace]
    runpy.run_module("dagster._daemon", run_name="__main__")


def _end_with_input() -> None:
    # Not `sys.stdin`, whose lock this thread would still hold when the interpreter ends.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _end_with(daemon: subprocess.Popen[bytes], server: uvicorn.Server) -> None:
    """End the web server when the daemon ends: without it nothing would run on schedule, and nobody would see that."""
    daemon.wait()
    server.should_exit = True


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int)
    parser.add_argument("--daemon", metavar="WORKSPACE")
    given = parser.parse_args()
    if given.daemon:
        _run_daemon(given.daemon)
    else:
        sys.exit(serve(load_settings(), given.port))
