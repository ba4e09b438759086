"""Commands of the single steps of a run: ingest, build, audit, publish.

The run of all four belongs to `run`. This module also prints the results of steps.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.session import console, counted, settings_of

if TYPE_CHECKING:
    from orderhouse.audit import AuditResult
    from orderhouse.ingest.results import IngestResult
    from orderhouse.serve.publishing import PublishedVersion
    from orderhouse.transform import BuildResult
    from orderhouse.transform.clock_policy import ClockChoice

__all__ = [
    "AsOf",
    "Engine",
    "Full",
    "Sources",
    "add_commands",
    "print_audited",
    "print_built",
    "print_clock",
    "print_ingested",
    "print_published",
    "refuse_incomplete",
]

Sources = Annotated[
    Path | None,
    typer.Option(help="The sources file. Default: ./sources.yaml, <home>/sources.yaml, or the last one named."),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        help="The clock: `now` or `data` (the newest instant in the feeds), which later runs keep, or an instant for "
        "this run only. Default: the clock of the home, `now` in a new one."
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Build every table from empty files.")]
Engine = Annotated[
    str | None,
    typer.Option(
        help="What computes the tables: `duckdb`, or the cluster `spark`. Default: as set in orderhouse.toml."
    ),
]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (ingest, build, audit, publish):
        app.command()(command)


def ingest(context: typer.Context, sources: Sources = None) -> None:
    """Load new files: read them, screen every row, load. No content is loaded twice."""
    from orderhouse.receive import receive
    from orderhouse.storage.warehouse import run_lock

    settings = settings_of(context, sources=sources)
    with run_lock(settings, "ingest"), console.status("Reading the sources") as status:
        result = receive(
            settings, progress=lambda at: status.update(f"{at.done} of {at.total} files, {at.rows:,} rows: {at.path}")
        )
    print_ingested(result)
    console.print("Next: orderhouse build")
    refuse_incomplete(result)


def build(
    context: typer.Context,
    sources: Sources = None,
    as_of: AsOf = None,
    full: Full = False,
    engine: Engine = None,
) -> None:
    """Compute the tables from the loaded rows: only touched keys, unless definitions changed."""
    from orderhouse.serve.closing import freeze_closed
    from orderhouse.storage.warehouse import run_lock
    from orderhouse.transform import build as compute
    from orderhouse.transform.clock_policy import settle_clock

    settings = settings_of(context, sources=sources, engine=engine)
    with run_lock(settings, "build"), console.status("Preparing the models") as status:
        freeze_closed(settings)
        clock = settle_clock(settings, as_of)
        result = compute(
            settings, as_of=clock.as_of, full=full, on_event=lambda event: status.update(f"Building {event.table}")
        )
    print_built(result)
    print_clock(clock)
    console.print("Next: orderhouse audit")


def audit(
    context: typer.Context,
    full: Annotated[
        bool, typer.Option("--full", help="Check every order, not only those computed since the last audit.")
    ] = False,
) -> None:
    """Check the last build. If an error is found, nothing is published and readers keep the last version."""
    from orderhouse.audit import audit as check
    from orderhouse.errors import AuditRefused
    from orderhouse.serve.publishing import record_refusal
    from orderhouse.storage.warehouse import run_lock

    settings = settings_of(context)
    with run_lock(settings, "audit"), console.status("Checking the tables") as status:
        result = check(settings, full=full, on_event=lambda event: status.update(f"Checking {event.name}"))
        if not result.passed:
            record_refusal(settings)
    print_audited(result)
    if not result.passed:
        raise AuditRefused("Nothing was published. Readers keep the last published version.")
    console.print("Next: orderhouse publish")


def publish(context: typer.Context) -> None:
    """Publish the build that passed its audit, in one atomic step."""
    from orderhouse.serve.publishing import publish as make_current
    from orderhouse.storage.warehouse import run_lock

    settings = settings_of(context)
    with run_lock(settings, "publish"):
        version = make_current(settings)
    print_published(version)
    console.print("Next: orderhouse status")


def print_ingested(result: IngestResult) -> None:
    """Print the result and the notes of an ingest, first the sources of which nothing was taken."""
    for source, why in result.taken_nothing.items():
        console.print(f"Nothing of source {source} was taken: {why}.", markup=False, style="red", soft_wrap=True)
    if not result.count("loaded"):
        console.print("Ingested nothing new.")
    else:
        feeds = result.feeds.values()
        accepted, duplicate = sum(feed.accepted for feed in feeds), sum(feed.duplicate for feed in feeds)
        quarantined = sum(feed.quarantined for feed in feeds)
        console.print(
            f"Ingested {counted(result.count('loaded'), 'file')}: {counted(accepted, 'row')} accepted, "
            f"{duplicate:,} duplicate, {quarantined:,} in quarantine."
        )
    for note in result.notes:
        console.print(f"  {note}", markup=False, style="yellow")


def refuse_incomplete(result: IngestResult) -> None:
    """Raise if a source could not be read or gave nothing; the exit code tells of it after all other work is done.

    Raises:
        OrderhouseError: A path could not be read, or every row of a source was quarantined or every file refused.
    """
    from orderhouse.errors import OrderhouseError

    nothing = ", ".join(result.taken_nothing)
    if nothing:
        raise OrderhouseError(
            f"Nothing of {nothing} was taken, as said above. All else is done. `orderhouse sources check` shows why."
        )
    paths = [report.path for report in result.files if report.status == "unreachable"]
    if paths:
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        raise OrderhouseError(f"{paths[0]}{more} could not be read, as noted above. All else is done. Run again.")


def print_built(result: BuildResult) -> None:
    """Print the result of a build."""
    console.print(result.reason, markup=False, soft_wrap=True)
    if result.changed:
        seconds = sum(result.seconds.values())
        console.print(
            f"Built {counted(len(result.seconds), 'table')} in {seconds:.1f} s; clock {result.record.as_of} UTC."
        )


def print_clock(clock: ClockChoice) -> None:
    """Print that the clock policy was set or changed, or that the run departed from it."""
    if clock.note:
        console.print(clock.note, markup=False, style="yellow", soft_wrap=True)


def print_audited(result: AuditResult) -> None:
    """Print the result of an audit: one line if it passed, else each failed check with rows."""
    style = None if result.passed else "red"
    console.print(result.report(), markup=False, style=style, soft_wrap=True)


def print_published(version: PublishedVersion) -> None:
    """Print the version that was published."""
    megabytes = version.size_bytes / 1e6
    console.print(f"Published version {version.number} ({megabytes:,.1f} MB), clock {version.as_of} UTC.")
