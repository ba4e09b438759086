"""Commands that record decisions about quarantined rows and apply them: repair, replay, discard.

The work belongs to `orderhouse.repair`; commands that only show rows belong to `quarantine`.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.access import AsRole
from orderhouse.cli.quarantine_rows import WAITING, OfFeed, OfRule, OfSource, admit, full_ids, matching_ids, selection
from orderhouse.cli.session import console, counted, settings_of
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.repair.applying import Opened
    from orderhouse.repair.state import Selection
    from orderhouse.settings import Settings

__all__ = ["discard", "repair", "replay"]

Why = Annotated[str, typer.Option("--why", help="The reason, for the record.")]
Who = Annotated[str | None, typer.Option("--who", help="The person who decides. Default: the user logged in.")]


def repair(
    context: typer.Context,
    why: Why,
    quarantine_ids: Annotated[
        list[str] | None, typer.Argument(help="Ids of rows, or their first characters.", metavar="[ID]…")
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option("--set", help="column=value, as the source would write it. `column=` empties the column."),
    ] = None,
    received: Annotated[
        bool,
        typer.Option(
            "--received",
            help="Set fields of the record as received, by the source's own names (in JSON: line_items.0.price), and "
            "reread its file, so that all rows of the record are repaired.",
        ),
    ] = False,
    text: Annotated[
        str | None,
        typer.Option(
            "--text", help="The whole record as the source should have sent it. `-` reads it from standard input."
        ),
    ] = None,
    feed: OfFeed = None,
    source: OfSource = None,
    rule: OfRule = None,
    who: Who = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before the repair of many rows.")] = False,
    no_replay: Annotated[
        bool, typer.Option("--no-replay", help="Only record the repair. The next run applies it.")
    ] = False,
    as_role: AsRole = None,
) -> None:
    """Repair rows: record new values of columns, and load the repaired row if it breaks no rule.

    The row as received is kept. Rows are named by id, or by --rule, --source and --feed, which select every open row
    that matches. With --received the repair is of the records that the rows came from.
    """
    from orderhouse.repair.applying import opened
    from orderhouse.repair.decisions import record_patches
    from orderhouse.repair.records import repair_records

    settings, values = settings_of(context), _assignments(fields or [], is_optional=text is not None)
    named = quarantine_ids or [*filter(None, (source, feed, rule))]
    admit(settings, as_role, "repair", *named, decides=True)
    whole = sys.stdin.read().rstrip("\r\n") if text == "-" else text
    chosen = selection(feed, source, rule, list(WAITING))
    ids = _selected_ids(settings, quarantine_ids or [], chosen, f"Set {', '.join(values)} in all of them?", yes=yes)
    with opened(settings, "repair") as stores:
        if received or whole is not None:
            repairs, notes = repair_records(
                stores.connection,
                stores.vault,
                stores.originals,
                stores.sources,
                ids,
                values,
                whole,
                why=why,
                who=who or _user(),
            )
            console.print(f"Recorded the repair of {counted(len(repairs), 'record')} as received.")
            for note in notes:
                console.print(note, markup=False, style="yellow", soft_wrap=True)
        else:
            record_patches(stores.connection, stores.vault, stores.sources, ids, values, why=why, who=who or _user())
            console.print(f"Recorded the repair of {counted(len(ids), 'row')}.")
        if not no_replay:
            _apply(stores)


def replay(
    context: typer.Context,
    quarantine_ids: Annotated[
        list[str] | None,
        typer.Argument(help="Rows to screen again, besides pending repairs. Default: all.", metavar="[ID]…"),
    ] = None,
    as_role: AsRole = None,
) -> None:
    """Apply pending repairs, and screen rows again whose contract may have changed. A second replay changes nothing."""
    from orderhouse.repair.applying import opened

    settings = settings_of(context)
    admit(settings, as_role, "replay", *quarantine_ids or (), decides=True)
    ids = full_ids(settings, quarantine_ids) if quarantine_ids else None
    with opened(settings, "replay") as stores:
        has_printed = _apply(stores, ids)
    if not has_printed:
        console.print("Nothing has changed: no repair is pending, and rows in quarantine still break their rules.")


def discard(
    context: typer.Context,
    why: Why,
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Rows to leave out, or repairs (r…) to withdraw.", metavar="[ID]…"),
    ] = None,
    feed: OfFeed = None,
    source: OfSource = None,
    rule: OfRule = None,
    who: Who = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before many rows are left out.")] = False,
    as_role: AsRole = None,
) -> None:
    """Leave rows out for good, or withdraw repairs. Both stay visible, and a later repair can undo both.

    Rows are named by id, or by --rule, --source and --feed, which select every open row that matches.
    """
    from orderhouse.repair.applying import opened
    from orderhouse.repair.decisions import record_discards, record_withdrawal

    settings, named = settings_of(context), ids or []
    admit(settings, as_role, "discard", *(named or filter(None, (source, feed, rule))), decides=True)
    repairs = [each for each in named if each.startswith("r")]
    rows = [each for each in named if each not in repairs]
    if rows or not repairs:
        chosen = selection(feed, source, rule, list(WAITING))
        rows = _selected_ids(settings, rows, chosen, "Leave all of them out?", yes=yes)
    with opened(settings, "discard") as stores:
        for repair_id in repairs:
            record_withdrawal(stores.connection, repair_id, why=why, who=who or _user())
        record_discards(stores.connection, rows, why=why, who=who or _user())
        withdrawn = f"{counted(len(repairs), 'repair')} withdrawn" if repairs else ""
        discarded = f"{counted(len(rows), 'row')} discarded" if rows else ""
        console.print("; ".join(filter(None, (withdrawn, discarded))) + ".")
        _apply(stores)


def _apply(stores: Opened, quarantine_ids: Sequence[str] | None = ()) -> bool:
    """Apply pending decisions and print the outcomes; return True if anything was printed."""
    from orderhouse.repair.applying import apply_decisions

    applied = apply_decisions(stores, quarantine_ids)
    for sentence in applied.sentences:
        console.print(sentence, markup=False, soft_wrap=True)
    for note in applied.notes:
        console.print(note, markup=False, style="yellow", soft_wrap=True)
    if applied.has_written:
        console.print("Next: orderhouse run")
    return applied.has_written or bool(applied.notes)


def _selected_ids(
    settings: Settings, beginnings: Sequence[str], chosen: Selection, question: str, *, yes: bool
) -> list[str]:
    """Return the full ids of the rows named by ids or by a selection; ask the question before a selection is used."""
    if bool(beginnings) == bool(chosen.feed or chosen.source or chosen.rule):
        raise OrderhouseError("Name rows by their ids, or all open rows by `--rule`, `--source` and `--feed`.")
    if beginnings:
        return full_ids(settings, beginnings)
    ids = matching_ids(settings, chosen)
    console.print(f"{counted(len(ids), 'matching row')} in quarantine.")
    if not yes:
        typer.confirm(question, abort=True)
    return ids


def _assignments(given: Sequence[str], *, is_optional: bool) -> dict[str, str]:
    values: dict[str, str] = {}
    for each in given:
        column, equals, value = each.partition("=")
        if not equals or not column.strip():
            raise OrderhouseError(f"`--set {each}` is not an assignment. Write `--set column=value`.")
        values[column.strip()] = value
    if not values and not is_optional:
        raise OrderhouseError("The repair changes no column. Give `--set column=value`.")
    return values


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise OrderhouseError("The user's name is not known to the system. Give one with `--who NAME`.") from None
