"""Commands that decide about rows in quarantine, and carry decisions out: repair, replay, discard."""

from __future__ import annotations

import contextlib
import getpass
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.quarantine_rows import WAITING, OfFeed, OfRule, OfSource, all_of, wanted, whole_ids
from orderhouse.cli.session import console, counted, settings_of
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    import duckdb

    from orderhouse.repair.state import Selection
    from orderhouse.settings import Settings
    from orderhouse.sources.config.declaration import Source
    from orderhouse.vault.originals import Originals
    from orderhouse.vault.vault import Vault

__all__ = ["discard", "repair", "replay"]

Why = Annotated[str, typer.Option("--why", help="The reason, for whoever asks later.")]
Who = Annotated[str | None, typer.Option("--who", help="Whose decision it is; by default the user logged in.")]


def repair(
    context: typer.Context,
    why: Why,
    quarantine_ids: Annotated[
        list[str] | None, typer.Argument(help="Rows, each by the first characters of its id.", metavar="[ID]…")
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option("--set", help="column=value, as the source would write it; nothing after = for none."),
    ] = None,
    received: Annotated[
        bool,
        typer.Option(
            "--received",
            help="Set fields of the record as received, by the source's own names (of JSON: line_items.0.price), and "
            "read its file again, so that everything follows that its format makes of the record.",
        ),
    ] = False,
    text: Annotated[
        str | None,
        typer.Option("--text", help="The whole record as the source should have sent it; - reads it from the input."),
    ] = None,
    feed: OfFeed = None,
    source: OfSource = None,
    rule: OfRule = None,
    who: Who = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before repairing many.")] = False,
    no_replay: Annotated[bool, typer.Option("--no-replay", help="Only note it; the next run carries it out.")] = False,
) -> None:
    """Say what fields of rows should be. The row as received stays; the repaired one goes into its feed if it is good.

    Rows are named by id, or by --rule, --source and --feed, which mean every row like that that waits. With --received
    what is said is of the records that the rows came from.
    """
    from orderhouse.repair.decisions import record_patches
    from orderhouse.repair.records import repair_records

    settings, values = settings_of(context), _assignments(fields or [], is_optional=text is not None)
    whole = sys.stdin.read().rstrip("\r\n") if text == "-" else text
    ids = _meant(settings, quarantine_ids or [], wanted(feed, source, rule, list(WAITING)), values, yes=yes)
    with _working(settings, "repair") as desk:
        at = (desk.connection, desk.vault)
        if received or whole is not None:
            noted, notes = repair_records(
                *at, desk.originals, desk.sources, ids, values, whole, why=why, who=who or _user()
            )
            console.print(f"Noted the repair of {counted(len(noted), 'record')} as received.")
            for note in notes:
                console.print(note, markup=False, style="yellow", soft_wrap=True)
        else:
            record_patches(*at, desk.sources, ids, values, why=why, who=who or _user())
            console.print(f"Noted the repair of {counted(len(ids), 'row')}.")
        if not no_replay:
            _carry_out(desk)


def replay(
    context: typer.Context,
    quarantine_ids: Annotated[
        list[str] | None, typer.Argument(help="Only these, besides repairs that wait.", metavar="[ID]…")
    ] = None,
) -> None:
    """Carry out repairs that wait, and look again at rows whose contract may have changed. Twice changes nothing."""
    settings = settings_of(context)
    ids = whole_ids(settings, quarantine_ids) if quarantine_ids else None
    with _working(settings, "replay") as desk:
        has_said = _carry_out(desk, ids)
    if not has_said:
        console.print("Nothing has changed: no repair waits, and what is in quarantine breaks its rules still.")


def discard(
    context: typer.Context,
    ids: Annotated[
        list[str],
        typer.Argument(help="Rows that shall stay out; or repairs (r…) that are to be taken back.", metavar="ID…"),
    ],
    why: Why,
    who: Who = None,
) -> None:
    """Leave rows out for good, or take repairs back. Both stay visible, and both can be undone by another repair."""
    from orderhouse.repair.decisions import record_discards, record_withdrawal

    settings = settings_of(context)
    repairs = [each for each in ids if each.startswith("r")]
    rows = whole_ids(settings, [each for each in ids if each not in repairs])
    with _working(settings, "discard") as desk:
        for repair_id in repairs:
            record_withdrawal(desk.connection, repair_id, why=why, who=who or _user())
        record_discards(desk.connection, rows, why=why, who=who or _user())
        taken_back = f"{counted(len(repairs), 'repair')} taken back" if repairs else ""
        left_out = f"{counted(len(rows), 'row')} left out" if rows else ""
        console.print("; ".join(filter(None, (taken_back, left_out))) + ".")
        _carry_out(desk)


@dataclass(frozen=True)
class _Desk:
    """What a decision is made with: the raw database, the vault, retained originals and the declared sources."""

    connection: duckdb.DuckDBPyConnection
    vault: Vault
    originals: Originals
    sources: Mapping[str, Source]


@contextlib.contextmanager
def _working(settings: Settings, purpose: str) -> Iterator[_Desk]:
    from orderhouse.sources.config.declaration import load_sources
    from orderhouse.storage.warehouse import open_raw, run_lock
    from orderhouse.vault.originals import Originals
    from orderhouse.vault.vault import open_vault

    declared = load_sources(settings.sources_file)
    with run_lock(settings, purpose), open_vault(settings) as vault, contextlib.closing(open_raw(settings)) as raw:
        yield _Desk(raw, vault, Originals(settings, vault.keys), declared.sources)


def _carry_out(desk: _Desk, quarantine_ids: Sequence[str] | None = ()) -> bool:
    """Carry out what waits and say what came of it; whether there was anything to say."""
    from orderhouse.repair.replay import replay
    from orderhouse.repair.reread import reread
    from orderhouse.repair.results import replay_sentences

    again = reread(desk.connection, desk.vault, desk.originals, desk.sources)
    result = replay(desk.connection, desk.vault, desk.sources, quarantine_ids)
    sentences, notes = [*again.sentences, *replay_sentences(result)], [*again.notes, *result.notes]
    for sentence in sentences:
        console.print(sentence, markup=False, soft_wrap=True)
    for note in notes:
        console.print(note, markup=False, style="yellow", soft_wrap=True)
    has_changed = again.batch_id is not None or result.batch_id is not None
    if has_changed:
        console.print("Next: orderhouse run")
    return has_changed or bool(notes)


def _meant(
    settings: Settings, beginnings: Sequence[str], like: Selection, values: Mapping[str, str], *, yes: bool
) -> list[str]:
    """Whole ids of the rows that are named, one by one or by what they are like; of many it is asked first."""
    if bool(beginnings) == bool(like.feed or like.source or like.rule):
        raise OrderhouseError("Name rows by their ids, or every row that waits by --rule, --source and --feed.")
    if beginnings:
        return whole_ids(settings, beginnings)
    ids = all_of(settings, like)
    console.print(f"{counted(len(ids), 'row')} in quarantine like that.")
    if not yes:
        typer.confirm(f"Set {', '.join(values)} in all of them?", abort=True)
    return ids


def _assignments(given: Sequence[str], *, is_optional: bool) -> dict[str, str]:
    values: dict[str, str] = {}
    for each in given:
        column, equals, value = each.partition("=")
        if not equals or not column.strip():
            raise OrderhouseError(f"--set {each!r} is no assignment; write column=value.")
        values[column.strip()] = value
    if not values and not is_optional:
        raise OrderhouseError("Say what should be there: --set column=value.")
    return values


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise OrderhouseError("Say whose decision it is: --who NAME.") from None
