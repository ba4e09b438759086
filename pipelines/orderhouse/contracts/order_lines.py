"""Order lines: one version of a line of an order per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import AMOUNT_LIMIT, boolean, identifier, instant, money, promise, text, units
from orderhouse.contracts.contract import Contract, rule

__all__ = ["OrderLines"]


class OrderLines(Contract):
    """A line of an order, as its source describes it at `updated_at`."""

    shape = "versioned"

    order_id = identifier("The order of the line.", key=True, required=True, is_of_order=True)
    line_id = text("The line within its order.", key=True, required=True)
    updated_at = instant("Version clock.", required=True)
    sku = text("The SKU sold.", required=True)
    quantity = units("Units ordered.", required=True)
    unit_price = money("Of one unit, before discount; before tax unless the order's prices include it.", required=True)
    discount_amount = money("On the whole line; default 0.")
    tax_amount = money("On the whole line; default 0.", signed=True)
    cancelled_quantity = units("Ordered units that are cancelled; default 0.")
    promised_at = promise("The line's own delivery promise, in place of the order's.", days="promise_is_date_only")
    promise_is_date_only = boolean("The promise is a day, as written; default true for a date without time of day.")
    warehouse_id = text("The warehouse it ships from, if decided.")
    seller_id = text("The owner of the goods.")
    is_gift_card = boolean("Sells a gift card; default false.")
    requires_shipping = boolean("Needs a shipment; default true.")

    @rule("the discount is more than quantity × unit price", "discount_amount", "quantity", "unit_price")
    def discount_within_line(cls) -> pl.Expr:
        """Require a discount that is not more than the worth of the line."""
        worth = pl.col("quantity") * pl.col("unit_price")
        return (worth < 0) | (pl.col("discount_amount") <= worth)

    @rule("quantity × unit price is too large", "quantity", "unit_price")
    def worth_within_reach(cls) -> pl.Expr:
        """Require that the worth of the line fits into an amount."""
        return pl.col("quantity") * pl.col("unit_price") < AMOUNT_LIMIT

    @rule("more is cancelled than was ordered", "cancelled_quantity", "quantity")
    def cancelled_within_ordered(cls) -> pl.Expr:
        """Require that not more is cancelled than was ordered."""
        return (pl.col("quantity") < 0) | (pl.col("cancelled_quantity") <= pl.col("quantity"))
