"""The European Central Bank's reference rates: one line per day, one column per currency, all against the euro.

The format reads the whole history (`eurofxref-hist.zip`, or the CSV in it) and the newest day (`eurofxref.zip`,
`eurofxref.csv`). A cell without a number (`N/A`) is skipped. Any other cell must be a valid rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from orderhouse.files.archives import is_zip, only_member
from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.readers.csv_text import CsvDialect, read_csv
from orderhouse.sources.readers.records import RECORD

__all__ = ["EcbRates"]

DATE = "Date"
BASE = "EUR"
NO_RATE = ("N/A", "-", "")
LONG_DATE = "%d %B %Y"
LONG_DATE_FORM = r"^\d{1,2} [A-Z][a-z]+ \d{4}$"


class EcbRates(Format):
    """Days of euro rates."""

    name = "ecb_rates"
    version = "1"
    covers = ("fx_rates",)

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rates of one file."""
        (file,) = files
        content = only_member(file) if is_zip(file) else file
        for records in read_csv(content, CsvDialect(source.delimiter, source.encoding)):
            if DATE not in records.frame.columns:
                found = ", ".join(name for name in records.frame.columns if name != RECORD) or "none"
                raise FileRejected(f"The file has no column {DATE}; it has {found}. It is no list of euro rates.")
            yield FeedRows("fx_rates", file, _rates(records.frame), malformed=records.malformed)


def _rates(days: pl.DataFrame) -> pl.DataFrame:
    """Return one row per day and currency, in the order of the lines.

    A trailing comma in the file makes a last, nameless column, which has no rates.
    """
    rates = days.unpivot(index=[DATE, RECORD], variable_name="quote", value_name="rate").with_columns(
        pl.col(DATE, "rate").str.strip_chars()
    )
    return (
        rates.filter(~pl.col("rate").fill_null("").is_in(NO_RATE))
        .sort(RECORD, maintain_order=True)
        .select("quote", "rate", RECORD, rate_date=_day(pl.col(DATE)), base=pl.lit(BASE))
    )


def _day(text: pl.Expr) -> pl.Expr:
    """Return the day in ISO-8601; the file of the newest day writes it out (24 November 2026).

    Text that is not a date stays as it is and is quarantined.
    """
    long = pl.when(text.str.contains(LONG_DATE_FORM)).then(text).str.to_date(LONG_DATE, strict=False)
    return pl.coalesce(long.dt.to_string("%Y-%m-%d"), text)
