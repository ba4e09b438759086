"""Stock: one movement or count per row, without the merchant's own shipments and restocked returns."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import AMOUNT_LIMIT, currency, identifier, instant, money, text, units, word
from orderhouse.contracts.contract import Contract, rule

__all__ = ["Stock"]


class Stock(Contract):
    """A movement or count of stock. Our own shipments and restocked returns are in their own feeds."""

    shape = "event"

    movement_id = identifier("The movement.", key=True, required=True)
    sku = text("The SKU moved.", required=True)
    warehouse_id = text("The warehouse of the movement.", required=True)
    kind = word("The kind of movement.", required=True)
    quantity = units(
        "Signed for an adjustment, the level itself for a count, above zero otherwise.", required=True, signed=True
    )
    occurred_at = instant("The instant of the movement.", required=True)
    unit_cost = money("The cost of a received unit.")
    currency = currency("Of the cost.")
    reference = text("Joins the two legs of a transfer.")

    @rule("a movement of this kind needs a quantity above zero", "kind", "quantity")
    def moves_something(cls) -> pl.Expr:
        """Require at least one unit for receipts and transfers; the kind gives the direction."""
        return ~pl.col("kind").str.to_lowercase().is_in(["receipt", "transfer_in", "transfer_out"]) | (
            pl.col("quantity") > 0
        )

    @rule("quantity × unit cost is too large", "quantity", "unit_cost")
    def worth_within_reach(cls) -> pl.Expr:
        """Require that the worth of the movement fits into an amount."""
        return (pl.col("quantity") * pl.col("unit_cost")).abs() < AMOUNT_LIMIT

    @rule("a counted level is below zero", "quantity")
    def count_not_negative(cls) -> pl.Expr:
        """Require a counted level that is not negative."""
        return (pl.col("kind").str.to_lowercase() != "count") | (pl.col("quantity") >= 0)
