"""Returns: one step of one returned line per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import country, currency, identifier, instant, money, personal, text, units, word
from orderhouse.contracts.contract import Contract, rule

__all__ = ["Returns"]


class Returns(Contract):
    """Units that come back. Without an order it is a credit note, with customer, amount and currency of its own."""

    shape = "event"

    return_id = identifier("The return, or the credit note.", key=True, required=True)
    line_id = text("The order line that comes back; of a credit note its own.", key=True, required=True)
    status = word("The step.", key=True, required=True)
    occurred_at = instant("The instant of the step.", key=True, required=True)
    quantity = units("Units that take this step.", required=True, above_zero=True)
    order_id = identifier("Empty on a credit note.", is_of_order=True)
    reason = personal("The text of the customer.", kind="text")
    warehouse_id = text("The warehouse of arrival.")
    sku = text("The SKU that comes back.")
    customer_id = identifier("Of a credit note.")
    channel = text("Of a credit note.")
    country = country("Of a credit note.")
    credit_amount = money("Of a credit note.")
    currency = currency("Of the credited amount.")

    @rule("neither an order nor a credited amount is named", "order_id", "credit_amount")
    def names_an_order_or_credit(cls) -> pl.Expr:
        """Require an order or, for a credit note, a credited amount."""
        return pl.col("order_id").is_not_null() | pl.col("credit_amount").is_not_null()

    @rule("an amount is credited without a currency", "currency")
    def credit_has_currency(cls) -> pl.Expr:
        """Require a currency where an amount is credited."""
        return pl.col("credit_amount").is_null() | pl.col("currency").is_not_null()
