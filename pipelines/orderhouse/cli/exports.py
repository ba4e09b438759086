"""Commands that export published tables as files, and verify such files later.

The work belongs to `orderhouse.serve`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from orderhouse.cli.access import AsRole, record_use, role_given
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
    to: Annotated[
        str | None, typer.Option(help="A folder or s3://bucket/folder. Default: one below <home>/exports.")
    ] = None,
    where: Annotated[str | None, typer.Option(help="A condition on the rows, in SQL.")] = None,
    partition_by: Annotated[
        list[str] | None, typer.Option(help="Split files by the values of these columns. Repeat it, or use commas.")
    ] = None,
    version: Annotated[int | None, typer.Option(help="A published version. Default: the current one.")] = None,
    guard: Annotated[
        bool, typer.Option(help="In CSV, put an apostrophe before text that a spreadsheet would run as a formula.")
    ] = True,
    as_role: AsRole = None,
) -> None:
    """Write tables as files, with a manifest that `verify` checks."""
    from orderhouse.files.object_stores import address_without_keys
    from orderhouse.serve.exports import MANIFEST_NAME
    from orderhouse.serve.exports import export as write
    from orderhouse.storage.readers import bounded_process

    settings = settings_of(context)
    place = to or str(settings.exports / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    columns = [column.strip() for given in partition_by or [] for column in given.split(",") if column.strip()]
    role = role_given(settings, as_role)
    for name in tables if role.exports else ():
        record_use(settings, as_role, "export", name, format=format, where=where, to=address_without_keys(place))
    with console.status("Writing"), bounded_process(settings, settings.export_seconds):
        manifest = write(
            settings, tables, format=format, to=place, where=where, partition_by=columns, version=version,
            guards_formulas=guard, role=role,
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
    key: Annotated[
        Path | None,
        typer.Option(help="Public key of the exporting home. Default: the key of this home.", metavar="FILE"),
    ] = None,
) -> None:
    """Check the signature of an export and compare its files, and with the home also its rows, with the version."""
    from orderhouse.serve.verifying import verify as compare

    with console.status("Comparing"):
        found = compare(settings_of(context), manifest, key=key)
    if found.problems:
        raise OrderhouseError("\n".join(found.problems), exit_code=1)
    files = sum(len(table.files) for table in found.manifest.tables)
    checked = f"{counted(files, 'file')} and {counted(found.manifest.rows, 'row')}"
    if found.is_derived:
        console.print(f"Verified: {checked} match version {found.manifest.version}.")
    else:
        console.print(
            f"{checked} match the signed manifest. Version {found.manifest.version} is not kept here, "
            "or the role of the export reads other rows now, so they could not be derived again.",
            style="yellow",
        )
