"""Command that asks the servers of this machine whether they answer, for supervisors and containers."""

from __future__ import annotations

from typing import Annotated

import typer

from orderhouse.cli.session import console
from orderhouse.errors import OrderhouseError

__all__ = ["add_commands"]

SECONDS = 5


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(health)


def health(
    port: Annotated[int, typer.Option(help="Port of Dagster; 0 leaves it out.")] = 3000,
    dashboard_port: Annotated[int, typer.Option(help="Port of the dashboards; 0 leaves them out.")] = 8501,
    intake_port: Annotated[int, typer.Option(help="Port of the intake; by default it is left out.")] = 0,
) -> None:
    """Ask the servers on 127.0.0.1 whether they answer. Exit code 2 if one does not."""
    asked = {
        "Dagster": (port, "/server_info"),
        "The dashboards": (dashboard_port, "/_stcore/health"),
        "The intake": (intake_port, "/health"),
    }
    silent = []
    for name, (number, path) in asked.items():
        if not number:
            continue
        problem = _problem(f"http://127.0.0.1:{number}{path}")
        if problem is None:
            console.print(f"{name}: well")
        else:
            silent.append(f"{name} on port {number}: {problem}")
    if silent:
        raise OrderhouseError("; ".join(silent) + ".")


def _problem(address: str) -> str | None:
    """Return why a server does not answer as it should, or None."""
    import requests

    try:
        # Proxies of the environment must not see addresses of this machine.
        with requests.Session() as session:
            session.trust_env = False
            status = session.get(address, timeout=SECONDS, allow_redirects=False).status_code
    except requests.RequestException as error:
        return f"no answer ({type(error).__name__})"
    # Where people sign in, Dagster's server answers 401 to everybody else, and so it answers.
    return None if status in (200, 401) else f"answered {status}"
