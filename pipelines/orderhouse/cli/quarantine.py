"""Commands on rows that broke a rule: look at them, send them to who can correct them, repair, replay, discard.

They work on what was received, so that a repair shows at once; what readers see follows with the next run. While a
run holds the warehouse, those that only look show what is published.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from orderhouse.cli.quarantine_received import say_received
from orderhouse.cli.quarantine_repairing import discard, repair, replay
from orderhouse.cli.quarantine_rows import (
    SHOWN,
    WAITING,
    OfFeed,
    OfRule,
    OfSource,
    OfState,
    Reveal,
    looked_at,
    one_row,
    reading,
    wanted,
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
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 50,
) -> None:
    """Rows in quarantine, the latest first: where each stands, its state and which rules it broke."""
    rows = looked_at(settings_of(context), wanted(feed, source, rule, state or list(SHOWN), limit=limit))
    if not rows:
        console.print("Nothing is in quarantine." if not (feed or source or rule or state) else "No row is like that.")
        return
    lines = (
        (row["quarantine_id"], f"{row['path']}:{row['record']}", row["feed"], row["state"], row["reasons"])
        for row in rows
    )
    console.print(grid(None, ("id", "file:line", "feed", "state", "why"), lines))
    if len(rows) == limit:
        console.print(f"The first {limit:,}; --limit shows more.", style="dim")
    console.print("See one of them whole: orderhouse quarantine show ID", soft_wrap=True)
    console.print("Put one right: orderhouse quarantine repair ID --set column=value --why TEXT", soft_wrap=True)


@quarantine_commands.command("show")
def quarantine_show(
    context: typer.Context,
    quarantine_id: Annotated[str, typer.Argument(help="Its id; the first characters are enough.", metavar="ID")],
    reveal: Reveal = False,
) -> None:
    """One row in quarantine: where it stands, what it broke, the row as received, and what was decided about it."""
    from orderhouse.repair.history import events

    settings = settings_of(context)
    row = dict(one_row(looked_at(settings, wanted(ids=[quarantine_id], limit=2)), quarantine_id))
    if reveal:
        from orderhouse.repair.export import revealed
        from orderhouse.vault.vault import open_vault

        with open_vault(settings) as vault:
            row["row_json"] = json.dumps(revealed([row["row_json"]], vault)[0], ensure_ascii=False)
    for name, value in row.items():
        if value is not None:
            console.print(f"[dim]{name}[/dim]  {shown(value)}", soft_wrap=True)
    if not settings.raw_db.exists():
        return
    with reading(settings) as connection:
        _say_events(events(connection, row["quarantine_id"]))
    if row["state"] in WAITING:
        say_received(settings, row, reveal=reveal)


@quarantine_commands.command("export")
def quarantine_export(
    context: typer.Context,
    feed: OfFeed = None,
    source: OfSource = None,
    rule: OfRule = None,
    state: OfState = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write this file; by default to the screen.")] = None,
    reveal: Reveal = False,
) -> None:
    """A CSV of rows with file, line, rules and reasons, for whoever can correct them at the source."""
    from orderhouse.repair.export import spread
    from orderhouse.repair.state import quarantined
    from orderhouse.vault.vault import open_vault

    settings = settings_of(context)
    with reading(settings) as connection:
        rows = quarantined(connection, wanted(feed, source, rule, state or list(WAITING)))
    if reveal:
        with open_vault(settings) as vault:
            table = spread(rows, vault)
    else:
        table = spread(rows)
    if to is None:
        sys.stdout.write(table.write_csv())
        return
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as sink:
        sink.write(table.write_csv().encode())
    console.print(f"Wrote {counted(table.height, 'row')} to {to}.", soft_wrap=True)


@quarantine_commands.command("history")
def quarantine_history(
    context: typer.Context,
    what: Annotated[
        str | None,
        typer.Option(
            help="Only: patch, record_patch, discard, withdraw, accepted, duplicate, still_quarantined, withdrawn …"
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
) -> None:
    """Who decided what about rows in quarantine, when and why, and what came of it; the latest first."""
    from orderhouse.repair.history import events

    with reading(settings_of(context)) as connection:
        found = events(connection, what=what, limit=limit)
    if not found:
        console.print("Nothing was decided about any row in quarantine." if what is None else f"There is no {what!r}.")
    _say_events(found)


def _say_events(found: Sequence[Mapping[str, Any]]) -> None:
    lines = (
        (event["at"], event["what"], f"{event['path']}:{event['record']}", event["repair_id"], event["who"],
         _changes(event), event["why"])
        for event in found
    )  # fmt: skip
    if found:
        console.print(grid("What was done", ("at (UTC)", "what", "file:line", "repair", "who", "fields", "why"), lines))


def _changes(event: Mapping[str, Any]) -> str:
    """`currency: EURO → EUR` for each field of a patch."""
    before = json.loads(event["fields_before"] or "{}")
    after = json.loads(event["fields"] or "{}")
    return ", ".join(f"{name}: {_before(before, name)} → {value or '(none)'}" for name, value in after.items())


def _before(before: Mapping[str, str], name: str) -> str:
    column = name.removesuffix("_token")
    return before.get(name) or before.get(column) or before.get(f"{column}_token") or "(none)"
