"""WooCommerce orders as orders, order lines and payments.

Every amount of a line and of shipping is without tax, also in a shop whose prices include it. The tax is beside it.
"""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.woocommerce.amounts import instant, priced, text_of, units_of
from orderhouse.sources.formats.woocommerce.fees import OFF, OFF_TAX, discounts_of
from orderhouse.sources.readers.json_objects import Shape, leaves, many, one
from orderhouse.sources.readers.records import RECORD

__all__ = ["ORDER", "lines_of", "orders_of", "payments_of"]

NO_SALE = ("cancelled", "failed", "trash", "checkout-draft", "auto-draft")
ON_DELIVERY = "cod"
FEE = "fee"
PERSON = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country")
ORDER: Shape = {
    **leaves(
        "id",
        "status",
        "currency",
        "created_via",
        "date_created",
        "date_created_gmt",
        "date_modified",
        "date_modified_gmt",
        "date_paid",
        "date_paid_gmt",
        "shipping_total",
        "shipping_tax",
        "total",
        "customer_id",
        "payment_method",
    ),
    "billing": one(*PERSON, "email", "phone"),
    "shipping": one(*PERSON, "phone"),
    "line_items": many("id", "sku", "product_id", "variation_id", "quantity", "subtotal", "total", "total_tax"),
    "fee_lines": many("id", "total", "total_tax"),
    "coupon_lines": many("code"),
    "refunds": many("id", "total"),
}


def orders_of(orders: pl.DataFrame) -> pl.DataFrame:
    """Return one row per order; a failed or abandoned order is cancelled, with its status as the reason."""
    # Exports write the status as in the database, with the prefix wc-.
    status = pl.col("status").str.strip_prefix("wc-")
    is_cancelled = status.is_in(NO_SALE).fill_null(False)
    # An order sent to the billing address has an empty shipping address.
    has_own = _part("shipping", "address_1").is_not_null() | _part("shipping", "city").is_not_null()
    destination = {
        name: pl.when(has_own).then(_part("shipping", name)).otherwise(_part("billing", name)) for name in PERSON
    }
    name = pl.concat_str(destination["first_name"], destination["last_name"], separator=" ", ignore_nulls=True)
    street = pl.concat_str(destination["address_1"], destination["address_2"], separator=", ", ignore_nulls=True)
    return orders.select(
        "currency",
        RECORD,
        order_id="id",
        placed_at=instant("date_created_gmt", "date_created"),
        updated_at=_updated_at(),
        channel="created_via",
        customer_id=pl.when(pl.col("customer_id") != "0").then("customer_id"),
        email=_part("billing", "email"),
        phone=pl.coalesce(_part("billing", "phone"), _part("shipping", "phone")),
        ship_name=pl.coalesce(pl.when(name != "").then(name), destination["company"]),
        ship_street=pl.when(street != "").then(street),
        ship_city=destination["city"],
        ship_region=destination["state"],
        ship_postcode=destination["postcode"],
        ship_country=destination["country"],
        shipping_amount="shipping_total",
        shipping_tax_amount="shipping_tax",
        prices_include_tax=pl.lit("false"),
        discount_code=pl.col("coupon_lines").list.eval(pl.element().struct.field("code")).list.join(", "),
        payment_terms=pl.when(pl.col("payment_method") == ON_DELIVERY).then("payment_method"),
        is_cancelled=is_cancelled,
        cancel_reason=pl.when(is_cancelled).then(status),
    )


def lines_of(orders: pl.DataFrame) -> pl.DataFrame:
    """Return one row per item, and one per fee, which is a unit that needs no shipping.

    A fee below zero is a discount on the others, see `fees`.
    """
    clocked = orders.select(RECORD, "line_items", "fee_lines", order_id="id", updated_at=_updated_at())
    items, fees = _listed(clocked, "line_items"), _listed(clocked, "fee_lines")
    discounts = discounts_of(items, fees)
    items, fees = _discounted(items, discounts), _discounted(fees, discounts).filter(~pl.col("_is_spread"))
    unit_price, discount = priced(pl.col("subtotal"), pl.col("total"), pl.col("quantity"))
    variation = pl.when(pl.col("variation_id") != "0").then("variation_id")
    bought = items.select(
        "order_id",
        "updated_at",
        "quantity",
        RECORD,
        line_id="id",
        sku=pl.coalesce(pl.when(pl.col("sku") != "").then("sku"), pl.lit("id:") + pl.coalesce(variation, "product_id")),
        unit_price=unit_price,
        discount_amount=discount,
        tax_amount="total_tax",
        requires_shipping=pl.lit(None, pl.String),
    )
    charged = fees.select(
        "order_id",
        "updated_at",
        RECORD,
        line_id="id",
        sku=pl.lit(FEE),
        quantity=pl.lit("1"),
        unit_price="_before",
        discount_amount=pl.when(pl.col(OFF) != 0).then(text_of(pl.col(OFF))),
        tax_amount="total_tax",
        requires_shipping=pl.lit("false"),
    )
    return pl.concat([bought, charged.select(bought.columns)]).sort(RECORD, maintain_order=True)


def _discounted(lines: pl.DataFrame, discounts: pl.DataFrame) -> pl.DataFrame:
    """Return lines with total and tax less what fees below zero take off; `_before` is the total before."""
    joined = lines.join(
        discounts.with_columns(_is_spread=pl.col(OFF).is_null()),
        left_on=[RECORD, "id"],
        right_on=[RECORD, "line_id"],
        how="left",
        maintain_order="left",
    )
    off, off_tax = pl.col(OFF), pl.col(OFF_TAX)
    return joined.with_columns(
        _before="total",
        _is_spread=pl.col("_is_spread").fill_null(False),
        total=pl.when(off != 0).then(text_of(units_of(pl.col("total")) - off)).otherwise("total"),
        total_tax=pl.when(off_tax != 0)
        .then(text_of(pl.coalesce(units_of(pl.col("total_tax")), pl.lit(0, pl.Int64)) - off_tax))
        .otherwise("total_tax"),
    )


def payments_of(orders: pl.DataFrame) -> pl.DataFrame:
    """Return the payment of each paid order, and the refunds that the order lists.

    A listed refund has no instant of its own, so it takes that of the payment, which is the same in every version of
    the
    order. The refund object itself has the instant (see `refunds`).
    """
    paid_at = pl.coalesce(instant("date_paid_gmt", "date_paid"), instant("date_created_gmt", "date_created"))
    known = orders.select(
        "currency",
        "total",
        "refunds",
        "payment_method",
        RECORD,
        order_id="id",
        is_paid=instant("date_paid_gmt", "date_paid").is_not_null(),
        occurred_at=paid_at,
    )
    key = pl.col("order_id") + "/paid"
    paid = known.filter("is_paid").select(
        "order_id",
        "currency",
        "occurred_at",
        RECORD,
        payment_id=key,
        kind=pl.lit("order/paid"),
        amount="total",
        method="payment_method",
        parent_payment_id=pl.lit(None, pl.String),
    )
    refunds = _listed(known.drop("total", "is_paid"), "refunds")
    refunded = refunds.select(
        "order_id",
        "currency",
        "occurred_at",
        RECORD,
        payment_id=pl.concat_str("order_id", pl.lit("/refund/"), "id"),
        kind=pl.lit("order/refunded"),
        amount=pl.col("total").str.strip_prefix("-"),
        method=pl.lit(None, pl.String),
        parent_payment_id=key,
    )
    return pl.concat([paid, refunded.select(paid.columns)]).sort(RECORD, maintain_order=True)


def _updated_at() -> pl.Expr:
    return instant("date_modified_gmt", "date_modified", "date_created_gmt", "date_created")


def _part(part: str, name: str) -> pl.Expr:
    value = pl.col(part).struct.field(name).str.strip_chars()
    return pl.when(value != "").then(value)


def _listed(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the rows of a list, with the columns of the order beside them."""
    others = [column for column in ("line_items", "fee_lines", "refunds") if column in frame.columns and column != name]
    rows = frame.drop(others).filter(pl.col(name).list.len() > 0).explode(name)
    return rows.filter(pl.col(name).is_not_null()).unnest(name)
