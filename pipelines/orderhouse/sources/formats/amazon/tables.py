"""The tables of one folder, found by their file names, each with the columns that the format uses.

The translation of the columns belongs in `orders` and `stock`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import polars as pl

from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.sources.formats.format import Declaration
from orderhouse.sources.formats.whole_files import CsvFile, read_whole
from orderhouse.sources.readers.records import RECORD

__all__ = ["TABLE_NAME", "Tables", "amount"]

REQUIRED: dict[str, tuple[str, ...]] = {
    "orders": ("amazon_order_id", "purchase_date", "last_update_date", "order_status"),
    "order_item": ("order_item_id", "amazon_order_id", "seller_sku", "quantity_ordered", "item_price_amount"),
    "order_item_promotion_id": ("promotion_id", "amazon_order_id"),
    "payment_method_detail_item": ("amazon_order_id", "method"),
    "fba_inventory_summary": ("seller_sku", "fulfillable_quantity", "last_updated_time"),
    "item_summary": ("asin", "brand", "item_name"),
    "item_product_type": ("asin", "product_type"),
    "item_classification_sales_rank": (),
    "item_dimension": (),
    "item_display_group_sales_rank": (),
    "item_identifier": (),
    "item_image": (),
    "item_relationship": (),
    "fba_inventory_researching_quantity_entry": (),
}
OPTIONAL: dict[str, tuple[str, ...]] = {
    "orders": (
        "buyer_info_buyer_email",
        "fulfillment_channel",
        "is_business_order",
        "is_replacement_order",
        "latest_delivery_date",
        "marketplace_id",
        "order_total_currency_code",
        "order_type",
        "payment_method",
        "replaced_order_id",
        "sales_channel",
        "shipping_address_address_line_1",
        "shipping_address_address_line_2",
        "shipping_address_address_line_3",
        "shipping_address_city",
        "shipping_address_country_code",
        "shipping_address_name",
        "shipping_address_phone",
        "shipping_address_postal_code",
        "shipping_address_state_or_region",
    ),
    "order_item": (
        "asin",
        "item_price_currency_code",
        "item_tax_amount",
        "promotion_discount_amount",
        "promotion_discount_tax_amount",
        "shipping_discount_amount",
        "shipping_discount_tax_amount",
        "shipping_price_amount",
        "shipping_tax_amount",
        "title",
    ),
    "fba_inventory_summary": ("asin", "granularity_id", "product_name"),
    "item_summary": ("_fivetran_synced",),
}
AMOUNTS = {
    "order_item": (
        "item_price_amount",
        "item_tax_amount",
        "promotion_discount_amount",
        "promotion_discount_tax_amount",
        "shipping_discount_amount",
        "shipping_discount_tax_amount",
        "shipping_price_amount",
        "shipping_tax_amount",
    )
}
TABLE_NAME = re.compile(
    rf"^(?:[a-z0-9]+_)*?({'|'.join(sorted(REQUIRED, key=len, reverse=True))})(?:_data)?\.csv(?:\.gz|\.zst)?$"
)
GIVING = ("orders", "order_item", "fba_inventory_summary")
GROUPED_THOUSANDS = r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"


class Tables:
    """The tables of a bundle; missing tables are empty."""

    def __init__(self, source: Declaration, files: Sequence[SourceFile]) -> None:
        self._found: dict[str, CsvFile] = {}
        self._empty_of = files[0]
        for file in files:
            match = TABLE_NAME.match(file.name)
            name = match.group(1) if match else ""
            if name in self._found:
                raise FileRejected(f"{file.name} and {self._found[name].file.name} are both the table {name}.")
            self._found[name] = _read(source, file, name)

    def has(self, name: str) -> bool:
        """Return whether the bundle has the table."""
        return name in self._found

    def __getitem__(self, name: str) -> CsvFile:
        """Return the table, empty if the bundle lacks it."""
        if name in self._found:
            return self._found[name]
        columns = dict.fromkeys([*REQUIRED[name], *OPTIONAL.get(name, ())], pl.String())
        return CsvFile(self._empty_of, pl.DataFrame(schema={**columns, RECORD: pl.Int64()}), [], ())

    def looked_up(self) -> Iterator[CsvFile]:
        """Yield the tables that give no rows of their own."""
        return (table for name, table in self._found.items() if name not in GIVING)


def amount(column: str) -> pl.Expr:
    """Return a text column as an exact amount: 0 where it is empty, null where it is not an amount."""
    text = pl.col(column).fill_null("0")
    is_amount = text.str.contains(r"^[+-]?0*\d{1,14}(?:\.\d{0,4}0*)?$")
    return pl.when(is_amount).then(text).cast(pl.Decimal(38, 4), strict=False)


def _read(source: Declaration, file: SourceFile, name: str) -> CsvFile:
    """Read a table and remove the commas that spreadsheets write between thousands."""
    read = read_whole(source, file, REQUIRED[name], OPTIONAL.get(name, ()))
    grouped = [
        pl.when(pl.col(column).str.contains(GROUPED_THOUSANDS))
        .then(pl.col(column).str.replace_all(",", "", literal=True))
        .otherwise(column)
        .alias(column)
        for column in AMOUNTS.get(name, ())
    ]
    return CsvFile(file, read.frame.with_columns(grouped), read.malformed, read.ignored)
