"""An order as Shopify nests it, split into its header, its lines and its shipping charges.

Fulfilments, refunds and transactions inside an order are translated like separate ones, in `fulfilments`, `refunds`
and `transactions`; `inside` extracts them.
"""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.shopify.amounts import (
    TEXT,
    children,
    exact,
    lacks,
    minus,
    presentment,
    shop,
    sku_of,
    total,
    whole,
)
from orderhouse.sources.formats.shopify.refunds import CANCELS, refund_lines
from orderhouse.sources.formats.shopify.sales import ORDER, Sales, extra_lines
from orderhouse.sources.readers.records import RECORD

__all__ = ["inside", "sales_of"]

# Names of gateways that collect cash on delivery, for which Shopify has no payment terms.
ON_DELIVERY = ("cash on delivery (cod)", "cash on delivery", "cash_on_delivery", "cod")
LINE = "_line"
SETS = {"duties": "original_total_duties_set", "fees": "original_total_additional_fees_set"}


def sales_of(orders: pl.DataFrame) -> Sales:
    """Return orders (the shape ORDER and `_record`) split into their parts."""
    numbered = orders.with_row_index(ORDER)
    return Sales(_headers(numbered), _lines(numbered), _shipping(numbered))


def inside(orders: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the fulfilments, refunds or transactions of orders, each with the id and currency of its order."""
    parents = orders.select(RECORD, pl.col("id").alias("_order_id"), pl.col("currency").alias("_currency"), column)
    rows = children(parents, column, RECORD, "_order_id", "_currency")
    return rows.with_columns(order_id=pl.coalesce("order_id", "_order_id")).drop("_order_id")


def _headers(orders: pl.DataFrame) -> pl.DataFrame:
    ship, terms = pl.col("shipping_address").struct, pl.col("payment_terms").struct
    gateway = pl.col("payment_gateway_names").list.eval(
        pl.element().filter(pl.element().str.strip_chars().str.to_lowercase().is_in(ON_DELIVERY))
    )
    dues = terms.field("payment_schedules").list.eval(pl.element().struct.field("due_at"))
    street = pl.concat_str(ship.field("address1"), ship.field("address2"), separator=", ", ignore_nulls=True)
    codes = pl.col("discount_codes").list.eval(pl.element().struct.field("code")).list.drop_nulls()
    return orders.select(
        ORDER,
        RECORD,
        "updated_at",
        "currency",
        "presentment_currency",
        "phone",
        "cancelled_at",
        "cancel_reason",
        order_id="id",
        placed_at=pl.coalesce("processed_at", "created_at"),
        channel="source_name",
        customer_id=pl.col("customer").struct.field("id"),
        email=pl.coalesce("email", "contact_email"),
        ship_name=ship.field("name"),
        ship_street=street,
        ship_city=ship.field("city"),
        ship_region=pl.coalesce(ship.field("province_code"), ship.field("province")),
        ship_postcode=ship.field("zip"),
        ship_country=ship.field("country_code"),
        prices_include_tax="taxes_included",
        discount_code=pl.when(codes.list.len() > 0).then(codes.list.join(", ")),
        payment_terms=pl.coalesce(terms.field("payment_terms_type"), gateway.list.first()),
        invoice_due_at=dues.list.drop_nulls().list.first(),
        is_cancelled=pl.col("cancelled_at").is_not_null(),
        is_test="test",
    )


def _lines(orders: pl.DataFrame) -> pl.DataFrame:
    """Return the line items, and lines for charges that are not goods, tax or shipping."""
    parents = orders.select(
        ORDER, RECORD, pl.col("id").alias("order_id"), "updated_at", pl.col("line_items").alias("line_item")
    )
    items = children(parents, "line_item", ORDER, RECORD, "order_id", "updated_at", number=LINE)
    allocated = _summed(items, "discount_allocations", "amount", "amount_set", LINE, "allocated")
    taxed = _summed(items, "tax_lines", "price", "price_set", LINE, "tax_amount")
    joined = (
        items.join(allocated, on=LINE, how="left", maintain_order="left")
        .join(taxed, on=LINE, how="left", maintain_order="left")
        .join(_cancelled(orders), left_on=[ORDER, "id"], right_on=[ORDER, "line_id"], how="left", maintain_order="left")
    )
    is_allocated = pl.col("allocated_shop").is_not_null()
    zero = pl.lit(0, pl.Int64)
    # Units that are neither current nor refunded were removed by an edit of the order.
    gone = whole(pl.col("quantity")) - whole(pl.col("current_quantity")) - pl.coalesce("refunded_units", zero)
    cancelled = pl.coalesce("cancelled_units", zero) + pl.max_horizontal(pl.coalesce(gone, zero), zero)
    lines = joined.select(
        ORDER,
        RECORD,
        "order_id",
        "updated_at",
        "quantity",
        "requires_shipping",
        "tax_amount_shop",
        "tax_amount_presentment",
        line_id="id",
        sku=sku_of(),
        is_gift_card="gift_card",
        cancelled_quantity=cancelled,
        unit_price_shop=shop("price", "price_set"),
        unit_price_presentment=presentment("price_set"),
        discount_amount_shop=pl.when(is_allocated)
        .then("allocated_shop")
        .otherwise(shop("total_discount", "total_discount_set")),
        discount_amount_presentment=pl.when(is_allocated)
        .then("allocated_presentment")
        .otherwise(presentment("total_discount_set")),
    )
    tipped = items.filter(pl.col("tip").struct.field("payment_gateway").is_not_null()).select(ORDER).unique()
    return pl.concat([lines, extra_lines(_extras(orders, lines, tipped))], how="diagonal")


def _extras(orders: pl.DataFrame, lines: pl.DataFrame, tipped: pl.DataFrame) -> pl.DataFrame:
    """Return the amounts of orders that `extra_lines` needs."""
    in_shop = {name: pl.col(column).struct.field("shop_money").struct.field("amount") for name, column in SETS.items()}
    # A tip that is a line item already is not counted again.
    is_line = pl.col(ORDER).is_in(tipped[ORDER].implode())
    shipped = children(orders, "shipping_lines", ORDER)
    taxed = pl.concat(
        [
            lines.filter(pl.col("tax_amount_shop").is_not_null()).select(ORDER),
            children(shipped, "tax_lines", ORDER).select(ORDER),
        ]
    ).unique()
    return orders.select(
        ORDER,
        RECORD,
        "updated_at",
        order_id="id",
        tip_shop=pl.when(~is_line).then("total_tip_received"),
        tip_presentment=pl.lit(None, TEXT),
        duties_shop=in_shop["duties"],
        duties_presentment=presentment(SETS["duties"]),
        fees_shop=in_shop["fees"],
        fees_presentment=presentment(SETS["fees"]),
        tax_shop=pl.when(_bought(lines, taxed)).then(shop("total_tax", "total_tax_set")),
        tax_presentment=presentment("total_tax_set"),
    )


def _bought(lines: pl.DataFrame, taxed: pl.DataFrame) -> pl.Expr:
    """Return whether an order lists lines, none of them with its tax."""
    return pl.col(ORDER).is_in(lines[ORDER].implode()) & ~pl.col(ORDER).is_in(taxed[ORDER].implode())


def _summed(rows: pl.DataFrame, column: str, plain: str, money_set: str, key: str, name: str) -> pl.DataFrame:
    """Return the sum of a list's amounts per parent; the presentment sum is null if one part lacks its amount."""
    parts = children(rows, column, key).with_columns(
        in_shop=shop(plain, money_set), in_presentment=presentment(money_set)
    )
    return parts.group_by(key, maintain_order=True).agg(
        total(pl.col("in_shop")).alias(f"{name}_shop"),
        _complete(pl.col("in_shop"), pl.col("in_presentment")).alias(f"{name}_presentment"),
    )


def _cancelled(orders: pl.DataFrame) -> pl.DataFrame:
    """Return the refunded units per line: those cancelled before they left, and all of them."""
    parents = orders.select(ORDER, RECORD, "refunds")
    refunds = children(parents, "refunds", ORDER, RECORD)
    lines = refund_lines(refunds, keep=ORDER)
    units = pl.coalesce(whole(pl.col("quantity")), pl.lit(0, pl.Int64))
    return lines.group_by(ORDER, "line_id").agg(
        cancelled_units=units.filter(pl.col("restock") == CANCELS).sum(), refunded_units=units.sum()
    )


def _shipping(orders: pl.DataFrame) -> pl.DataFrame:
    """Return the shipping charges of each order after their discounts, and the tax on them."""
    rows = children(orders, "shipping_lines", ORDER, number=LINE)
    rows = rows.filter((pl.col("is_removed") != "true").fill_null(True))
    allocated = _summed(rows, "discount_allocations", "amount", "amount_set", LINE, "allocated")
    taxed = _summed(rows, "tax_lines", "price", "price_set", LINE, "tax")
    joined = rows.join(allocated, on=LINE, how="left").join(taxed, on=LINE, how="left")
    is_allocated = pl.col("allocated_shop").is_not_null()
    full, full_presentment = shop("price", "price_set"), presentment("price_set")
    reduced, reduced_presentment = (
        shop("discounted_price", "discounted_price_set"),
        presentment("discounted_price_set"),
    )
    is_reduced = (exact(reduced) != exact(full)).fill_null(False)
    both = full_presentment.is_not_null() & pl.col("allocated_presentment").is_not_null()
    charged = joined.with_columns(
        in_shop=pl.when(is_allocated).then(minus(full, pl.col("allocated_shop"))).otherwise(pl.coalesce(reduced, full)),
        in_presentment=pl.when(is_allocated)
        .then(pl.when(both).then(minus(full_presentment, pl.col("allocated_presentment"))))
        .otherwise(pl.coalesce(reduced_presentment, pl.when(~is_reduced).then(full_presentment))),
    )
    amounts = {"shipping_amount": ("in_shop", "in_presentment"), "shipping_tax_amount": ("tax_shop", "tax_presentment")}
    listed = charged.group_by(ORDER).agg(
        each.alias(f"{name}_{currency}")
        for name, (in_shop, in_presentment) in amounts.items()
        for currency, each in (
            ("shop", total(pl.col(in_shop))),
            ("presentment", _complete(pl.col(in_shop), pl.col(in_presentment))),
        )
    )
    unlisted = orders.filter(pl.col("shipping_lines").is_null()).select(
        ORDER,
        shipping_amount_shop=pl.col("total_shipping_price_set").struct.field("shop_money").struct.field("amount"),
        shipping_amount_presentment=presentment("total_shipping_price_set"),
    )
    return pl.concat([listed, unlisted], how="diagonal")


def _complete(in_shop: pl.Expr, in_presentment: pl.Expr) -> pl.Expr:
    """Return a presentment sum over a group, null where a part is known in the shop's currency only."""
    return pl.when(~lacks(in_shop, in_presentment).any()).then(total(in_presentment))
