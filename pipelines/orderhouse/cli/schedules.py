"""Commands of schedules: what they make and when, what is wrong with them, and runs by hand."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from orderhouse.cli.session import console, counted, grid, settings_of
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.schedules.running import Round
    from orderhouse.schedules.states import Run
    from orderhouse.settings import Settings

__all__ = ["add_commands", "tell_of_schedules"]

schedule_commands = typer.Typer(
    no_args_is_help=True, help="Schedules of schedules.yaml: worklists and reports at due times."
)

Name = Annotated[str, typer.Argument(help="Name of the schedule.", metavar="SCHEDULE")]
SHOWN_RUNS = 20
WRONG = ("failed", "dropped")


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(schedule_commands, name="schedules")


@schedule_commands.command("check")
def schedules_check(context: typer.Context) -> int:
    """Read the file, and compare each schedule with roles, tables and channels."""
    from orderhouse.schedules.checking import check_schedules
    from orderhouse.schedules.schedules_file import load_schedules, schedules_path

    settings = settings_of(context)
    problems = check_schedules(settings)
    for sentence in problems:
        console.print(sentence, style="red", markup=False, soft_wrap=True)
    if not problems:
        number = counted(len(load_schedules(settings)), "schedule")
        console.print(f"{schedules_path(settings)}: {number}, and nothing is wrong.", markup=False, soft_wrap=True)
    return 2 if problems else 0


@schedule_commands.command("list")
def schedules_list(context: typer.Context) -> None:
    """List the schedules with their last and next due times in the business time zone."""
    from orderhouse.schedules.overview import overview

    found, zone = overview(settings_of(context))
    if not found:
        console.print("There are no schedules. docs/schedules.md says how to write one.")
        return
    rows = [
        (
            each.schedule.name,
            "on" if each.schedule.is_enabled else "off",
            each.what,
            each.schedule.role,
            each.schedule.cron,
            _written(each.next_at, zone),
            _written(each.last.due_at if each.last else None, zone),
            each.last and each.last.state,
        )
        for each in found
    ]
    names = ("schedule", "state", "what", "role", "cron", f"next ({zone})", "last", "outcome")
    console.print(grid("Schedules", names, rows))


@schedule_commands.command("show")
def schedules_show(context: typer.Context, name: Name) -> None:
    """Show one schedule as it stands in the file, and what became of its last due times."""
    from orderhouse.operations.store import open_store
    from orderhouse.schedules.overview import business_zone
    from orderhouse.schedules.saving import as_yaml
    from orderhouse.schedules.schedules_file import schedule_named
    from orderhouse.schedules.states import list_runs

    settings = settings_of(context)
    console.print(as_yaml(schedule_named(settings, name)), markup=False, soft_wrap=True)
    zone = business_zone(settings)
    rows = [
        (_written(run.due_at, zone), run.state, run.version, run.sentence)
        for run in list_runs(open_store(settings), name, SHOWN_RUNS)
    ]
    if rows:
        console.print(grid("Runs", (f"due ({zone})", "state", "version", "what became of it"), rows))


@schedule_commands.command("run")
def schedules_run(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Name of one schedule. Default: all that are due.", metavar="[SCHEDULE]")
    ] = None,
) -> int:
    """Run one schedule now, or all that are due. `orderhouse up` runs what is due every half minute."""
    from orderhouse.schedules.running import run_due, run_now

    settings = settings_of(context)
    found = run_due(settings) if name is None else run_now(settings, name)
    _print_round(found, is_asked=True)
    return 2 if any(run.state in WRONG for run in found.ended) else 0


def tell_of_schedules(settings: Settings) -> None:
    """Run what is due after a run. A mistake here does not change the result of the run."""
    from orderhouse.schedules.schedules_file import schedules_path

    if not schedules_path(settings).exists():
        return
    from orderhouse.schedules.running import run_due

    try:
        _print_round(run_due(settings), is_asked=False)
    except OrderhouseError as error:
        console.print(f"No schedule ran: {error.message}", style="yellow", markup=False, soft_wrap=True)


def _print_round(found: Round, *, is_asked: bool) -> None:
    for run in found.ended:
        _print_run(run)
    if found.waits:
        console.print(found.waits, style="yellow", markup=False, soft_wrap=True)
    elif is_asked and not found.ended:
        console.print("Nothing is due.")


def _print_run(run: Run) -> None:
    style = "red" if run.state in WRONG else None
    console.print(f"{run.schedule}: {run.state}. {run.sentence}", style=style, markup=False, soft_wrap=True)


def _written(at: datetime | None, zone: str) -> str | None:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" if at else None
