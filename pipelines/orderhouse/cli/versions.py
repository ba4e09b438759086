"""Commands that list published versions, and make an earlier one current.

Publishing belongs to `steps`, the versions themselves to `orderhouse.serve.publishing`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from orderhouse.cli.session import console, grid, settings_of

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (versions, rollback):
        app.command()(command)


def versions(context: typer.Context) -> None:
    """List the published versions that are kept, newest first."""
    from orderhouse.serve.publishing import list_versions

    found = list_versions(settings_of(context))
    if not found:
        console.print("Nothing is published yet. Next: orderhouse run")
        return
    rows = (
        ("→" if version.is_current else "", version.number, version.published_at, version.as_of, version.batch_id,
         sum(version.rows.values()), round(version.size_bytes / 1e6, 1))
        for version in found
    )  # fmt: skip
    columns = ("", "version", "published_at", "clock (UTC)", "batch", "rows", "MB")
    console.print(grid(None, columns, rows, numbers=("version", "batch", "rows", "MB")))
    console.print("Make another one current: orderhouse rollback VERSION")


def rollback(
    context: typer.Context,
    version: Annotated[int, typer.Argument(help="Number of the version.")],
) -> None:
    """Make an earlier version current, also while a run is busy. The next build continues from the newest one."""
    from orderhouse.serve.publishing import rollback as make_current

    found = make_current(settings_of(context), version)
    console.print(f"Version {found.number} is current again, clock {found.as_of} UTC.")
