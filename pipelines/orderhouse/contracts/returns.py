"""Returns: one step of one returned line per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import country, currency, identifier, instant, money, personal, text, units, word
from orderhouse.contracts.contract import Contract, rule

__all__ = ["Returns"]


class Returns(Contract):
    """Units coming back. Without an order it is a credit note, with customer, amount and currency of its own."""

    shape = "event"

    return_id = identifier("The return, or the credit note.", key=True, required=True)
    line_id = text("The order line that comes back; of a credit note its own.", key=True, required=True)
    status = word("Which step this is.", key=True, required=True)
    occurred_at = instant("When it happened.", key=True, required=True)
    quantity = units("Units that take this step.", required=True, above_zero=True)
    order_id = identifier("Empty on a credit note.", is_of_order=True)
    reason = personal("What the customer wrote.", kind="text")
    warehouse_id = text("Where it arrived.")
    sku = text("What comes back.")
    customer_id = identifier("Of a credit note.")
    channel = text("Of a credit note.")
    country = country("Of a credit note.")
    credit_amount = money("Of a credit note.")
    currency = currency("Of the credited amount.")

    @rule("neither an order nor a credited amount is named", "order_id", "credit_amount")
    def names_an_order_or_credit(cls) -> pl.Expr:
        """A return is of an order, or it is a credit note and says what it credits."""
        return pl.col("order_id").is_not_null() | pl.col("credit_amount").is_not_null()

    @rule("an amount is credited without a currency", "currency")
    def credit_has_currency(cls) -> pl.Expr:
        """An amount means nothing without its currency."""
        return pl.col("credit_amount").is_null() | pl.col("currency").is_not_null()
