"""A connector's table: its columns as text, by any of the names that connectors give them.

REST-style tables keep an amount's two currencies as JSON in ``<name>_set``, GraphQL-style ones as columns
``<name>_set_shop_amount`` and ``<name>_set_pres_amount``. The meaning of the columns belongs in `tables`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.formats.format import Declaration
from orderhouse.sources.formats.shopify.amounts import TEXT
from orderhouse.sources.readers.csv_text import CsvDialect, read_csv
from orderhouse.sources.readers.records import RECORD, Malformed

__all__ = ["SYNCED", "Table", "empty_table", "read_table", "table_name"]

FILE_NAME = re.compile(r"^(?:(?:\w+_)?shopify_)?(?P<gql>gql_)?(?P<table>\w+?)(?:_data)?\.csv(?:\.gz|\.zst)?$")
SYNCED = "_fivetran_synced"
DELETED = "_fivetran_deleted"
SHOP = ("_set_shop_amount", "_set_shop_money_amount")
PRESENTMENT = ("_set_pres_amount", "_set_presentment_money_amount", "_set_presentment_amount")


def table_name(path: str) -> tuple[str, bool] | None:
    """Return the table of a file and whether it is GraphQL-style; None if the file is not a table."""
    match = FILE_NAME.match(PurePath(path).name)
    return (match["table"], match["gql"] is not None) if match else None


class Table:
    """Rows of one table as trimmed text, with `_record`, including rows that the connector marked as deleted.

    Attributes:
        file: The file, or None for a missing table.
        used: Columns that were read.
    """

    def __init__(self, file: SourceFile | None, frame: pl.DataFrame, malformed: list[Malformed]) -> None:
        self.file = file
        self.frame = frame
        self.malformed = malformed
        self.used: set[str] = set()

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the columns that are not used."""
        return tuple(name for name in self.frame.columns if name not in {RECORD, *self.used})

    def text(self, *names: str) -> pl.Expr:
        """Return the first of these columns that has a value; null where none exists."""
        return pl.coalesce(*(pl.col(name) for name in self._found(names)), pl.lit(None, TEXT))

    def instant(self, *names: str) -> pl.Expr:
        """Return the first of these instants, without the suffix UTC that some tables have."""
        return self.text(*names).str.strip_suffix(" UTC")

    def shop(self, *bases: str) -> pl.Expr:
        """Return an amount in the shop's currency."""
        written = [name for base in bases for name in (base, *(f"{base}{ending}" for ending in SHOP))]
        return pl.coalesce(self.text(*written), *self._nested(bases, "shop_money.amount"))

    def presentment(self, *bases: str) -> pl.Expr:
        """Return the same amount in the currency that the customer saw."""
        written = [f"{base}{ending}" for base in bases for ending in PRESENTMENT]
        return pl.coalesce(self.text(*written), *self._nested(bases, "presentment_money.amount"))

    def presentment_currency(self, *bases: str) -> pl.Expr:
        """Return the currency of the presentment amount."""
        written = [f"{base}{ending}" for base in bases for ending in PRESENTMENT]
        codes = [f"{name.removesuffix('_amount')}_currency_code" for name in written]
        return pl.coalesce(self.text(*codes), *self._nested(bases, "presentment_money.currency_code"))

    def is_deleted(self) -> pl.Expr:
        """Return whether the connector marked the row as deleted at the source."""
        return self.text(DELETED).str.to_lowercase().is_in(["true", "t", "1"]).fill_null(False)

    def live(self) -> Table:
        """Return the table without deleted rows; columns used in it count as used here."""
        rest = Table(self.file, self.frame.filter(~self.is_deleted()), self.malformed)
        rest.used = self.used
        return rest

    def _nested(self, bases: tuple[str, ...], path: str) -> Iterator[pl.Expr]:
        for name in self._found(tuple(f"{base}_set" for base in bases)):
            yield pl.col(name).str.json_path_match(f"$.{path}")

    def _found(self, names: tuple[str, ...]) -> list[str]:
        found = [name for name in dict.fromkeys(names) if name in self.frame.columns]
        self.used |= set(found)
        return found


def read_table(source: Declaration, file: SourceFile) -> Table:
    """Read a table as a whole.

    Raises:
        FileRejected: The file is not CSV.
        FileVanished: The file no longer exists.
    """
    frames: list[pl.DataFrame] = []
    malformed: list[Malformed] = []
    for records in read_csv(file, CsvDialect(source.delimiter, source.encoding)):
        frames.append(records.frame)
        malformed.extend(records.malformed)
    frame = pl.concat(frames, how="diagonal") if frames else pl.DataFrame(schema={RECORD: pl.Int64()})
    return Table(file, frame.with_columns(pl.col(TEXT).str.strip_chars().replace("", None)), malformed)


def empty_table() -> Table:
    """Return a table that is not in the bundle."""
    return Table(None, pl.DataFrame(schema={RECORD: pl.Int64()}), [])
