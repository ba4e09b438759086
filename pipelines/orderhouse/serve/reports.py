"""Reports: the answer of one query as a file with a signed manifest, which `orderhouse verify` accepts.

A report is one table of a manifest, named `report.<name>`. Pictures and documents come with their rows as CSV, so that
what they show can be computed again. How they are drawn belongs to `orderhouse.schedules`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.serve.exports import COPY_OPTIONS, MANIFEST_NAME, guarded, origin_of, signed_manifest
from orderhouse.serve.manifest import ExportedTable, Manifest, describe_file
from orderhouse.serve.publishing import PublishedVersion
from orderhouse.serve.spreadsheets import write_spreadsheet
from orderhouse.serve.without_people import check_report_query, open_without_people
from orderhouse.settings import Settings
from orderhouse.storage.readers import limited_errors
from orderhouse.storage.sql_names import quote

__all__ = ["PICTURED", "REPORT", "ROWS_FORMATS", "Drawn", "is_report", "write_report", "write_rows"]

# Schema of the names of reports in a manifest; no published schema has this name.
REPORT = "report."
ROWS_FORMATS = ("csv", "parquet", "xlsx")
PICTURED = ("pdf", "png")


@dataclass(frozen=True)
class Drawn:
    """Answer to be drawn: its columns as (name, type), its first rows, the number of all, and the version."""

    columns: list[list[str]]
    rows: list[tuple[object, ...]]
    count: int
    version: PublishedVersion


Draw = Callable[[Drawn, Path], None]


def is_report(manifest: Manifest) -> bool:
    """Tell if a manifest is that of a report."""
    return bool(manifest.tables) and all(table.table.startswith(REPORT) for table in manifest.tables)


def write_report(
    settings: Settings,
    name: str,
    query: str,
    format: str,
    folder: Path,
    *,
    role: Role,
    version: PublishedVersion,
    draw: Draw | None = None,
    drawn_rows: int = 0,
) -> Manifest:
    """Write the answer of a query and its manifest into a folder.

    Args:
        settings: Settings of the home.
        name: Name of the report, also of its files.
        query: One statement that selects.
        format: One of `ROWS_FORMATS` or `PICTURED`.
        folder: An empty folder.
        role: The role that asks.
        version: The published version.
        draw: Writes the picture or document; for `PICTURED`.
        drawn_rows: Greatest number of rows that it is given.

    Raises:
        OrderhouseError: The role may not export, the query is not valid, or it reaches a limit.
    """
    if not role.exports:
        raise OrderhouseError(f"The role {role.name} may not export, so it has no reports.")
    query = query.strip().rstrip(";").strip()
    with (
        open_without_people(
            settings, role=role, version=version.number, writable=folder, seconds=settings.export_seconds
        ) as connection,
        limited_errors(settings),
    ):
        check_report_query(connection, query)
        rows_format = format if format in ROWS_FORMATS else "csv"
        columns, count = write_rows(connection, query, rows_format, folder / f"{name}.{rows_format}")
        names = [f"{name}.{rows_format}"]
        if draw is not None:
            shown = connection.execute(f"select * from ({query}\n) as report limit {drawn_rows}").fetchall()  # noqa: S608
            draw(Drawn(columns, shown, count, version), folder / f"{name}.{format}")
            names.insert(0, f"{name}.{format}")
        files = [describe_file(folder / each, folder) for each in names]
        table = ExportedTable(f"{REPORT}{name}", query, columns, count, files)
        manifest = signed_manifest(
            settings, version, origin_of(connection), format, [table], guard=rows_format == "csv", role=role
        )
    (folder / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def write_rows(
    connection: duckdb.DuckDBPyConnection, query: str, format: str, path: Path
) -> tuple[list[list[str]], int]:
    """Write the answer of a query in its order, and return its columns as (name, type) and the number of rows.

    Text in CSV is guarded against spreadsheets. A query may end in a comment, so a new line follows it.
    """
    columns = [[str(name), str(kind)] for name, kind, *_ in connection.execute(f"describe {query}").fetchall()]
    if format == "xlsx":
        return columns, write_spreadsheet(connection, f"{query}\n", path.stem, path)
    chosen = ", ".join(
        guarded(name) if format == "csv" and kind == "VARCHAR" else quote(name) for name, kind in columns
    )
    location = str(path).replace("'", "''")
    sql = f"copy (select {chosen} from ({query}\n) as report) to '{location}' ({COPY_OPTIONS[format]})"  # noqa: S608
    copied = connection.execute(sql).fetchall()
    return columns, int(copied[0][0])
