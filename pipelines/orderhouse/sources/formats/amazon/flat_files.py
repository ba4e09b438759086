"""Amazon's flat-file reports: tab-separated text with the decimal signs and dates of each marketplace.

Reports of the European marketplaces write ``1.234,56`` and ``27.11.2026 10:20:30 UTC``, those of Japan
``2026/11/27 10:20:30 JST``. Values are brought into plain numbers and ISO-8601. The translation of the columns belongs
in the modules of the reports.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.formats.format import Declaration
from orderhouse.sources.formats.whole_files import CsvFile, read_whole

__all__ = ["exact_sum", "read_report"]

# Goes behind a value that is no amount, so that the contract refuses the sum with it.
REFUSED = " (no amount)"
PLAIN = r"^[+-]?0*\d{1,14}(?:\.\d{1,4}0*)?$"
# No currency of Amazon's has three decimals, so these are the two ways of writing thousands.
WITH_COMMA = r"^[+-]?(?:\d+|\d{1,3}(?:[. '\u00a0\u202f]\d{3})+),\d{1,2}$"
WITH_POINT = r"^[+-]?\d{1,3}(?:[, '\u00a0\u202f]\d{3})+\.\d{1,2}$"
TWO_READINGS = r"^[+-]?\d{1,3}[.,]\d{3}$"
DAY_FIRST = r"^(\d{2})\.(\d{2})\.(\d{4})"
YEAR_FIRST = r"^(\d{4})/(\d{2})/(\d{2})"
DAY = r"^\d{4}-\d{2}-\d{2}$"
CLOCK = r"^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})"
ZONES = {"UTC": "Z", "GMT": "Z", "JST": "+09:00"}


def read_report(
    source: Declaration,
    file: SourceFile,
    columns: Sequence[str],
    optional: Sequence[str],
    *,
    amounts: Sequence[str],
    instants: Sequence[str],
) -> CsvFile:
    """Read a report.

    Args:
        source: The source, whose declared notation takes precedence.
        file: The report.
        columns: Columns that the format needs.
        optional: Columns that the format uses if they exist.
        amounts: Columns of amounts among both.
        instants: Columns of days and instants among both.

    Raises:
        FileRejected: The file cannot be read, or a needed column is missing.
    """
    read = read_whole(source, file, columns, optional, numbers=amounts, instants=instants)
    is_declared = source.file_notation.decimal is not None
    plain = read.frame.with_columns(
        *(_plain(name, is_declared).alias(name) for name in amounts), *(_iso(name).alias(name) for name in instants)
    )
    return CsvFile(file, plain, read.malformed, read.ignored)


def exact_sum(amounts: pl.Expr) -> pl.Expr:
    """Return the sum of plain amounts as text; if one is no amount, that one, so that the contract refuses the sum."""
    text = amounts.fill_null("")
    wrong = text.filter(~text.str.contains(PLAIN)).sort().first()
    right = text.filter(text.str.contains(PLAIN)).str.to_decimal(scale=4)
    return pl.coalesce(wrong + REFUSED, right.sum().cast(pl.String))


def _plain(name: str, is_declared: bool) -> pl.Expr:
    """Return amounts with a point and no thousands; other text stays as it is.

    An amount with two readings is marked, so that its rows are quarantined, unless the source declares its notation.
    """
    text = pl.col(name)
    digits = text.str.replace_all(r"[^0-9+,.-]", "")
    return (
        pl.when(text.str.contains(WITH_COMMA))
        .then(digits.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .when(text.str.contains(WITH_POINT))
        .then(digits.str.replace_all(",", "", literal=True))
        .when(text.str.contains(TWO_READINGS) & pl.lit(not is_declared))
        .then(pl.concat_str(text, pl.lit(" (thousands or decimals)")))
        .otherwise(text)
    )


def _iso(name: str) -> pl.Expr:
    """Return days and instants in ISO-8601, a day as its midnight UTC; other text stays as it is."""
    text = pl.col(name).str.replace(DAY_FIRST, "$3-$2-$1").str.replace(YEAR_FIRST, "$1-$2-$3")
    for zone, offset in ZONES.items():
        text = text.str.replace(rf"\s*\b{zone}$", offset)
    day = pl.concat_str(text.str.slice(0, 10), pl.lit("T00:00:00Z"))
    return pl.when(text.str.contains(DAY)).then(day).otherwise(text.str.replace(CLOCK, "${1}T$2"))
