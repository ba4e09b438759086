"""Commands that verify, list and export the audit log. The log belongs to `orderhouse.operations.audit_log`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from orderhouse.cli.session import console, counted, grid, settings_of
from orderhouse.errors import OrderhouseError

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    log = typer.Typer(help="The record of who signed in, looked at, revealed, exported and did what.")
    log.command()(verify)
    log.command("list")(list_entries)
    log.command()(export)
    app.add_typer(log, name="audit-log", no_args_is_help=True)


def verify(
    context: typer.Context,
    head: Annotated[
        str | None, typer.Option(help="A head that an earlier `verify` printed. It must still be in the log.")
    ] = None,
) -> None:
    """Compute the chain of the audit log again. Edited, deleted, exchanged and cut off rows are named."""
    from orderhouse.operations.audit_log import verify as check

    found = check(settings_of(context), head=head)
    if found.problems:
        raise OrderhouseError("\n".join(found.problems), exit_code=1)
    console.print(f"{counted(found.rows, 'row')}, and every hash is right.")
    if found.head:
        console.print(f"Head: {found.head}", soft_wrap=True, markup=False)
        console.print("Keep the head elsewhere. `--head` proves later that these rows were not written again.")


def list_entries(
    context: typer.Context,
    number: Annotated[int, typer.Option("--limit", min=1, help="Number of rows, the newest first.")] = 50,
) -> None:
    """List the newest rows of the audit log."""
    from orderhouse.operations.audit_log import entries

    columns = ("number", "at", "actor", "role", "action", "subject", "detail")
    rows = [[getattr(entry, name) for name in columns] for entry in entries(settings_of(context), newest=number)]
    console.print(grid(None, columns, rows, numbers=("number",)))


def export(
    context: typer.Context,
    to: Annotated[Path, typer.Argument(help="File to write, one JSON object a line.")],
) -> None:
    """Write all rows of the audit log as JSON, one a line."""
    from orderhouse.operations.audit_log import entries

    count = 0
    with to.open("w", encoding="utf-8") as sink:
        for count, entry in enumerate(entries(settings_of(context)), 1):  # noqa: B007 - the last count is the result
            sink.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
    console.print(f"Wrote {counted(count, 'row')} to {to}.")
