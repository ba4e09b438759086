"""XLSX files, written row by row in constant memory; text is never a formula, and money keeps its digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError

__all__ = ["write_spreadsheet"]

# The greatest number of rows of a sheet, without the header.
MOST_ROWS = 1_048_575
# A spreadsheet keeps 15 significant digits; longer numbers are written as text, so that no digit is lost.
EXACT_DIGITS = 15
MOST_TEXT = 32_767
BATCH = 5_000
# All files have one creation date, so that the same rows give the same bytes.
CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - the format holds no zone


def write_spreadsheet(connection: duckdb.DuckDBPyConnection, query: str, title: str, path: Path) -> int:
    """Write the result of a query as one sheet.

    Args:
        connection: A published version.
        query: The query; its order of rows is kept.
        title: Name of the sheet; only its last 31 characters are used.
        path: The file.

    Returns:
        The number of rows written, without the header.

    Raises:
        OrderhouseError: The query has more rows than a sheet can hold, or a text is longer than a cell.
    """
    import xlsxwriter

    counted = connection.execute(f"select count(*) from ({query}) as exported").fetchone()  # noqa: S608 - our own query
    rows = int(counted[0]) if counted else 0
    if rows > MOST_ROWS:
        raise OrderhouseError(
            f"{title} has {rows:,} rows, but a spreadsheet holds {MOST_ROWS:,}. "
            "Select rows with `--where`, split files with `--partition-by`, or export csv or parquet."
        )
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        workbook.set_properties({"created": CREATED})
        sheet = workbook.add_worksheet(title[-31:])
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description or []]
        _write_header(workbook, sheet, names)
        writer = _CellWriter(workbook, sheet, names)
        for number, row in enumerate(_rows(cursor), 1):
            writer.write_row(number, row)
    return rows


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := cursor.fetchmany(BATCH):
        yield from batch


def _write_header(workbook: Any, sheet: Any, names: Sequence[str]) -> None:
    bold = workbook.add_format({"bold": True})
    for column, name in enumerate(names):
        sheet.set_column(column, column, min(max(len(name) + 2, 10), 40))
        sheet.write_string(0, column, name, bold)
    sheet.freeze_panes(1, 0)


class _CellWriter:
    """Writer of cells by the type of each value."""

    def __init__(self, workbook: Any, sheet: Any, names: Sequence[str]) -> None:
        self.names = names
        self.sheet = sheet
        self.money = workbook.add_format({"num_format": "0.00##"})
        self.instant = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.day = workbook.add_format({"num_format": "yyyy-mm-dd"})

    def write_row(self, number: int, row: Sequence[Any]) -> None:
        """Write the values of one row."""
        for column, value in enumerate(row):
            self._write(number, column, value)

    def _write(self, row: int, column: int, value: Any) -> None:
        match value:
            case None:
                return
            case bool():
                self.sheet.write_boolean(row, column, value)
            case int() | Decimal() if _is_exact(value):
                self.sheet.write_number(row, column, value, self.money if isinstance(value, Decimal) else None)
            case float() if value == value and abs(value) != float("inf"):
                self.sheet.write_number(row, column, value)
            case datetime() if value.year >= 1900:
                self.sheet.write_datetime(row, column, value, self.instant)
            case date() if not isinstance(value, datetime) and value.year >= 1900:
                self.sheet.write_datetime(row, column, value, self.day)
            case _:
                text = str(value)
                if len(text) > MOST_TEXT:
                    raise OrderhouseError(
                        f"The text of row {row + 1}, column {self.names[column]} has {len(text):,} characters, but a "
                        f"cell of a spreadsheet holds {MOST_TEXT:,}. Export csv or parquet, or select other rows."
                    )
                self.sheet.write_string(row, column, text)


def _is_exact(value: int | Decimal) -> bool:
    return len(str(value).replace("-", "").replace(".", "").strip("0")) <= EXACT_DIGITS
