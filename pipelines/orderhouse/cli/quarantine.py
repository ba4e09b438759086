"""Commands that list, show and export quarantined rows, and the history of decisions about them.

They read the raw database, so that a repair shows at once; readers see it after the next run. While a run holds the run
lock, they show the published version. Commands that decide belong to `quarantine_repairing`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from orderhouse.cli.access import AsRole
from orderhouse.cli.quarantine_received import print_received
from orderhouse.cli.quarantine_repairing import discard, repair, replay
from orderhouse.cli.quarantine_rows import (
    SHOWN,
    WAITING,
    OfFeed,
    OfRule,
    OfSource,
    OfState,
    Reveal,
    admit,
    only_row,
    raw_database,
    rows_to_show,
    selection,
)
from orderhouse.cli.session import console, counted, grid, settings_of, shown

__all__ = ["add_commands", "quarantine_commands"]

quarantine_commands = typer.Typer(help="Rows that broke a rule: kept, explained, repaired.", no_args_is_help=True)
for command in (repair, replay, discard):
    quarantine_commands.command()(command)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(quarantine_commands, name="quarantine")


@quarantine_commands.command("list")
def quarantine_list(
    context: typer.Context,
    feed: OfFeed = None,
    source: OfSource = None,
    rule: OfRule = None,
    state: OfState = None,
    limit: Annotated[int, typer.Option(min=1, help="Greatest number of rows.")] = 50,
    as_role: AsRole = None,
) -> None:
    """List rows in quarantine, the latest first, with file and line, state and reasons."""
    settings = settings_of(context)
    admit(settings, as_role, "list", *filter(None, (source, feed, rule)))
    rows = rows_to_show(settings, selection(feed, source, rule, state or list(SHOWN), limit=limit))
    if not rows:
        is_filtered = feed or source or rule or state
        console.print("No row in quarantine matches." if is_filtered else "Nothing is in quarantine.")
        return
    lines = (
        (row["quarantine_id"], f"{row['path']}:{row['record']}", row["feed"], row["state"], row["reasons"])
        for row in rows
    )
    console.print(grid(None, ("id", "file:line", "feed", "state", "why"), lines))
    if len(rows) == limit:
        console.print(f"The first {limit:,}. `--limit` shows more.", style="dim")
    console.print("Show a whole row: orderhouse quarantine show ID", soft_wrap=True)
    console.print("Repair a row: orderhouse quarantine repair ID --set column=value --why TEXT", soft_wrap=True)


@quarantine_commands.command("show")
def quarantine_show(
    context: typer.Context,
    quarantine_id: Annotated[str, typer.Argument(help="Id of the row, or its first characters.", metavar="ID")],
    reveal: Reveal = False,
    as_role: AsRole = None,
) -> None:
    """Show one row in quarantine: file and line, reasons, the row as received, and the decisions about it."""
    from orderhouse.repair.history import events

    settings = settings_of(context)
    admit(settings, as_role, "show", quarantine_id, reveals=reveal)
    row = dict(only_row(rows_to_show(settings, selection(ids=[quarantine_id], limit=2)), quarantine_id))
    if reveal:
        from orderhouse.repair.export import reveal_rows
        from orderhouse.vault.vault import open_vault

        with open_vault(settings) as vault:
            row["row_json"] = json.dumps(reveal_rows([row["row_json"]], vault)[0], ensure_ascii=False)
    for name, value in row.items():
        if value is not None:
            console.print(f"[dim]{name}[/dim]  {shown(value)}", soft_wrap=True)
    if not settings.raw_db.exists():
        return
    with raw_database(settings) as connection:
        _print_events(events(connection, row["quarantine_id"]))
    if row["state"] in WAITING:
        print_received(settings, row, reveal=reveal)


@quarantine_commands.command("export")
def quarantine_export(
    context: typer.Context,
    feed: OfFeed = None,
    source: OfSource = None,
    rule: OfRule = None,
    state: OfState = None,
    to: Annotated[Path | None, typer.Option("--to", help="File to write. Default: the screen.")] = None,
    reveal: Reveal = False,
    guard: Annotated[
        bool, typer.Option(help="Put an apostrophe before text that a spreadsheet would run as a formula.")
    ] = True,
    as_role: AsRole = None,
) -> None:
    """Write a CSV of rows with file, line, rules and reasons, for the people who can correct them at the source."""
    from orderhouse.files.guarded_tables import guarded_columns
    from orderhouse.files.private_files import create_private
    from orderhouse.repair.export import rows_as_table
    from orderhouse.repair.state import quarantined
    from orderhouse.vault.vault import open_vault

    settings = settings_of(context)
    admit(settings, as_role, "export", *filter(None, (source, feed, rule)), exports=True, reveals=reveal)
    with raw_database(settings) as connection:
        rows = quarantined(connection, selection(feed, source, rule, state or list(WAITING)))
    if reveal:
        with open_vault(settings) as vault:
            table = rows_as_table(rows, vault)
    else:
        table = rows_as_table(rows)
    text = (guarded_columns(table) if guard else table).write_csv()
    if to is None:
        sys.stdout.write(text)
        return
    with create_private(to) as sink:
        sink.write(text.encode())
    console.print(f"Wrote {counted(table.height, 'row')} to {to}.", soft_wrap=True)


@quarantine_commands.command("history")
def quarantine_history(
    context: typer.Context,
    what: Annotated[
        str | None,
        typer.Option(
            help="Only one kind: patch, record_patch, discard, withdraw, accepted, duplicate, still_quarantined …"
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Greatest number of events.")] = 50,
    as_role: AsRole = None,
) -> None:
    """List the decisions about rows in quarantine and their outcomes, the latest first."""
    from orderhouse.repair.history import events

    settings = settings_of(context)
    admit(settings, as_role, "history", *filter(None, (what,)))
    with raw_database(settings) as connection:
        found = events(connection, what=what, limit=limit)
    if not found:
        console.print("There are no decisions about rows in quarantine." if what is None else f"There is no {what!r}.")
    _print_events(found)


def _print_events(found: Sequence[Mapping[str, Any]]) -> None:
    lines = (
        (event["at"], event["what"], f"{event['path']}:{event['record']}", event["repair_id"], event["who"],
         _changes(event), event["why"])
        for event in found
    )  # fmt: skip
    if found:
        console.print(grid("Decisions", ("at (UTC)", "what", "file:line", "repair", "who", "fields", "why"), lines))


def _changes(event: Mapping[str, Any]) -> str:
    """Return ``currency: EURO → EUR`` for each field of a patch."""
    before = json.loads(event["fields_before"] or "{}")
    after = json.loads(event["fields"] or "{}")
    return ", ".join(f"{name}: {_before(before, name)} → {value or '(none)'}" for name, value in after.items())


def _before(before: Mapping[str, str], name: str) -> str:
    column = name.removesuffix("_token")
    return before.get(name) or before.get(column) or before.get(f"{column}_token") or "(none)"
