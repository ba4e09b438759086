"""Commands on rows that broke a rule: look at them, send them to who can correct them, repair, replay, discard.

They work on what was received, so that a repair shows at once; what readers see follows with the next run. While a
run holds the warehouse, those that only look show what is published.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orderhouse.cli.session import console, counted, error_console, grid, settings_of, shown
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    import duckdb

    from orderhouse.ingest import ReplayResult
    from orderhouse.quarantined import Selection
    from orderhouse.settings import Settings
    from orderhouse.sources.config import Source
    from orderhouse.vault import Vault

__all__ = ["add_commands", "quarantine_commands"]

WAITING = ("open", "patch_failed")
SHOWN = (*WAITING, "patched", "discarded")
EVERY = 2**40

quarantine_commands = typer.Typer(help="Rows that broke a rule: kept, explained, repaired.", no_args_is_help=True)

OfFeed = Annotated[str | None, typer.Option("--feed", help="Only of this feed.")]
OfSource = Annotated[str | None, typer.Option("--source", help="Only of this source.")]
OfRule = Annotated[str | None, typer.Option("--rule", help="Only rows that broke this rule: 'currency|iso_4217'.")]
OfState = Annotated[
    list[str] | None,
    typer.Option(
        "--state", help="open, patched, patch_failed, repaired, discarded, superseded or all; may be repeated."
    ),
]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show personal values, from the vault, instead of tokens.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for whoever asks later.")]
Who = Annotated[str | None, typer.Option("--who", help="Whose decision it is; by default the user logged in.")]


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
    rows = _looked_at(settings_of(context), _wanted(feed, source, rule, state or list(SHOWN), limit=limit))
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
    from orderhouse.quarantined import events

    settings = settings_of(context)
    row = dict(_one(_looked_at(settings, _wanted(ids=[quarantine_id], limit=2)), quarantine_id))
    if reveal:
        from orderhouse.quarantine_export import revealed
        from orderhouse.vault import open_vault

        with open_vault(settings) as vault:
            row["row_json"] = json.dumps(revealed([row["row_json"]], vault)[0], ensure_ascii=False)
    for name, value in row.items():
        if value is not None:
            console.print(f"[dim]{name}[/dim]  {shown(value)}", soft_wrap=True)
    if not settings.raw_db.exists():
        return
    with _reading(settings) as connection:
        _say_events(events(connection, row["quarantine_id"]))


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
    from orderhouse.quarantine_export import spread
    from orderhouse.quarantined import quarantined
    from orderhouse.vault import open_vault

    settings = settings_of(context)
    with _reading(settings) as connection:
        rows = quarantined(connection, _wanted(feed, source, rule, state or list(WAITING)))
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


@quarantine_commands.command("repair")
def quarantine_repair(
    context: typer.Context,
    why: Why,
    quarantine_ids: Annotated[
        list[str] | None, typer.Argument(help="Rows, each by the first characters of its id.", metavar="[ID]…")
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option("--set", help="column=value, as the source would write it; nothing after = for none."),
    ] = None,
    feed: OfFeed = None,
    source: OfSource = None,
    rule: OfRule = None,
    who: Who = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before repairing many.")] = False,
    no_replay: Annotated[bool, typer.Option("--no-replay", help="Only note it; the next run carries it out.")] = False,
) -> None:
    """Say what fields of rows should be. The row as received stays; the repaired one goes into its feed if it is good.

    Rows are named by id, or by --rule, --source and --feed, which mean every row like that that waits.
    """
    from orderhouse.ingest import record_patches, replay

    settings, values = settings_of(context), _assignments(fields or [])
    if bool(quarantine_ids) == bool(feed or source or rule):
        raise OrderhouseError("Name rows by their ids, or every row that waits by --rule, --source and --feed.")
    if quarantine_ids:
        ids = _whole_ids(settings, quarantine_ids)
    else:
        ids = _all_of(settings, _wanted(feed, source, rule, list(WAITING)))
        console.print(f"{counted(len(ids), 'row')} in quarantine like that.")
        if not yes:
            typer.confirm(f"Set {', '.join(values)} in all of them?", abort=True)
    with _working(settings, "repair") as desk:
        record_patches(desk.connection, desk.vault, desk.sources, ids, values, why=why, who=who or _user())
        console.print(f"Noted the repair of {counted(len(ids), 'row')}.")
        if not no_replay:
            _say_replayed(replay(desk.connection, desk.vault, desk.sources))


@quarantine_commands.command("replay")
def quarantine_replay(
    context: typer.Context,
    quarantine_ids: Annotated[
        list[str] | None, typer.Argument(help="Only these, besides repairs that wait.", metavar="[ID]…")
    ] = None,
) -> None:
    """Carry out repairs that wait, and look again at rows whose contract may have changed. Twice changes nothing."""
    from orderhouse.ingest import replay

    settings = settings_of(context)
    ids = _whole_ids(settings, quarantine_ids) if quarantine_ids else None
    with _working(settings, "replay") as desk:
        result = replay(desk.connection, desk.vault, desk.sources, ids)
    if result.batch_id is None and not result.notes:
        console.print("Nothing has changed: no repair waits, and what is in quarantine breaks its rules still.")
    _say_replayed(result)


@quarantine_commands.command("discard")
def quarantine_discard(
    context: typer.Context,
    ids: Annotated[
        list[str],
        typer.Argument(help="Rows that shall stay out; or repairs (r…) that are to be taken back.", metavar="ID…"),
    ],
    why: Why,
    who: Who = None,
) -> None:
    """Leave rows out for good, or take repairs back. Both stay visible, and both can be undone by another repair."""
    from orderhouse.ingest import record_discards, record_withdrawal, replay

    settings = settings_of(context)
    repairs = [each for each in ids if each.startswith("r")]
    rows = _whole_ids(settings, [each for each in ids if each not in repairs])
    with _working(settings, "discard") as desk:
        for repair_id in repairs:
            record_withdrawal(desk.connection, repair_id, why=why, who=who or _user())
        record_discards(desk.connection, rows, why=why, who=who or _user())
        taken_back = f"{counted(len(repairs), 'repair')} taken back" if repairs else ""
        left_out = f"{counted(len(rows), 'row')} left out" if rows else ""
        console.print("; ".join(filter(None, (taken_back, left_out))) + ".")
        _say_replayed(replay(desk.connection, desk.vault, desk.sources))


@quarantine_commands.command("history")
def quarantine_history(
    context: typer.Context,
    what: Annotated[
        str | None,
        typer.Option(
            help="Only: patch, discard, withdraw, accepted, duplicate, still_quarantined, no_longer_applies …"
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
) -> None:
    """Who decided what about rows in quarantine, when and why, and what came of it; the latest first."""
    from orderhouse.quarantined import events

    with _reading(settings_of(context)) as connection:
        found = events(connection, what=what, limit=limit)
    if not found:
        console.print("Nothing was decided about any row in quarantine." if what is None else f"There is no {what!r}.")
    _say_events(found)


@dataclass(frozen=True)
class _Desk:
    connection: duckdb.DuckDBPyConnection
    vault: Vault
    sources: Mapping[str, Source]


@contextlib.contextmanager
def _working(settings: Settings, purpose: str) -> Iterator[_Desk]:
    from orderhouse.sources.config import load_sources
    from orderhouse.vault import open_vault
    from orderhouse.warehouse import open_raw, run_lock

    declared = load_sources(settings.sources_file)
    with run_lock(settings, purpose), open_vault(settings) as vault, contextlib.closing(open_raw(settings)) as raw:
        yield _Desk(raw, vault, declared.sources)


@contextlib.contextmanager
def _reading(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    from orderhouse.warehouse import open_raw

    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        yield raw


def _wanted(
    feed: str | None = None,
    source: str | None = None,
    rule: str | None = None,
    states: Sequence[str] | None = None,
    *,
    ids: Sequence[str] | None = None,
    limit: int | None = None,
) -> Selection:
    from orderhouse.quarantined import Selection

    chosen = None if states is None or "all" in states else states
    return Selection(feed, source, rule, chosen, ids, limit)


def _looked_at(settings: Settings, wanted: Selection) -> list[dict[str, Any]]:
    """Rows as they stand; what is published of them where there is nothing else, or while a run is busy with it."""
    from orderhouse.cli.reading import published
    from orderhouse.quarantined import quarantined
    from orderhouse.serve.queries import quarantined_rows

    if settings.raw_db.exists():
        try:
            with _reading(settings) as connection:
                return quarantined(connection, wanted)
        except OrderhouseError as error:
            if error.exit_code != 3:
                raise
            error_console.print("A run holds the warehouse; this is what was published before it.", style="yellow")
    with published(settings) as connection:
        return quarantined_rows(
            connection,
            feed=wanted.feed,
            source=wanted.source,
            quarantine_id=wanted.quarantine_ids[0] if wanted.quarantine_ids else None,
            rule=wanted.rule,
            states=wanted.states,
            limit=wanted.limit or EVERY,
        )


def _one(rows: Sequence[dict[str, Any]], quarantine_id: str) -> dict[str, Any]:
    if not rows:
        raise OrderhouseError(
            f"There is no row {quarantine_id!r} in quarantine. `orderhouse quarantine list` shows them."
        )
    if len(rows) > 1:
        raise OrderhouseError(f"More than one row in quarantine begins with {quarantine_id!r}; write more of the id.")
    return rows[0]


def _whole_ids(settings: Settings, beginnings: Sequence[str]) -> list[str]:
    from orderhouse.quarantined import quarantined

    if not beginnings:
        return []
    with _reading(settings) as connection:
        return [
            _one(quarantined(connection, _wanted(ids=[each], limit=2)), each)["quarantine_id"]
            for each in dict.fromkeys(beginnings)
        ]


def _all_of(settings: Settings, wanted: Selection) -> list[str]:
    from orderhouse.quarantined import quarantined

    with _reading(settings) as connection:
        ids = [row["quarantine_id"] for row in quarantined(connection, wanted)]
    if not ids:
        raise OrderhouseError(
            "No row that waits is like that. `orderhouse quarantine list` shows them with their rules."
        )
    return ids


def _assignments(given: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for each in given:
        column, equals, value = each.partition("=")
        if not equals or not column.strip():
            raise OrderhouseError(f"--set {each!r} is no assignment; write column=value.")
        values[column.strip()] = value
    if not values:
        raise OrderhouseError("Say what should be there: --set column=value.")
    return values


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise OrderhouseError("Say whose decision it is: --who NAME.") from None


def _say_replayed(result: ReplayResult) -> None:
    from orderhouse.ingest import replay_sentences

    for sentence in replay_sentences(result):
        console.print(sentence, markup=False, soft_wrap=True)
    for note in result.notes:
        console.print(note, markup=False, style="yellow", soft_wrap=True)
    if result.batch_id is not None:
        console.print("Next: orderhouse run")


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
    return before.get(column) or before.get(f"{column}_token") or "(none)"
