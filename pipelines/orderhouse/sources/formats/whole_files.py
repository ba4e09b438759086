"""Whole CSV files of formats with fixed columns, read at once and checked for the columns that the format needs.

The translation of the columns belongs in the format modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from orderhouse.contracts.notation import Notation
from orderhouse.errors import listed
from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.sources.formats.format import Declaration
from orderhouse.sources.readers.csv_text import CsvDialect, read_csv
from orderhouse.sources.readers.records import RECORD, Malformed

__all__ = ["CsvFile", "exact", "read_whole"]


@dataclass(frozen=True)
class CsvFile:
    """A CSV file in memory: trimmed text columns by the file's names, and `_record`."""

    file: SourceFile
    frame: pl.DataFrame
    malformed: list[Malformed]
    ignored: tuple[str, ...]


def read_whole(
    source: Declaration,
    file: SourceFile,
    columns: Sequence[str],
    optional: Sequence[str] = (),
    *,
    numbers: Sequence[str] = (),
    instants: Sequence[str] = (),
) -> CsvFile:
    """Read a file that fits into memory.

    Args:
        source: The source, for delimiter and encoding.
        file: The file.
        columns: Columns that the format needs.
        optional: Columns that the format uses if they exist; null otherwise.
        numbers: Columns that are read in the decimal sign of the source.
        instants: Columns that are read in the forms of days of the source.

    Raises:
        FileRejected: The file cannot be read, or a needed column is missing.
    """
    frames: list[pl.DataFrame] = []
    malformed: list[Malformed] = []
    for records in read_csv(file, CsvDialect(source.delimiter, source.encoding)):
        frames.append(records.frame)
        malformed.extend(records.malformed)
    frame = pl.concat(frames, rechunk=True)
    found = [name for name in frame.columns if name != RECORD]
    missing = [name for name in columns if name not in found]
    if missing and found:
        lacks = f"The file has no column {', '.join(missing)}"
        detail = f"{lacks}; it has {listed(found)}."
        is_header = not {*columns, *optional}.isdisjoint(found)  # otherwise the first line may be a person's record
        raise FileRejected(detail if is_header else f"{lacks}, nor any other that is known.", detail)
    wanted = [*columns, *optional]
    text = [
        pl.col(name).str.strip_chars().replace("", None) if name in found else pl.lit(None, pl.String).alias(name)
        for name in wanted
    ]
    ignored = tuple(name for name in found if name not in wanted)
    plain = _in_our_notation(frame.select(*text, RECORD), source.file_notation, numbers, instants)
    return CsvFile(file, plain, malformed, ignored)


def _in_our_notation(
    frame: pl.DataFrame, notation: Notation, numbers: Sequence[str], instants: Sequence[str]
) -> pl.DataFrame:
    """Return numbers with a point, and days and instants in ISO-8601, where they are written as declared."""
    columns: list[pl.Series] = []
    if notation.decimal:
        columns += [
            notation.plain_numbers(frame[name]).fill_null(frame[name]) for name in numbers if name in frame.columns
        ]
    if notation.dates:
        found = [notation.iso_instants(frame[name]) for name in instants if name in frame.columns]
        columns += [iso.str.replace("T", " ", literal=True).str.replace(r"\.0+$", "") for iso in found]
    return frame.with_columns(columns)


def exact(column: str) -> pl.Expr:
    """Return a text column as an exact amount; null where it is not an amount or has more than four decimals."""
    is_amount = pl.col(column).str.contains(r"^[+-]?0*\d{1,14}(?:\.\d{0,4}0*)?$")
    return pl.when(is_amount).then(pl.col(column)).cast(pl.Decimal(18, 4), strict=False)
