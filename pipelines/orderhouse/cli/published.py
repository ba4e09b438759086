"""The command `status`, and the opening of published versions for commands that read.

They write nothing and do not wait for a run. The queries belong to `orderhouse.serve`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orderhouse.cli.access import AsRole, record_use, role_given
from orderhouse.cli.session import ago, console, counted, grid, settings_of, shown

if TYPE_CHECKING:
    import duckdb

    from orderhouse.settings import Settings

__all__ = ["Version", "add_commands", "published"]

Version = Annotated[int | None, typer.Option("--version", help="A published version. Default: the current one.")]

# Tables that the status reads.
RECEIVED = (
    "quality.files", "quality.controls", "quality.sequence_gaps", "quality.drift", "quality.quarantine",
    "quality.repairs", "quality.freshness",
)  # fmt: skip


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(status)


@contextlib.contextmanager
def published(
    settings: Settings, version: int | None = None, path: Path | None = None, as_role: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published version for reading, the current one by default, or another file of the same tables."""
    from orderhouse.serve.reading import open_reader

    connection = open_reader(settings, role=role_given(settings, as_role), version=version, path=path)
    try:
        yield connection
    finally:
        connection.close()


def status(context: typer.Context, as_role: AsRole = None) -> None:
    """Show the published version, its age, the files received, the quarantine, alerts, and who holds the run lock."""
    from orderhouse.cli.summary import print_currency
    from orderhouse.monitoring.alerts import open_alerts
    from orderhouse.serve.publishing import current_version
    from orderhouse.storage.warehouse import lock_holder

    settings = settings_of(context)
    role = role_given(settings, as_role)
    record_use(settings, as_role, "status", "home")
    console.print(f"[bold]{settings.home}[/bold]")
    version = current_version(settings)
    if version is None:
        console.print("Nothing is published yet. Next: orderhouse run")
    else:
        age = (datetime.now(UTC) - datetime.fromisoformat(version.published_at)).total_seconds()
        console.print(
            f"Version {version.number}, published {ago(age)}; clock {version.as_of} UTC; batch {version.batch_id}; "
            f"{version.size_bytes / 1e6:,.1f} MB."
        )
    _print_last_build(settings)
    holder = lock_holder(settings)
    console.print(f"Held by {holder}." if holder else "No run holds the warehouse.", markup=False)
    if role.rows or role.columns or role.hidden_columns or not all(role.reads(table) for table in RECEIVED):
        console.print(f"The role {role.name} does not see files, feeds, quarantine and alerts.", markup=False)
        return
    if version is not None:
        with published(settings, as_role=as_role) as connection:
            _print_received(connection)
            print_currency(settings, connection, version.reporting_currency)
    for alert in open_alerts(settings):
        console.print(f"Alert since {alert.since}: {alert.message}", style="red", markup=False, soft_wrap=True)


def _print_last_build(settings: Settings) -> None:
    from orderhouse.serve.publishing import load_refusal
    from orderhouse.storage.build_record import CLOCK_POLICIES, load_record

    record = load_record(settings)
    if record is None:
        console.print("No build yet.")
    elif not record.is_whole:
        console.print(f"The build of {record.wall_clock} UTC did not finish. Next: orderhouse run", style="yellow")
    else:
        verdict = (
            "not audited yet" if record.audit is None else "passed its audit" if record.audit.passed else "refused"
        )
        console.print(f"Last build: {record.finished_at} UTC, batch {record.batch_id}, {verdict}.")
        if record.clock_policy:
            console.print(f"Clock of this home: `{record.clock_policy}`, {CLOCK_POLICIES[record.clock_policy]}.")
    refusal = load_refusal(settings)
    if refusal is not None:
        console.print(f"Since {refusal.since} the audit has refused newer builds, because of:", style="red")
        for failure in refusal.failures:
            console.print(f"  {failure['name']}: {counted(failure['failed_rows'], 'row')}", style="red", markup=False)


def _print_received(connection: duckdb.DuckDBPyConnection) -> None:
    from orderhouse.serve.queries import control_findings, feed_freshness, file_counts, quarantine_counts

    counts = file_counts(connection)
    console.print(
        f"{counted(counts['files'], 'file')}, {counted(counts['rows_in'], 'row')}: {counts['accepted']:,} accepted, "
        f"{counts['duplicate']:,} duplicate, {counts['quarantined']:,} in quarantine; "
        f"{counted(counts['rejected_files'], 'file')} rejected."
    )
    for sentence in control_findings(connection):
        console.print(sentence, style="yellow", markup=False, soft_wrap=True)
    waiting = quarantine_counts(connection)
    if waiting["open"] or waiting["patch_failed"]:
        console.print(
            f"In quarantine: {counted(waiting['open'], 'open row')}, and {waiting['patch_failed']:,} that still break "
            "a rule after a repair. Next: orderhouse quarantine list",
            style="yellow",
        )
    if waiting["no_longer_applies"]:
        console.print(
            f"{counted(waiting['no_longer_applies'], 'repair does', 'repairs do')} not apply any longer, because the "
            "rows changed. Next: orderhouse quarantine history --what no_longer_applies",
            style="yellow",
        )
    feeds = feed_freshness(connection)
    columns = ("source", "feed", "files", "accepted", "last_received_at", "expected_every", "due_at")
    rows = ([row[name] for name in columns] for row in feeds)
    console.print(grid("Feeds", columns, rows, numbers=("files", "accepted")))
    for feed in feeds:
        _print_overdue(feed)
        _print_quiet(feed)


def _print_overdue(feed: dict[str, Any]) -> None:
    """Print a feed that is overdue by the wall clock, since the published version may be old."""
    now = datetime.now(UTC)
    if feed["due_at"] is None or feed["due_at"].replace(tzinfo=UTC) >= now:
        return
    late = ago((now - feed["due_at"].replace(tzinfo=UTC)).total_seconds())
    newest = f"The last one came at {shown(feed['last_received_at'])} UTC" if feed["last_received_at"] else "None came"
    console.print(
        f"{feed['feed']} of {feed['source']} is overdue: a file is expected every {feed['expected_every']}. "
        f"{newest}. The next was due {late}.",
        style="red",
        markup=False,
        soft_wrap=True,
    )


def _print_quiet(feed: dict[str, Any]) -> None:
    """Print a feed that is quiet by the version's `as of`, as in its audit."""
    if feed["freshness_status"] == "quiet":
        console.print(
            f"{feed['feed']} of {feed['source']} is quiet: no event since {feed['newest_event_date']}, "
            f"{counted(feed['quiet_days'], 'day')} before the clock. Its own rhythm allows "
            f"{feed['allowed_quiet_days']:,.1f}.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
