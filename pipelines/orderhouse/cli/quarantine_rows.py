"""Finding the rows of the quarantine that a command is about, and the options that say which."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    "all_of",
    "looked_at",
    "one_row",
    "reading",
    "wanted",
    "whole_ids",
]

WAITING = ("open", "patch_failed")
SHOWN = (*WAITING, "patched", "discarded")
EVERY = 2**40

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


@contextlib.contextmanager
def reading(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The raw database, for reading."""
    from orderhouse.storage.warehouse import open_raw

    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        yield raw


def wanted(
    feed: str | None = None,
    source: str | None = None,
    rule: str | None = None,
    states: Sequence[str] | None = None,
    *,
    ids: Sequence[str] | None = None,
    limit: int | None = None,
) -> Selection:
    """Which rows are meant; the state `all` means any."""
    from orderhouse.repair.state import Selection

    of_states = None if states is None or "all" in states else states
    return Selection(feed, source, rule, of_states, ids, limit)


def looked_at(settings: Settings, chosen: Selection) -> list[dict[str, Any]]:
    """Rows as they stand; what is published of them where there is nothing else, or while a run is busy with it."""
    from orderhouse.cli.published import published
    from orderhouse.repair.state import quarantined
    from orderhouse.serve.queries import quarantined_rows

    if settings.raw_db.exists():
        try:
            with reading(settings) as connection:
                return quarantined(connection, chosen)
        except OrderhouseError as error:
            if error.exit_code != 3:
                raise
            error_console.print("A run holds the warehouse; this is what was published before it.", style="yellow")
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


def one_row(rows: Sequence[dict[str, Any]], quarantine_id: str) -> dict[str, Any]:
    """The only row found for an id that somebody wrote.

    Raises:
        OrderhouseError: There is none, or more than one.
    """
    if not rows:
        raise OrderhouseError(
            f"There is no row {quarantine_id!r} in quarantine. `orderhouse quarantine list` shows them."
        )
    if len(rows) > 1:
        raise OrderhouseError(f"More than one row in quarantine begins with {quarantine_id!r}; write more of the id.")
    return rows[0]


def whole_ids(settings: Settings, beginnings: Sequence[str]) -> list[str]:
    """Whole ids for their beginnings."""
    from orderhouse.repair.state import quarantined

    if not beginnings:
        return []
    with reading(settings) as connection:
        return [
            one_row(quarantined(connection, wanted(ids=[each], limit=2)), each)["quarantine_id"]
            for each in dict.fromkeys(beginnings)
        ]


def all_of(settings: Settings, chosen: Selection) -> list[str]:
    """The ids of every row like that.

    Raises:
        OrderhouseError: There is none.
    """
    from orderhouse.repair.state import quarantined

    with reading(settings) as connection:
        ids = [row["quarantine_id"] for row in quarantined(connection, chosen)]
    if not ids:
        raise OrderhouseError(
            "No row that waits is like that. `orderhouse quarantine list` shows them with their rules."
        )
    return ids
