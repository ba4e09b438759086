"""Options that select quarantined rows, and the search for these rows.

Display belongs to `quarantine`, decisions to `quarantine_repairing`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orderhouse.cli.access import record_use, role_given
from orderhouse.cli.session import error_console
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    import duckdb

    from orderhouse.repair.state import Selection
    from orderhouse.settings import Settings

__all__ = [
    "SHOWN",
    "WAITING",
    "OfFeed",
    "OfRule",
    "OfSource",
    "OfState",
    "Reveal",
    "admit",
    "full_ids",
    "matching_ids",
    "only_row",
    "raw_database",
    "rows_to_show",
    "selection",
]

WAITING = ("open", "patch_failed")
SHOWN = (*WAITING, "patched", "discarded")
EVERY = 2**40

OfFeed = Annotated[str | None, typer.Option("--feed", help="Only rows of this feed.")]
OfSource = Annotated[str | None, typer.Option("--source", help="Only rows of this source.")]
OfRule = Annotated[str | None, typer.Option("--rule", help="Only rows that broke this rule: 'currency|iso_4217'.")]
OfState = Annotated[
    list[str] | None,
    typer.Option(
        "--state", help="open, patched, patch_failed, repaired, discarded, superseded or all. May be repeated."
    ),
]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show personal values from the vault instead of tokens.")]


def admit(
    settings: Settings,
    as_role: str | None,
    command: str,
    *subjects: str,
    decides: bool = False,
    exports: bool = False,
    reveals: bool = False,
) -> None:
    """Refuse a role that may not use a command of the quarantine, and record the use.

    Rows in quarantine hold every column of their feed as received, and belong to no channel or country yet.

    Args:
        settings: Settings of the home.
        as_role: The role; None for the owner of the machine.
        command: The command.
        subjects: Rows and filters that it is about.
        decides: True if it decides about rows.
        exports: True if it writes rows for other programs.
        reveals: True if it shows personal values.

    Raises:
        OrderhouseError: The role may not.
    """
    from orderhouse.access.quarantine import refuse_role

    role = role_given(settings, as_role)
    refuse_role(role, decides=decides)
    if exports and not role.exports:
        raise OrderhouseError(f"The role {role.name} may not export.")
    if reveals and not role.reveals:
        raise OrderhouseError(f"The role {role.name} may not reveal personal data.")
    detail = {"reveals": True} if reveals else {}
    action = "export" if exports else f"quarantine_{command}"
    record_use(
        settings, as_role, action, " ".join(["quarantine", *subjects]) if exports else " ".join(subjects), **detail
    )


@contextlib.contextmanager
def raw_database(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the raw database for reading."""
    from orderhouse.storage.warehouse import open_raw

    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        yield raw


def selection(
    feed: str | None = None,
    source: str | None = None,
    rule: str | None = None,
    states: Sequence[str] | None = None,
    *,
    ids: Sequence[str] | None = None,
    limit: int | None = None,
) -> Selection:
    """Return the selection of these options; the state `all` means any."""
    from orderhouse.repair.state import Selection

    of_states = None if states is None or "all" in states else states
    return Selection(feed, source, rule, of_states, ids, limit)


def rows_to_show(settings: Settings, chosen: Selection) -> list[dict[str, Any]]:
    """Return rows with their current state; read the published version while a run holds the raw database."""
    from orderhouse.cli.published import published
    from orderhouse.repair.state import quarantined
    from orderhouse.serve.queries import quarantined_rows

    if settings.raw_db.exists():
        try:
            with raw_database(settings) as connection:
                return quarantined(connection, chosen)
        except OrderhouseError as error:
            if error.exit_code != 3:
                raise
            error_console.print("A run holds the run lock. These rows are of the published version.", style="yellow")
    with published(settings) as connection:
        return quarantined_rows(
            connection,
            feed=chosen.feed,
            source=chosen.source,
            quarantine_id=chosen.quarantine_ids[0] if chosen.quarantine_ids else None,
            rule=chosen.rule,
            states=chosen.states,
            limit=chosen.limit or EVERY,
        )


def only_row(rows: Sequence[dict[str, Any]], quarantine_id: str) -> dict[str, Any]:
    """Return the only row found for the first characters of an id.

    Raises:
        OrderhouseError: There is none, or more than one.
    """
    if not rows:
        raise OrderhouseError(
            f"There is no row {quarantine_id!r} in quarantine. `orderhouse quarantine list` shows them."
        )
    if len(rows) > 1:
        raise OrderhouseError(f"More than one id in quarantine begins with {quarantine_id!r}. Write more of the id.")
    return rows[0]


def full_ids(settings: Settings, beginnings: Sequence[str]) -> list[str]:
    """Return the full ids for the first characters of ids."""
    from orderhouse.repair.state import quarantined

    if not beginnings:
        return []
    with raw_database(settings) as connection:
        return [
            only_row(quarantined(connection, selection(ids=[each], limit=2)), each)["quarantine_id"]
            for each in dict.fromkeys(beginnings)
        ]


def matching_ids(settings: Settings, chosen: Selection) -> list[str]:
    """Return the ids of all rows of a selection.

    Raises:
        OrderhouseError: There is none.
    """
    from orderhouse.repair.state import quarantined

    with raw_database(settings) as connection:
        ids = [row["quarantine_id"] for row in quarantined(connection, chosen)]
    if not ids:
        raise OrderhouseError(
            "No open row in quarantine matches. `orderhouse quarantine list` shows the rows with their reasons."
        )
    return ids
