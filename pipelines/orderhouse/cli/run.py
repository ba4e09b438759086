"""Command of the main job: ingest, build, audit and publish in one run that Dagster records.

The steps one by one belong to `steps`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from orderhouse.cli.alerts import review_after_run
from orderhouse.cli.messages import tell_of_messages
from orderhouse.cli.orchestration import orchestration
from orderhouse.cli.predicting import print_predicted
from orderhouse.cli.rules import print_rules_run
from orderhouse.cli.schedules import tell_of_schedules
from orderhouse.cli.session import console, settings_of
from orderhouse.cli.steps import (
    AsOf,
    Engine,
    Full,
    Sources,
    print_audited,
    print_built,
    print_clock,
    print_ingested,
    print_published,
    refuse_incomplete,
)
from orderhouse.cli.summary import print_summary

if TYPE_CHECKING:
    from orderhouse.ingest.results import IngestResult

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(run)


def run(
    context: typer.Context, sources: Sources = None, as_of: AsOf = None, full: Full = False, engine: Engine = None
) -> None:
    """Ingest, build, predict, audit and publish in one run, recorded in Dagster. This is the main job."""
    from orderhouse.storage.warehouse import run_lock
    from orderhouse.transform.clock import read_clock

    settings = settings_of(context, sources=sources, engine=engine)
    if as_of is not None:
        read_clock(as_of)
    began = time.monotonic()
    results: dict[str, Any] = {}
    try:
        with run_lock(settings, "run"), console.status("Starting") as status:
            try:
                orchestration("run")(
                    settings, as_of=as_of, full=full, show_status=status.update, report=results.__setitem__
                )
            finally:
                status.stop()
                _print_steps(results)
    except Exception:
        review_after_run(settings)
        raise
    console.print(f"Done in {time.monotonic() - began:.1f} s.")
    print_summary(settings)
    tell_of_schedules(settings)
    tell_of_messages(settings)
    review_after_run(settings)
    ingested: IngestResult | None = results.get("ingest")
    if ingested is not None:
        refuse_incomplete(ingested)


def _print_steps(results: dict[str, Any]) -> None:
    """Print the result of every step that the run reached."""
    printers: dict[str, Callable[[Any], None]] = {
        "ingest": print_ingested,
        "build": print_built,
        "clock": print_clock,
        "predict": print_predicted,
        "audit": print_audited,
    }
    for step, print_result in printers.items():
        if step in results:
            print_result(results[step])
    predicted = results.get("predict")
    if "publish" in results and (results["build"].changed or (predicted and predicted.tables)):
        print_published(results["publish"])
    if "rules" in results:
        print_rules_run(results["rules"])
    if "rules_problem" in results:
        console.print(f"No rule fired. {results['rules_problem']}", style="red", markup=False, soft_wrap=True)
