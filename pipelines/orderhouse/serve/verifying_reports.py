"""Verification of reports: the query is asked again of the published version, and its rows are compared."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.serve.contents import content_of
from orderhouse.serve.exports import origin_of
from orderhouse.serve.manifest import ExportedTable, Manifest, describe_file
from orderhouse.serve.reports import REPORT, ROWS_FORMATS, write_rows
from orderhouse.serve.without_people import check_report_query, open_without_people
from orderhouse.settings import Settings
from orderhouse.storage.readers import limited_errors

__all__ = ["compare_report", "rows_file"]


def compare_report(settings: Settings, manifest: Manifest, folder: Path, derived: Path, role: Role) -> list[str]:
    """Write the rows of a report again, and return one sentence for each difference.

    Args:
        settings: Settings of the home, which keeps the version.
        manifest: The manifest, whose signature and files were checked.
        folder: Folder of its files.
        derived: A private folder to write into.
        role: Role of the report.
    """
    problems = []
    derived.mkdir(parents=True)
    with (
        open_without_people(
            settings, role=role, version=manifest.version, writable=derived, seconds=settings.export_seconds
        ) as connection,
        limited_errors(settings),
    ):
        if origin_of(connection) != (manifest.store_id, manifest.lineage):
            return [f"The report is of another store, or of other received rows, than version {manifest.version}."]
        for table in manifest.tables:
            given = rows_file(manifest, table)
            try:
                check_report_query(connection, table.query)
                again = derived / given
                columns, count = write_rows(connection, table.query, again.suffix.removeprefix("."), again)
            except OrderhouseError as error:
                problems.append(f"{table.table}: the query cannot be asked again. {error.message}")
                continue
            if count != table.rows or columns != table.columns:
                problems.append(
                    f"{table.table}: the manifest states {table.rows:,} rows, but the version has {count:,}."
                )
            elif not _same(folder / given, again):
                problems.append(f"{table.table}: the rows of version {manifest.version} differ from the report.")
    return problems


def rows_file(manifest: Manifest, table: ExportedTable) -> str:
    """Return the path of the file that has the rows of a report."""
    rows_format = manifest.format if manifest.format in ROWS_FORMATS else "csv"
    return f"{table.table.removeprefix(REPORT)}.{rows_format}"


def _same(given: Path, again: Path) -> bool:
    """Return True for the same bytes, or for the same rows in another order."""
    if describe_file(again, again.parent).sha256 == describe_file(given, given.parent).sha256:
        return True
    if again.suffix == ".xlsx":
        return _sheet(given) == _sheet(again)
    format = again.suffix.removeprefix(".")
    return content_of(format, [given]) == content_of(format, [again])


def _sheet(path: Path) -> Counter[tuple[Any, ...]]:
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    book = load_workbook(path, read_only=True)
    try:
        return Counter(tuple(row) for row in book.worksheets[0].iter_rows(values_only=True))
    finally:
        book.close()
