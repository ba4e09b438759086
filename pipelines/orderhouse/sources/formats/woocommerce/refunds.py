"""WooCommerce order refunds as payments and returns. A refund names its order in its links, and it has no currency."""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.woocommerce.amounts import instant, text_of, units_of
from orderhouse.sources.readers.json_objects import Shape, leaves, many
from orderhouse.sources.readers.records import RECORD

__all__ = ["REFUND", "refund_payments_of", "returns_of"]

REFUND: Shape = {
    **leaves("id", "parent_id", "date_created", "date_created_gmt", "amount", "reason", "currency", "refunded_payment"),
    "line_items": many("id", "sku", "product_id", "variation_id", "quantity", "total", "total_tax", "refunded_item"),
    "shipping_lines": many("total", "total_tax"),
    "fee_lines": many("total", "total_tax"),
    "_links": pl.Struct({"up": many("href"), "self": many("href")}),
}
ORDER_IN_LINK = r"/orders/(\d+)"


def refund_payments_of(refunds: pl.DataFrame) -> pl.DataFrame:
    """Return one row per refund, split where its parts are known; the source's constants give the currency."""
    known = refunds.with_columns(
        order_id=_order_id(),
        goods=_sum("line_items", "total") + _sum("fee_lines", "total"),
        tax=_sum("line_items", "total_tax") + _sum("fee_lines", "total_tax") + _sum("shipping_lines", "total_tax"),
        shipping=_sum("shipping_lines", "total"),
        is_split=pl.sum_horizontal(_count("line_items"), _count("fee_lines"), _count("shipping_lines")) > 0,
        # Negative units in a line mean that goods came back.
        is_return=pl.col("line_items")
        .list.eval(pl.element().struct.field("quantity").str.contains(r"^-[1-9]").cast(pl.Int64))
        .list.sum()
        .fill_null(0)
        > 0,
    )
    split = {
        f"{name}_amount": pl.when("is_split").then(text_of(-pl.col(name))) for name in ("goods", "tax", "shipping")
    }
    rows = known.select(
        "order_id",
        "currency",
        RECORD,
        payment_id=pl.concat_str("order_id", pl.lit("/refund/"), "id"),
        kind=pl.lit("order/refunded"),
        amount="amount",
        occurred_at=instant("date_created_gmt", "date_created"),
        parent_payment_id=pl.col("order_id") + "/paid",
        method=pl.col("refunded_payment").replace({"true": "gateway", "false": "manual"}),
        return_id=pl.when("is_return").then("id"),
        **split,
    )
    # Without any currency the column is left out, so that the source's constant fills it.
    return rows if rows["currency"].null_count() < rows.height else rows.drop("currency")


def returns_of(refunds: pl.DataFrame) -> pl.DataFrame:
    """Return one row per refunded item that has units."""
    known = refunds.select(
        "reason",
        "line_items",
        RECORD,
        return_id="id",
        order_id=_order_id(),
        occurred_at=instant("date_created_gmt", "date_created"),
    )
    items = known.filter(pl.col("line_items").list.len() > 0).explode("line_items")
    items = items.filter(pl.col("line_items").is_not_null()).unnest("line_items")
    variation = pl.when(pl.col("variation_id") != "0").then("variation_id")
    return items.filter(pl.col("quantity").fill_null("0") != "0").select(
        "return_id",
        "order_id",
        "occurred_at",
        "reason",
        RECORD,
        line_id=pl.coalesce("refunded_item", "id"),
        status=pl.lit("refunded"),
        quantity=pl.col("quantity").str.strip_prefix("-"),
        sku=pl.coalesce(pl.when(pl.col("sku") != "").then("sku"), pl.lit("id:") + pl.coalesce(variation, "product_id")),
    )


def _order_id() -> pl.Expr:
    links = [
        pl.col("_links").struct.field(name).list.first().struct.field("href").str.extract(ORDER_IN_LINK)
        for name in ("up", "self")
    ]
    return pl.coalesce(pl.when(pl.col("parent_id") != "0").then("parent_id"), *links)


def _sum(part: str, name: str) -> pl.Expr:
    """Return the sum of a list in ten-thousandths; 0 where the list is missing."""
    values = pl.col(part).list.eval(units_of(pl.element().struct.field(name)))
    return values.list.sum().fill_null(0)


def _count(part: str) -> pl.Expr:
    return pl.col(part).list.len().fill_null(0).cast(pl.Int64)
