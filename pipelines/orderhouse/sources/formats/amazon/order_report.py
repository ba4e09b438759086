"""Amazon's report of all orders: one line per item of an order, which repeats what holds for the order.

The report has neither numbers of items nor payments and shipments. It is translated into the columns of the tables that
connectors land, so that orders and lines have the same amounts from both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.formats.amazon.flat_files import read_report
from orderhouse.sources.formats.amazon.orders import CANCELLED, STANDING, order_lines, orders
from orderhouse.sources.formats.amazon.tables import amount
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.readers.records import RECORD

__all__ = ["AmazonOrderReport"]

COLUMNS = ("amazon-order-id", "purchase-date", "last-updated-date", "order-status", "sku", "quantity", "item-price")
OPTIONAL = (
    "fulfillment-channel",
    "sales-channel",
    "product-name",
    "asin",
    "item-status",
    "currency",
    "item-tax",
    "shipping-price",
    "shipping-tax",
    "gift-wrap-price",
    "gift-wrap-tax",
    "item-promotion-discount",
    "ship-promotion-discount",
    "ship-city",
    "ship-state",
    "ship-postal-code",
    "ship-country",
    "promotion-ids",
    "is-business-order",
)
AMOUNTS = (
    "item-price",
    "item-tax",
    "shipping-price",
    "shipping-tax",
    "gift-wrap-price",
    "gift-wrap-tax",
    "item-promotion-discount",
    "ship-promotion-discount",
)
INSTANTS = ("purchase-date", "last-updated-date")
# An order may stand in a file in two states, which are kept apart by this key.
VERSION = "amazon_order_id"
APART = "\n"
# Orders of other shops that Amazon only delivers.
OTHER_SHOPS = "Non-Amazon"
BY_AMAZON = ("AFN", "AMAZON")
TABLE = {
    "purchase_date": "purchase-date",
    "last_update_date": "last-updated-date",
    "order_total_currency_code": "currency",
    "sales_channel": "sales-channel",
    "marketplace_id": "sales-channel",
    "is_business_order": "is-business-order",
    "shipping_address_city": "ship-city",
    "shipping_address_state_or_region": "ship-state",
    "shipping_address_postal_code": "ship-postal-code",
    "shipping_address_country_code": "ship-country",
    "seller_sku": "sku",
    "quantity_ordered": "quantity",
    "item_price_currency_code": "currency",
    "promotion_discount_amount": "item-promotion-discount",
    "shipping_price_amount": "shipping-price",
    "shipping_tax_amount": "shipping-tax",
    "shipping_discount_amount": "ship-promotion-discount",
}
WITHOUT = (
    "order_type",
    "is_replacement_order",
    "replaced_order_id",
    "buyer_info_buyer_email",
    "shipping_address_phone",
    "shipping_address_name",
    *(f"shipping_address_address_line_{line}" for line in (1, 2, 3)),
    "payment_method",
    "latest_delivery_date",
    "promotion_discount_tax_amount",
    "shipping_discount_tax_amount",
)


class AmazonOrderReport(Format):
    """Orders and their items of one seller."""

    name = "amazon_order_report"
    version = "1"
    covers = ("orders", "order_lines", "products")
    time_zone = "UTC"
    numbers = (*AMOUNTS, "quantity")
    instants = INSTANTS

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of one report."""
        (file,) = files
        report = read_report(source, file, COLUMNS, OPTIONAL, amounts=AMOUNTS, instants=INSTANTS)
        is_elsewhere = pl.col("sales-channel").str.starts_with(OTHER_SHOPS).fill_null(False)
        elsewhere, ours = report.frame.filter(is_elsewhere), report.frame.filter(~is_elsewhere)
        items = _items(ours)
        # That of an order is the sum over its items.
        placed = items.unique(VERSION, keep="first", maintain_order=True).drop("shipping_tax_amount")
        promotions = items.select(VERSION, promotion_id="promotion-ids")
        methods = pl.DataFrame(schema={VERSION: pl.String(), "method": pl.String()})
        lines = order_lines(items, placed).with_columns(_of_order()).with_columns(cancelled_quantity=_cancelled(items))
        yield FeedRows("order_lines", file, lines, malformed=report.malformed, ignored=report.ignored)
        made = orders(placed, items, promotions, methods, source).with_columns(_of_order())
        yield FeedRows("orders", file, made, role="derived")
        yield FeedRows("products", file, _products(ours), role="derived")
        if elsewhere.height:
            kind = f"{elsewhere.height} × items of orders of other shops (Non-Amazon)"
            yield FeedRows(None, file, elsewhere.select(RECORD), role="lookup", ignored=(kind,))


def _items(report: pl.DataFrame) -> pl.DataFrame:
    """Return the items in the columns of the tables. A gift wrap is part of the item's price and tax."""
    status = pl.col("order-status").str.replace_all(r"[ -]", "").str.to_lowercase()
    known = {each.lower(): each for each in (*CANCELLED, *STANDING)}
    known |= {"cancelled": CANCELLED[0], "shipping": "Shipped", "complete": "Shipped"}
    first = status.str.extract(r"^(shipped|pending)")
    version = pl.concat_str("amazon-order-id", pl.lit(APART), pl.col("last-updated-date").fill_null(""))
    # Equal items of an order are numbered by what does not change with its state.
    place = pl.int_range(1, pl.len() + 1).over(
        "version", "sku", order_by=["asin", "quantity", "item-price", "item-tax", RECORD]
    )
    number = pl.when(place > 1).then(pl.concat_str(pl.lit("/"), place.cast(pl.String))).otherwise(pl.lit(""))
    return (
        report.with_columns(version=version)
        .with_columns(order_item_id=pl.col("sku") + number)
        .with_columns(
            pl.col("version").alias(VERSION),
            order_status=pl.coalesce(
                status.replace_strict(known, default=None, return_dtype=pl.String),
                first.str.to_titlecase(),
                "order-status",
            ),
            fulfillment_channel=pl.when(pl.col("fulfillment-channel").str.to_uppercase().is_in(BY_AMAZON)).then(
                pl.lit("AFN")
            ),
            item_price_amount=_with_gift_wrap("item-price", "gift-wrap-price"),
            item_tax_amount=_with_gift_wrap("item-tax", "gift-wrap-tax"),
            **{name: pl.col(theirs) for name, theirs in TABLE.items()},
            **dict.fromkeys(WITHOUT, pl.lit(None, pl.String)),
        )
    )


def _with_gift_wrap(item: str, wrap: str) -> pl.Expr:
    """Return the sum of two amounts; if one is no amount, that one, so that the contract refuses it."""
    total = (amount(item) + amount(wrap)).cast(pl.String)
    wrong = pl.when(amount(item).is_null()).then(item).otherwise(wrap)
    return pl.when(pl.col(wrap).is_null()).then(item).otherwise(pl.coalesce(total, wrong))


def _cancelled(items: pl.DataFrame) -> pl.Series:
    status = items["item-status"].str.to_lowercase()
    return items["quantity"].zip_with(status.is_in(["cancelled", "canceled"]).fill_null(False), pl.Series(["0"]))


def _of_order() -> pl.Expr:
    return pl.col("order_id").str.split(APART).list.first()


def _products(report: pl.DataFrame) -> pl.DataFrame:
    """Return the newest name of each SKU."""
    newest = report.sort("last-updated-date", "product-name", RECORD, nulls_last=False)
    latest = newest.unique("sku", keep="last", maintain_order=True).sort(RECORD)
    return latest.select(RECORD, "sku", updated_at="last-updated-date", name="product-name", kind=pl.lit("goods"))
