"""Commands that export published tables as files, and verify such files later.

The work belongs to `orderhouse.serve`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from orderhouse.cli.session import console, counted, settings_of
from orderhouse.errors import OrderhouseError

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(export)
    app.command()(verify)


def export(
    context: typer.Context,
    tables: Annotated[list[str], typer.Argument(help="Tables, such as ops.orders or fct_revenue_daily.")],
    format: Annotated[str, typer.Option("--format", "-f", help="csv, parquet or xlsx.")] = "csv",
    to: Annotated[str | None, typer.Option(help="A folder or s3://bucket/folder. Default: <home>/exports.")] = None,
    where: Annotated[str | None, typer.Option(help="A condition on the rows, in SQL.")] = None,
    partition_by: Annotated[
        list[str] | None, typer.Option(help="Split files by the values of these columns. Repeat it, or use commas.")
    ] = None,
    version: Annotated[int | None, typer.Option(help="A published version. Default: the current one.")] = None,
    guard: Annotated[
        bool, typer.Option(help="In CSV, put an apostrophe before text that a spreadsheet would run as a formula.")
    ] = True,
) -> None:
    """Write tables as files, with a manifest that `verify` checks."""
    from orderhouse.serve.exports import MANIFEST_NAME
    from orderhouse.serve.exports import export as write

    settings = settings_of(context)
    place = to or str(settings.exports)
    columns = [column.strip() for given in partition_by or [] for column in given.split(",") if column.strip()]
    with console.status("Writing"):
        manifest = write(
            settings, tables, format=format, to=place, where=where, partition_by=columns, version=version,
            guards_formulas=guard,
        )  # fmt: skip
    for table in manifest.tables:
        size = sum(file.size_bytes for file in table.files)
        files = counted(len(table.files), "file")
        console.print(f"{table.table}: {counted(table.rows, 'row')} in {files}, {size / 1e6:,.1f} MB")
    address, mark, options = place.partition("?")
    console.print(f"Next: orderhouse verify {address.rstrip('/')}/{MANIFEST_NAME}{mark}{options}", soft_wrap=True)


def verify(
    context: typer.Context,
    manifest: Annotated[str, typer.Argument(help="The manifest of an export, or its folder.")],
) -> None:
    """Compare exported files with their manifest, and with the published version that they came from."""
    from orderhouse.serve.verifying import verify as compare

    with console.status("Comparing"):
        found = compare(settings_of(context), manifest)
    if found.problems:
        raise OrderhouseError("\n".join(found.problems), exit_code=1)
    files = sum(len(table.files) for table in found.manifest.tables)
    checked = f"{counted(files, 'file')} and {counted(found.manifest.rows, 'row')}"
    if found.is_derived:
        console.print(f"Verified: {checked} match version {found.manifest.version}.")
    else:
        console.print(
            f"{checked} match the manifest. Version {found.manifest.version} was deleted, "
            "so they could not be compared with it.",
            style="yellow",
        )
