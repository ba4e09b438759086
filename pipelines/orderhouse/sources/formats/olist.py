"""A bundle of seven CSV files of a Brazilian marketplace, which are complete only together.

Orders, items, payments, customers, products and reviews each go to a feed. Shipments and delivery scans are derived
from the orders' instants and the items' sellers. The sellers' file gives no rows. Local times are those of São Paulo.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePath

import polars as pl

from orderhouse.contracts.written_days import day_of_midnight
from orderhouse.errors import listed
from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.formats.whole_files import CsvFile, exact, read_whole
from orderhouse.sources.readers.records import RECORD

__all__ = ["Olist"]

PARTS: dict[str, tuple[str, ...]] = {
    "orders": (
        "order_id",
        "customer_id",
        "order_status",
        "order_purchase_timestamp",
        "order_approved_at",
        "order_delivered_carrier_date",
        "order_delivered_customer_date",
        "order_estimated_delivery_date",
    ),
    "order_items": ("order_id", "order_item_id", "product_id", "seller_id", "price", "freight_value"),
    "order_payments": ("order_id", "payment_sequential", "payment_type", "payment_value"),
    "order_reviews": (
        "review_id",
        "order_id",
        "review_score",
        "review_comment_title",
        "review_comment_message",
        "review_creation_date",
        "review_answer_timestamp",
    ),
    "customers": (
        "customer_id",
        "customer_unique_id",
        "customer_zip_code_prefix",
        "customer_city",
        "customer_state",
    ),
    "products": ("product_id", "product_category_name"),
    "sellers": ("seller_id",),
}
INSTANTS = ("_timestamp", "_at", "_date")
FILE_NAME = re.compile(rf"^(?:olist_)?({'|'.join(PARTS)})(?:_dataset)?\.csv(?:\.gz|\.zst)?$")
CANCELLED = ("canceled", "unavailable")
CURRENCY = "BRL"
COUNTRY = "BR"
SCALE_MAX = "5"


class Olist(Format):
    """Seven files in one bundle."""

    name = "olist"
    version = "4"
    covers = ("orders", "order_lines", "payments", "shipments", "tracking", "products", "customers", "feedback")
    is_bundle = True
    time_zone = "America/Sao_Paulo"
    numbers = ("price", "freight_value", "payment_value")
    instants = tuple(name for columns in PARTS.values() for name in columns if name.endswith(INSTANTS))

    def bundles(self, _: Declaration, paths: Sequence[str]) -> list[list[str]]:
        """Return the seven files of each folder, and each other file by itself, so that it is refused by name."""
        ours = sorted(path for path in paths if FILE_NAME.match(PurePath(path).name))
        others = [[path] for path in paths if path not in set(ours)]
        return [list(group) for _, group in groupby(ours, key=lambda path: str(PurePath(path).parent))] + others

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of the seven files."""
        parts = _parts(source, files)
        orders = parts["orders"].frame.with_columns(
            updated_at=pl.max_horizontal(
                "order_purchase_timestamp",
                "order_approved_at",
                "order_delivered_carrier_date",
                "order_delivered_customer_date",
            )
        )
        items, customers = parts["order_items"].frame, parts["customers"].frame
        yield _rows("orders", parts["orders"], _orders(orders, items, customers))
        yield _rows("order_lines", parts["order_items"], _order_lines(items, orders))
        yield _rows("payments", parts["order_payments"], _payments(parts["order_payments"].frame, orders))
        yield _rows("products", parts["products"], _products(parts["products"].frame, orders, items))
        yield _rows("customers", parts["customers"], _customers(customers, orders))
        yield _rows("feedback", parts["order_reviews"], _feedback(parts["order_reviews"].frame))
        yield FeedRows("shipments", parts["orders"].file, _shipments(orders, items), role="derived")
        yield FeedRows("tracking", parts["orders"].file, _tracking(orders, items), role="derived")
        yield FeedRows(None, parts["sellers"].file, parts["sellers"].frame, role="lookup")


def _parts(source: Declaration, files: Sequence[SourceFile]) -> dict[str, CsvFile]:
    by_part = {match.group(1): file for file in files if (match := FILE_NAME.match(file.name))}
    if not by_part:
        raise FileRejected(_unknown(files[0].name))
    missing = [part for part in PARTS if part not in by_part]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise FileRejected(
            f"The bundle is not complete: {listed([_name_of(part) for part in missing])} {verb} missing."
        )
    notation = {"numbers": Olist.numbers, "instants": Olist.instants}
    return {part: read_whole(source, by_part[part], columns, **notation) for part, columns in PARTS.items()}


def _name_of(part: str) -> str:
    return f"olist_{part}_dataset.csv"


def _unknown(name: str) -> str:
    """Return the refusal of a file that is none of the bundle, with the name that it may be meant to have."""
    near = difflib.get_close_matches(name.lower(), [_name_of(part) for part in PARTS], n=1)
    nearest = f" Did you mean {near[0]}?" if near else ""
    return f"It has not one of the seven names of the bundle, and nothing is taken from it.{nearest}"


def _rows(feed: str, part: CsvFile, frame: pl.DataFrame) -> FeedRows:
    return FeedRows(feed, part.file, frame, malformed=part.malformed, ignored=part.ignored)


def _orders(orders: pl.DataFrame, items: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Return one row per order, with the freight of its items.

    Freight that is not an amount is passed on as it is, so that the order is quarantined and not made cheaper. A
    repeated
    item is one item, and its freight counts once.
    """
    freights = items.unique(["order_id", "order_item_id", "freight_value"], maintain_order=True)
    freight = freights.group_by("order_id").agg(
        amount=exact("freight_value").sum(),
        unreadable=pl.col("freight_value").filter(exact("freight_value").is_null()).first(),
    )
    # The customers' file has one row per order, under an id that is new for each order.
    people = customers.unique("customer_id", keep="first", maintain_order=True)
    joined = orders.join(freight, on="order_id", how="left", maintain_order="left").join(
        people.drop(RECORD), on="customer_id", how="left", maintain_order="left"
    )
    is_cancelled = pl.col("order_status").is_in(CANCELLED)
    return joined.select(
        "order_id",
        "updated_at",
        RECORD,
        placed_at="order_purchase_timestamp",
        currency=pl.lit(CURRENCY),
        channel=pl.lit("marketplace"),
        customer_id="customer_unique_id",
        ship_city="customer_city",
        ship_region="customer_state",
        ship_postcode="customer_zip_code_prefix",
        ship_country=pl.lit(COUNTRY),
        shipping_amount=pl.coalesce("unreadable", pl.col("amount").cast(pl.String)),
        payment_terms=pl.lit("prepaid"),
        # The marketplace estimates a day, and its files write a day as its midnight.
        promised_at=day_of_midnight(pl.col("order_estimated_delivery_date")),
        is_cancelled=is_cancelled,
        cancel_reason=pl.when(is_cancelled).then("order_status"),
    )


def _order_lines(items: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Return one row per item. An item has no clock of its own, so that of its order is taken."""
    return _with_order(items, orders, "updated_at").select(
        "order_id",
        "updated_at",
        "seller_id",
        RECORD,
        line_id="order_item_id",
        sku="product_id",
        quantity=pl.lit(1, pl.Int64),
        unit_price="price",
        warehouse_id="seller_id",
    )


def _payments(payments: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    joined = _with_order(payments, orders, "order_approved_at", "order_purchase_timestamp")
    return joined.select(
        "order_id",
        RECORD,
        payment_id=pl.concat_str("order_id", "payment_sequential", separator="-"),
        kind=pl.lit("captured"),
        amount="payment_value",
        currency=pl.lit(CURRENCY),
        occurred_at=pl.coalesce("order_approved_at", "order_purchase_timestamp"),
        method="payment_type",
    )


def _products(products: pl.DataFrame, orders: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Return one row per product, with the instant of its own newest order as version clock.

    A product has no clock. Its own orders are used so that other orders in the bundle change nothing. A product without
    an order in the bundle takes the newest instant of all orders.
    """
    placed = pl.col("order_purchase_timestamp")
    bought = _with_order(items, orders, "order_purchase_timestamp").group_by("product_id").agg(placed.max())
    return products.join(bought, on="product_id", how="left", maintain_order="left").select(
        RECORD,
        sku="product_id",
        updated_at=placed.fill_null(orders["order_purchase_timestamp"].max()),
        category="product_category_name",
        kind=pl.lit("goods"),
    )


def _customers(customers: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Return one row per customer and order; the order's instant is the version clock."""
    placed = orders.select("customer_id", "order_purchase_timestamp").unique("customer_id", keep="first")
    return customers.join(placed, on="customer_id", how="left", maintain_order="left").select(
        RECORD,
        customer_id="customer_unique_id",
        updated_at="order_purchase_timestamp",
        country=pl.lit(COUNTRY),
        region="customer_state",
        city="customer_city",
    )


def _feedback(reviews: pl.DataFrame) -> pl.DataFrame:
    words = pl.concat_str("review_comment_title", "review_comment_message", separator="\n", ignore_nulls=True)
    return reviews.select(
        "order_id",
        RECORD,
        feedback_id=pl.concat_str("review_id", "order_id", separator="-"),
        occurred_at=pl.coalesce("review_answer_timestamp", "review_creation_date"),
        score="review_score",
        scale_max=pl.lit(SCALE_MAX),
        text=words,
    )


def _shipments(orders: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Return one shipment per order and seller, with all lines of the seller."""
    shipped = orders.filter(pl.col("order_delivered_carrier_date").is_not_null())
    lines = shipped.join(items.drop(RECORD), on="order_id", how="inner", maintain_order="left_right")
    return lines.select(
        "order_id",
        RECORD,
        shipment_id=pl.concat_str("order_id", "seller_id", separator="-"),
        line_id="order_item_id",
        quantity=pl.lit(1, pl.Int64),
        shipped_at="order_delivered_carrier_date",
        sku="product_id",
        warehouse_id="seller_id",
    )


def _tracking(orders: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    delivered = orders.filter(pl.col("order_delivered_customer_date").is_not_null())
    sellers = items.select("order_id", "seller_id").unique(maintain_order=True)
    return delivered.join(sellers, on="order_id", how="inner", maintain_order="left_right").select(
        RECORD,
        shipment_id=pl.concat_str("order_id", "seller_id", separator="-"),
        status=pl.lit("delivered"),
        occurred_at="order_delivered_customer_date",
    )


def _with_order(rows: pl.DataFrame, orders: pl.DataFrame, *columns: str) -> pl.DataFrame:
    known = orders.select("order_id", *columns).unique("order_id", keep="first")
    return rows.join(known, on="order_id", how="left", maintain_order="left")
