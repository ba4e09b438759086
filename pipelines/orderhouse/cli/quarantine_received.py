"""A record as received, shown to whoever is to repair it, and which of the two repairs is the one for it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orderhouse.cli.quarantine_rows import reading
from orderhouse.cli.session import console, grid
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.files.patches import Received
    from orderhouse.settings import Settings

__all__ = ["say_received"]

# Of a format that takes contract columns as they are a row is the record.
ROW_BY_ROW = "canonical"
SHOWN_FIELDS = 80


def say_received(settings: Settings, row: Mapping[str, Any], *, reveal: bool) -> None:
    """Say how a row is put right, with the fields of its record where its format makes more than this row of it.

    Args:
        settings: Whose home.
        row: The row.
        reveal: Show values that may be personal.
    """
    from orderhouse.sources.config.declaration import load_sources

    sources = load_sources(settings.sources_file).sources
    source = sources.get(row["source"])
    if source is None:
        return
    if source.format == ROW_BY_ROW:
        how = f"orderhouse quarantine repair {row['quarantine_id']} --set column=value --why TEXT"
        console.print(f"Put it right: {how}", soft_wrap=True)
        return
    received = _received(settings, row)
    if received is not None and received.is_readable:
        _say_fields(received, reveal=reveal)
    option = "--set field=value" if received is None or received.is_readable else "--text RECORD"
    console.print(
        f"{source.format} makes rows of one record, or values of other rows, beside this one. Put the record right as "
        f"it was received, and all of them follow: orderhouse quarantine repair {row['quarantine_id']} --received "
        f"{option} --why TEXT",
        soft_wrap=True,
    )
    if received is not None and received.is_readable:
        others = "If its fields are good, another record made this row bad: see the others of its file or bundle"
        console.print(f"{others}: orderhouse quarantine list --source {source.name}", soft_wrap=True)


def _received(settings: Settings, row: Mapping[str, Any]) -> Received | None:
    """The record that a row came from; None where it cannot be read now."""
    import duckdb

    from orderhouse.repair.records import RecordsAtHand
    from orderhouse.sources.config.declaration import load_sources
    from orderhouse.vault.originals import Originals
    from orderhouse.vault.vault import open_vault

    sources = load_sources(settings.sources_file).sources
    # a home that only an earlier version has written to lacks a column
    with (
        contextlib.suppress(OrderhouseError, duckdb.Error),
        open_vault(settings) as vault,
        reading(settings) as connection,
    ):
        at_hand = RecordsAtHand(connection, vault, Originals(settings, vault.keys), sources)
        return at_hand.tried(row["source"], row["file_id"], row["record"]).received[row["record"]]
    return None


def _say_fields(received: Received, *, reveal: bool) -> None:
    from orderhouse.contracts.sentences import HARMLESS, WITHHELD

    fields = [
        (name, value if reveal or value is None or re.search(HARMLESS, value) else WITHHELD)
        for name, value in received.fields.items()
    ]
    console.print(grid("The record as received", ("field", "value"), fields[:SHOWN_FIELDS]))
    if len(fields) > SHOWN_FIELDS:
        console.print(f"The first {SHOWN_FIELDS} of {len(fields)} fields.", style="dim")
