"""Display of a record as received, with the command that repairs it.

The repair itself belongs to `quarantine_repairing`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orderhouse.cli.quarantine_rows import raw_database
from orderhouse.cli.session import console, grid
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.files.patches import Received
    from orderhouse.settings import Settings

__all__ = ["print_received"]

# In this format each row is one record, in contract columns.
ROW_BY_ROW = "canonical"
SHOWN_FIELDS = 80


def print_received(settings: Settings, row: Mapping[str, Any], *, reveal: bool) -> None:
    """Print the command that repairs a row, and the fields of its record if the format makes other rows of it too.

    Args:
        settings: Settings of the home.
        row: The quarantined row.
        reveal: True to show values that may be personal.
    """
    from orderhouse.sources.config.sources_file import sources_of

    sources = sources_of(settings).sources
    source = sources.get(row["source"])
    if source is None:
        return
    if source.format == ROW_BY_ROW:
        how = f"orderhouse quarantine repair {row['quarantine_id']} --set column=value --why TEXT"
        console.print(f"Repair it: {how}", soft_wrap=True)
        return
    received = _received(settings, row)
    if received is not None and received.is_readable:
        _print_fields(received, reveal=reveal)
    option = "--set field=value" if received is None or received.is_readable else "--text RECORD"
    console.print(
        f"{source.format} makes several rows, or values of other rows, from one record. Repair the record as received "
        f"to repair all of them: orderhouse quarantine repair {row['quarantine_id']} --received {option} --why TEXT",
        soft_wrap=True,
    )
    if received is not None and received.is_readable:
        others = "If its fields are valid, the error is in another record of the file or bundle. List them"
        console.print(f"{others}: orderhouse quarantine list --source {source.name}", soft_wrap=True)


def _received(settings: Settings, row: Mapping[str, Any]) -> Received | None:
    """Return the record that a row came from; None if it cannot be read now."""
    import duckdb

    from orderhouse.repair.records import RecordReader
    from orderhouse.sources.config.sources_file import sources_of
    from orderhouse.vault.originals import Originals
    from orderhouse.vault.vault import open_vault

    sources = sources_of(settings).sources
    # A home written by an earlier version may lack a column, which is a duckdb.Error.
    with (
        contextlib.suppress(OrderhouseError, duckdb.Error),
        open_vault(settings) as vault,
        raw_database(settings) as connection,
    ):
        reader = RecordReader(connection, vault, Originals(settings, vault.keys), sources)
        return reader.read(row["source"], row["file_id"], row["record"]).received[row["record"]]
    return None


def _print_fields(received: Received, *, reveal: bool) -> None:
    from orderhouse.contracts.sentences import HARMLESS, WITHHELD

    fields = [
        (name, value if reveal or value is None or re.search(HARMLESS, value) else WITHHELD)
        for name, value in received.fields.items()
    ]
    console.print(grid("The record as received", ("field", "value"), fields[:SHOWN_FIELDS]))
    if len(fields) > SHOWN_FIELDS:
        console.print(f"The first {SHOWN_FIELDS} of {len(fields)} fields.", style="dim")
