"""The commands that need Dagster, for the command line's entry-point group: `run` and `up`.

Dagster is imported when they run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from orderhouse.cli.session import console, settings_of
from orderhouse.cli.steps import AsOf, Full, Sources

if TYPE_CHECKING:
    from orderhouse.settings import Settings

    from orderhouse_dagster.resources import Warehouse

__all__ = ["add_commands"]

WORKSPACE = Path(__file__).resolve().parents[2] / "workspace.yaml"


def add_commands(app: typer.Typer) -> None:
    """Add `run` and `up`."""
    app.command()(run)
    app.command()(up)


def run(context: typer.Context, sources: Sources = None, as_of: AsOf = "now", full: Full = False) -> None:
    """Ingest, build, audit and publish; recorded in Dagster. This is the main job."""
    from orderhouse.build.clock import read_clock
    from orderhouse.cli.steps import refuse_unreachable
    from orderhouse.cli.summary import print_summary
    from orderhouse.warehouse import run_lock

    settings = settings_of(context, sources=sources)
    read_clock(as_of)
    began = time.monotonic()
    with run_lock(settings, "run"), console.status("Starting") as status:
        from orderhouse_dagster.resources import Warehouse
        from orderhouse_dagster.running import run_job

        warehouse = Warehouse(settings, as_of=as_of, full=full, is_held=True, say=status.update)
        try:
            run_job(warehouse)
        finally:
            status.stop()
            _say_steps(warehouse)
    console.print(f"Done in {time.monotonic() - began:.1f} s.")
    print_summary(settings)
    if warehouse.ingested is not None:
        refuse_unreachable(warehouse.ingested)


def _say_steps(warehouse: Warehouse) -> None:
    """What each step did, as far as the run came."""
    from orderhouse.cli.steps import say_audited, say_built, say_ingested, say_published

    if warehouse.ingested is not None:
        say_ingested(warehouse.ingested)
    if warehouse.built is not None:
        say_built(warehouse.built)
    if warehouse.audited is not None:
        say_audited(warehouse.audited)
    if warehouse.published is not None and warehouse.built is not None and warehouse.built.changed:
        say_published(warehouse.published)


def up(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Dagster's port on 127.0.0.1.")] = 3000,
    dashboard_port: Annotated[int, typer.Option(help="The dashboards' port on 127.0.0.1.")] = 8501,
) -> None:
    """Serve Dagster (runs, schedule, sensor) and the dashboards together, on this machine only. Ctrl-C ends both."""
    from orderhouse.cli.tending import dashboard_command

    from orderhouse_dagster.instance import prepare_instance

    settings = settings_of(context)
    folder = prepare_instance(settings)
    environment = os.environ | {"ORDERHOUSE_HOME": str(settings.home), "DAGSTER_HOME": str(folder)}
    servers = [_dagster_command(port), dashboard_command(settings, dashboard_port)]
    console.print(
        f"Dagster:    http://127.0.0.1:{port}\nDashboards: http://127.0.0.1:{dashboard_port}\nCtrl-C ends both."
    )
    raise typer.Exit(_serve(servers, environment, settings))


def _dagster_command(port: int) -> list[str]:
    """Web server and daemon in one, sharing one code server."""
    options = ["--workspace", str(WORKSPACE), "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    return [sys.executable, "-m", "dagster", "dev", *options]


def _serve(commands: list[list[str]], environment: dict[str, str], settings: Settings) -> int:
    """Run servers until one ends or the user ends them; then end all of them, children included."""
    processes = [
        subprocess.Popen(command, env=environment, cwd=WORKSPACE.parent, start_new_session=True)  # noqa: S603
        for command in commands
    ]
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        return next((process.returncode for process in processes if process.returncode), 0)
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, previous)
        _end(processes)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
    for process in processes:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
