"""Commands around a run: rolling back and opening the dashboards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.session import console, settings_of
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.settings import Settings

__all__ = ["add_commands", "dashboard_command"]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (rollback, dashboard):
        app.command()(command)


def rollback(
    context: typer.Context,
    version: Annotated[int, typer.Argument(help="The version that readers are to be given again.")],
) -> None:
    """Give readers an older version again. The next new build goes forward from the newest."""
    from orderhouse.serve.publishing import rollback as give_again
    from orderhouse.warehouse import run_lock

    settings = settings_of(context)
    with run_lock(settings, "rollback"):
        found = give_again(settings, version)
    console.print(f"Readers are given version {found.number} again, clock {found.as_of} UTC.")


def dashboard(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="On this port of 127.0.0.1.")] = 8501,
) -> None:
    """Open the dashboards, on this machine only."""
    settings = settings_of(context)
    console.print(f"Dashboards: http://127.0.0.1:{port} (Ctrl-C ends them)")
    environment = os.environ | {"ORDERHOUSE_HOME": str(settings.home)}
    raise typer.Exit(subprocess.run(dashboard_command(settings, port), env=environment, check=False).returncode)  # noqa: S603


def dashboard_command(settings: Settings, port: int) -> list[str]:
    """The command that serves the dashboards.

    Raises:
        OrderhouseError: They are not beside the package.
    """
    page = Path(__file__).resolve().parents[3] / "dashboards" / "app.py"
    if not page.exists():
        raise OrderhouseError(f"The dashboards are not installed: there is no {page}.")
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    return [sys.executable, "-m", "streamlit", "run", str(page), *options, "--browser.gatherUsageStats=false"]
