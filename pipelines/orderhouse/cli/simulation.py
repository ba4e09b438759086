"""Command that simulates the feeds of an invented merchant, with or without errors in them.

The simulation belongs to `orderhouse.simulate`.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.session import console, counted, settings_of
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.simulate import Mess

__all__ = ["add_commands"]

Share = Annotated[float | None, typer.Option(min=0, max=1, help="Share of rows, 0 to 1. Default: that of --mess.")]


class MessLevel(StrEnum):
    """Level of errors in the files."""

    none = "none"
    light = "light"
    heavy = "heavy"


class FileFormat(StrEnum):
    """Format of the feed files."""

    csv = "csv"
    ndjson = "ndjson"
    parquet = "parquet"


class Compression(StrEnum):
    """Compression of the feed files."""

    plain = "plain"
    gzip = "gzip"
    zstd = "zstd"


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(simulate)


def simulate(
    context: typer.Context,
    orders: Annotated[int, typer.Option(min=1, help="Number of orders.")] = 2_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 1,
    to: Annotated[Path | None, typer.Option(help="Folder to write. Default: <home>/landing/simulated.")] = None,
    days: Annotated[int, typer.Option(min=1, help="Days that the orders spread over.")] = 180,
    offset: Annotated[
        int, typer.Option(min=0, help="Continue a world of this many orders: new orders, and events of recent ones.")
    ] = 0,
    file_format: Annotated[FileFormat, typer.Option(help="Format of the files.")] = FileFormat.csv,
    compression: Annotated[Compression, typer.Option(help="Compression of the files.")] = Compression.plain,
    mess: Annotated[MessLevel, typer.Option(help="Level of errors in the files.")] = MessLevel.none,
    duplicates: Share = None,
    late: Share = None,
    out_of_order: Share = None,
    malformed: Share = None,
    conflicts: Share = None,
    orphans: Share = None,
    unknown_words: Share = None,
    payouts: Annotated[bool, typer.Option("--payouts", help="Also write what providers state about payouts.")] = False,
    price_lists: Annotated[
        bool, typer.Option("--price-lists", help="Also write contracts of business customers.")
    ] = False,
) -> None:
    """Simulate the feeds of an invented merchant, with the expected results in truth/."""
    from orderhouse.simulate import SimulationOptions, run

    folder = to or settings_of(context).landing / "simulated"
    shares = {
        "duplicates": duplicates,
        "late": late,
        "out_of_order": out_of_order,
        "malformed": malformed,
        "conflicts": conflicts,
        "orphans": orphans,
        "unknown_words": unknown_words,
    }
    try:
        options = SimulationOptions(
            orders=orders,
            seed=seed,
            to=folder,
            mess=_mess(mess, {name: share for name, share in shares.items() if share is not None}),
            days=days,
            offset=offset,
            file_format=file_format.value,
            compression=compression.value,
            payouts=payouts,
            price_lists=price_lists,
        )
    except ValueError as error:
        raise OrderhouseError(f"The options of the simulation are not valid: {error}.") from None
    with console.status(f"Simulating {counted(orders, 'order')}") as status:
        made = run(options, lambda what, done, total: status.update(f"Simulating {what}: {done} of {total}"))
    console.print(f"Simulated {counted(orders, 'order')} in {folder}: {counted(made.files, 'file')}.")
    for kind, rows in made.mess.items():
        console.print(f"  {kind.replace('_', ' ')}: {counted(rows, 'row')}")
    console.print(f"Next: orderhouse run --sources {folder / 'sources.yaml'} --as-of data", soft_wrap=True)


def _mess(level: MessLevel, shares: dict[str, float]) -> Mess:
    from orderhouse.simulate import Mess

    levels = {MessLevel.none: Mess(), MessLevel.light: Mess.light(), MessLevel.heavy: Mess.heavy()}
    return replace(levels[level], **shares)
