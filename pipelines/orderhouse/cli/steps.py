"""The steps of a run, one by one: ingest, build, audit, publish.

The run of all four is contributed by `orderhouse_dagster`.
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

__all__ = [
    "AsOf",
    "Full",
    "Sources",
    "add_commands",
    "refuse_unreachable",
    "say_audited",
    "say_built",
    "say_ingested",
    "say_published",
]

Sources = Annotated[
    Path | None, typer.Option(help="The sources file; else ./sources.yaml, <home>/sources.yaml, the last one named.")
]
AsOf = Annotated[str, typer.Option(help="The clock: `now`, `data` (the newest instant in the feeds) or an instant.")]
Full = Annotated[bool, typer.Option("--full", help="Build every table from empty files.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (ingest, build, audit, publish):
        app.command()(command)


def ingest(context: typer.Context, sources: Sources = None) -> None:
    """Take in new files: read, check row by row, load. A file known by its content is not loaded twice."""
    from orderhouse.receive import receive
    from orderhouse.storage.warehouse import run_lock

    settings = settings_of(context, sources=sources)
    with run_lock(settings, "ingest"), console.status("Reading the sources") as status:
        result = receive(
            settings, progress=lambda at: status.update(f"{at.done} of {at.total} files, {at.rows:,} rows: {at.path}")
        )
    say_ingested(result)
    console.print("Next: orderhouse build")
    refuse_unreachable(result)


def build(
    context: typer.Context,
    sources: Sources = None,
    as_of: AsOf = "now",
    full: Full = False,
) -> None:
    """Compute every table from what was taken in: only what was touched, unless definitions changed."""
    from orderhouse.storage.warehouse import run_lock
    from orderhouse.transform import build as compute

    settings = settings_of(context, sources=sources)
    with run_lock(settings, "build"), console.status("Preparing the models") as status:
        result = compute(
            settings, as_of=as_of, full=full, on_event=lambda event: status.update(f"Building {event.table}")
        )
    say_built(result)
    console.print("Next: orderhouse audit")


def audit(context: typer.Context) -> None:
    """Check the last build. What fails refuses it: it is not published, and readers keep what they have."""
    from orderhouse.audit import audit as check
    from orderhouse.errors import AuditRefused
    from orderhouse.serve.publishing import record_refusal
    from orderhouse.storage.warehouse import run_lock

    settings = settings_of(context)
    with run_lock(settings, "audit"), console.status("Checking the tables") as status:
        result = check(settings, on_event=lambda event: status.update(f"Checking {event.name}"))
        if not result.passed:
            record_refusal(settings)
    say_audited(result)
    if not result.passed:
        raise AuditRefused("Nothing was published; readers keep what they have.")
    console.print("Next: orderhouse publish")


def publish(context: typer.Context) -> None:
    """Give readers the build that passed its audit, in one step that they cannot see half of."""
    from orderhouse.serve.publishing import publish as make_current
    from orderhouse.storage.warehouse import run_lock

    settings = settings_of(context)
    with run_lock(settings, "publish"):
        version = make_current(settings)
    say_published(version)
    console.print("Next: orderhouse status")


def say_ingested(result: IngestResult) -> None:
    """What an ingest did, in a few sentences."""
    if not result.count("loaded"):
        console.print("Ingested nothing new.")
    else:
        feeds = result.feeds.values()
        accepted, duplicate = sum(feed.accepted for feed in feeds), sum(feed.duplicate for feed in feeds)
        quarantined = sum(feed.quarantined for feed in feeds)
        console.print(
            f"Ingested {counted(result.count('loaded'), 'file')}: {counted(accepted, 'row')} accepted, "
            f"{duplicate:,} known already, {quarantined:,} in quarantine."
        )
    for note in result.notes:
        console.print(f"  {note}", markup=False, style="yellow")


def refuse_unreachable(result: IngestResult) -> None:
    """End with an error, once all else is done, where a source could not be read: nobody may look at what was said.

    Raises:
        OrderhouseError: Names what could not be read.
    """
    from orderhouse.errors import OrderhouseError

    paths = [report.path for report in result.files if report.status == "unreachable"]
    if paths:
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        raise OrderhouseError(f"{paths[0]}{more} could not be read, as said above. All else is done; run again.")


def say_built(result: BuildResult) -> None:
    """What a build did, in a sentence or two."""
    console.print(result.reason, markup=False, soft_wrap=True)
    if result.changed:
        seconds = sum(result.seconds.values())
        console.print(
            f"Built {counted(len(result.seconds), 'table')} in {seconds:.1f} s; clock {result.record.as_of} UTC."
        )


def say_audited(result: AuditResult) -> None:
    """What an audit found: one line if all is well, else each check that failed, with rows."""
    style = None if result.passed else "red"
    console.print(result.report(), markup=False, style=style, soft_wrap=True)


def say_published(version: PublishedVersion) -> None:
    """What readers are given now."""
    megabytes = version.size_bytes / 1e6
    console.print(f"Published version {version.number} ({megabytes:,.1f} MB), clock {version.as_of} UTC.")
