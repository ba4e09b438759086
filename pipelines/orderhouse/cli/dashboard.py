"""Commands that serve the dashboards on this machine, alone or together with Dagster.

The pages belong to `dashboards/`, Dagster's definitions to `assets/`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.child_processes import asked_to_end, ends_with_parent
from orderhouse.cli.orchestration import orchestration
from orderhouse.cli.session import console, settings_of
from orderhouse.packaged import packaged

if TYPE_CHECKING:
    from orderhouse.settings import Settings

__all__ = ["add_commands"]

DashboardPort = Annotated[int, typer.Option(help="Port of the dashboards on 127.0.0.1.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (dashboard, up):
        app.command()(command)


def dashboard(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8501,
) -> None:
    """Serve the dashboards, on this machine only."""
    settings = settings_of(context)
    console.print(f"Dashboards: http://127.0.0.1:{port} (Ctrl-C ends them)")
    raise typer.Exit(_serve([dashboard_command(port, settings)], _environment(settings)))


def up(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port of Dagster on 127.0.0.1.")] = 3000,
    dashboard_port: DashboardPort = 8501,
) -> None:
    """Serve Dagster (runs, schedule, sensor) and the dashboards together, on this machine only. Ctrl-C ends both."""
    settings = settings_of(context)
    dagster, variables = orchestration("serve")(settings, port)
    environment = _environment(settings) | variables
    console.print(
        f"Dagster:    http://127.0.0.1:{port}\nDashboards: http://127.0.0.1:{dashboard_port}\nCtrl-C ends both."
    )
    raise typer.Exit(_serve([dagster, dashboard_command(dashboard_port, settings)], environment))


def dashboard_command(port: int, settings: Settings) -> list[str]:
    """Return the command that serves the dashboards.

    Raises:
        OrderhouseError: The dashboards are not installed, or the access file or the secrets have a mistake.
    """
    from orderhouse.access.access_file import load_access
    from orderhouse.access.sign_in import load_sign_in

    secrets = [f"--secrets.files={load_sign_in(settings).path}"] if load_access(settings).is_oidc else []
    page = packaged("dashboards") / "server.py"
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    return [sys.executable, "-m", "streamlit", "run", str(page), *options, *secrets, "--browser.gatherUsageStats=false"]


def _environment(settings: Settings) -> dict[str, str]:
    return os.environ | {"ORDERHOUSE_HOME": str(settings.home)}


def _serve(commands: list[list[str]], environment: dict[str, str]) -> int:
    """Run servers until one ends or this process is asked to end. Then end all of them, with their child processes."""
    processes: list[subprocess.Popen[bytes]] = []
    with asked_to_end():
        try:
            for command in commands:
                processes.append(_started(command, environment))
            while all(process.poll() is None for process in processes):
                time.sleep(0.5)
            return next((process.returncode for process in processes if process.returncode), 0)
        except KeyboardInterrupt:
            return 0
        finally:
            _end(processes)


def _started(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own: Ctrl-C reaches this process alone, which ends the servers in order."""
    return subprocess.Popen(  # noqa: S603
        command,
        env=environment,
        start_new_session=True,
        preexec_fn=ends_with_parent(),  # this process has one thread
    )


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask each server to end, and kill its child processes if it does not, or if the user asks a second time.

    A server ends its own children in their order. If all got the signal at once, the web server would still ask the
    code server for answers.
    """
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(timeout=15)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
