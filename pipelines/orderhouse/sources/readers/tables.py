"""Tables as records: Parquet in slices, and the first sheet of an Excel workbook.

The meaning of columns belongs in the format modules.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from orderhouse.errors import listed
from orderhouse.files.damage import damage
from orderhouse.files.source_files import GZIP_MAGIC, ZSTD_MAGIC, FileRejected, SourceFile, refuse, unpacked
from orderhouse.sources.readers.arrow_columns import UnusableColumn, usable
from orderhouse.sources.readers.headers import column_names
from orderhouse.sources.readers.patched_tables import patched_records
from orderhouse.sources.readers.records import RECORD, Records

__all__ = ["read_parquet", "read_xlsx"]

SLICE_ROWS = 150_000
SHEET_BYTES = 1 << 30


def read_parquet(file: SourceFile) -> Iterator[Records]:
    """Yield the rows of a Parquet file with their own types; `_record` is the number of the row.

    Raises:
        FileRejected: The file is damaged.
        FileVanished: The file no longer exists.
    """
    return patched_records(_parquet_rows(file), file.patches)


def _parquet_rows(file: SourceFile) -> Iterator[Records]:
    with _seekable(file) as stream:
        try:
            table = pq.ParquetFile(stream)
            if file.limits is not None:
                groups = [table.metadata.row_group(number) for number in range(table.metadata.num_row_groups)]
                refuse(file.limits.refusal_of_rows(table.metadata.num_rows))
                refuse(file.limits.refusal_of_columns(table.metadata.num_columns))
                refuse(file.limits.refusal_of_size(sum(group.total_byte_size for group in groups), None))
            schema = table.schema_arrow
            names = column_names(schema.names)
            # An empty frame first, so that the columns of a file without rows are known and checked.
            yield _records(names, [pa.nulls(0, kind) for kind in schema.types], 1)
            first = 1
            for batch in table.iter_batches(batch_size=SLICE_ROWS):
                yield _records(names, batch.columns, first)
                first += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise FileRejected(f"The Parquet file is damaged: {damage(error)}.") from None
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            raise FileRejected("The Parquet file has values that cannot be read. Send it as CSV.") from None


def _records(names: list[str], columns: list[pa.Array], first: int) -> Records:
    """Return records of a slice. A column that cannot be used is there without values, with the reason."""
    frame: dict[str, pl.Series] = {}
    unusable: dict[str, str] = {}
    for name, values in zip(names, columns, strict=True):
        try:
            frame[name] = pl.Series(name, usable(values))
        except UnusableColumn as error:
            unusable[name] = str(error)
            frame[name] = pl.Series(name, [None], dtype=pl.Null()).new_from_index(0, len(values))
        except pa.ArrowInvalid:
            detail = f"the column {name} has values that break its type, such as text that is not UTF-8"
            raise FileRejected(f"The Parquet file is damaged: {detail}.") from None
    return Records(_numbered(pl.DataFrame(frame), first), unusable=unusable)


def read_xlsx(
    file: SourceFile, names: list[str] | None, sheet: str | None = None, header_row: int = 1
) -> Iterator[Records]:
    """Yield the rows of a sheet as text; `_record` is the row in the sheet.

    Args:
        file: The workbook.
        names: Columns of a sheet without header; None if a row is the header.
        sheet: Name of the sheet; None for the first.
        header_row: Row of the header, from one; rows above it are not read.

    Raises:
        FileRejected: The file is not a workbook, or unpacks to more than a gigabyte.
        FileVanished: The file no longer exists.
    """
    return patched_records(_sheet_rows(file, names, sheet, header_row), file.patches)


def _sheet_rows(file: SourceFile, names: list[str] | None, sheet: str | None, header_row: int) -> Iterator[Records]:
    try:
        from openpyxl import load_workbook  # type: ignore[import-untyped]
    except ImportError:
        raise FileRejected("Reading Excel workbooks needs the package openpyxl, which is not installed.") from None
    content = unpacked(file, "Excel workbook")
    most = SHEET_BYTES if file.limits is None else file.limits.document_bytes
    try:
        # Checked before openpyxl unpacks, because a small workbook may expand to more than the memory.
        with zipfile.ZipFile(content) as parts:
            size = sum(part.file_size for part in parts.infolist())
        rows: list[list[str | None]] = []
        if size <= most:
            found = _sheet(load_workbook(content, read_only=True, data_only=True), sheet)
            rows = [_filled(row) for row in found.iter_rows(values_only=True)]
    except FileRejected:
        raise
    except Exception as error:  # openpyxl passes on the errors of its zip, XML and number readers
        raise FileRejected(f"The Excel workbook is damaged: {str(error)[:200] or type(error).__name__}.") from None
    if size > most:
        raise FileRejected(f"The Excel workbook unpacks to {size >> 20} MB. Send it as CSV or Parquet.")
    if file.limits is not None:
        refuse(file.limits.refusal_of_columns(max(map(len, rows), default=0)))
    header = names or column_names(rows[header_row - 1] if len(rows) >= header_row else [])
    first = header_row if names else header_row + 1
    width = len(header)
    body = [
        (number, [*row[:width], *[None] * (width - len(row))]) for number, row in enumerate(rows[first - 1 :], first)
    ]
    filled = [(number, row) for number, row in body if any(value is not None for value in row)]
    frame = pl.DataFrame([row for _, row in filled], schema=dict.fromkeys(header, pl.String()), orient="row")
    yield Records(frame.with_columns(pl.Series(RECORD, [number for number, _ in filled], dtype=pl.Int64)))


def _sheet(workbook: Any, name: str | None) -> Any:
    """Return the first sheet of a workbook, or the one of this name."""
    if name is None:
        return workbook.worksheets[0]
    if name not in workbook.sheetnames:
        raise FileRejected(f"The workbook has no sheet {name}; it has {listed(workbook.sheetnames)}.")
    return workbook[name]


def _filled(row: tuple[Any, ...]) -> list[str | None]:
    """Return the cells of a row as text, up to the last one with a value: a sheet may be said to be very wide."""
    width = next((place for place in range(len(row), 0, -1) if row[place - 1] is not None), 0)
    return [_as_text(value) for value in row[:width]]


def _seekable(file: SourceFile) -> BinaryIO:
    stream = file.open()
    head = stream.read(4)
    stream.seek(0)
    if head[:2] != GZIP_MAGIC and head != ZSTD_MAGIC:
        return stream
    stream.close()
    return unpacked(file)


def _numbered(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    return frame.with_columns(pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True).alias(RECORD))


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
