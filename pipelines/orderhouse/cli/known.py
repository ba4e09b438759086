"""The options `--known-at` and `--as-of` of commands that read, and the progress of the build behind them.

The build belongs to `orderhouse.serve.known_at`, the commands to `published`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.session import error_console
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.settings import Settings

__all__ = ["ClockThen", "KnownAt", "known_file"]

KnownAt = Annotated[
    str | None,
    typer.Option("--known-at", metavar="INSTANT", help="Answer with the rows received until then, and no others."),
]
ClockThen = Annotated[
    str | None,
    typer.Option("--as-of", help="The clock of `--known-at`: `now` (that instant), `data` or an instant."),
]


def known_file(settings: Settings, known_at: str | None, as_of: str | None, version: int | None) -> Path | None:
    """Return the file of the tables as known at an instant, built if need be; None without the option.

    Raises:
        OrderhouseError: The options contradict each other, or the instant is refused.
    """
    if known_at is None:
        if as_of is not None:
            raise OrderhouseError("`--as-of` fixes the clock of `--known-at`. Name that instant too.")
        return None
    if version is not None:
        raise OrderhouseError("`--version` and `--known-at` exclude each other. Give one of them.")
    from orderhouse.serve.known_at import known_version

    with error_console.status("Preparing the models") as status:
        known = known_version(
            settings, known_at, as_of=as_of, on_event=lambda event: status.update(f"Building {event.table}")
        )
    error_console.print(
        f"As known at {known_at}: batch {known.batch_id}, clock {known.as_of} UTC.", style="dim", markup=False
    )
    return known.path
