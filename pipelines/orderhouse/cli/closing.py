"""Commands that close a month and list what has changed in closed months since.

Closing belongs to `orderhouse.serve.closing`.
"""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from orderhouse.cli.session import console, counted, error_console, grid, settings_of

__all__ = ["add_commands"]

Month = Annotated[str, typer.Argument(help="A month, such as 2026-05.", metavar="MONTH")]
MOST_CAUSES = 5


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (close, restatements):
        app.command()(command)


def close(
    context: typer.Context,
    month: Month,
    who: Annotated[str | None, typer.Option(help="Who closes it. Default: the user of this machine.")] = None,
) -> None:
    """Close a month: its figures are those known now. Later changes are listed as restatements."""
    from orderhouse.serve.closing import close_month
    from orderhouse.storage.warehouse import run_lock

    settings = settings_of(context)
    with run_lock(settings, "close"):
        closed = close_month(settings, month, who or getpass.getuser())
    console.print(f"Closed {closed.month} at {closed.closed_at:%Y-%m-%d %H:%M:%S} UTC.")
    console.print(f"Next: orderhouse restatements {closed.month}")


def restatements(context: typer.Context, month: Month) -> None:
    """List the figures of a closed month that have changed since, with the rows that caused it."""
    from orderhouse.serve.closing import restatements as changes_of

    settings = settings_of(context)
    with error_console.status("Preparing the models") as status:
        found = changes_of(settings, month, on_event=lambda event: status.update(f"Building {event.table}"))
    if not found:
        console.print(f"Nothing in {month} has changed since it was closed.")
        return
    columns = ("day", "clock", "row", "figure", "closed", "current", "difference", "caused by")
    rows = (
        (each.key["business_date"], each.key["recognition_clock"],
         " ".join(str(each.key[name]) for name in ("channel", "country", "category", "currency")),
         each.measure, each.closed, each.current, each.difference, _shown(each.causes))
        for each in found
    )  # fmt: skip
    console.print(grid(counted(len(found), "restatement"), columns, rows, numbers=("closed", "current", "difference")))


def _shown(causes: list[str]) -> str:
    more = [f"and {len(causes) - MOST_CAUSES} more"] if len(causes) > MOST_CAUSES else []
    return "\n".join([*causes[:MOST_CAUSES], *more])
