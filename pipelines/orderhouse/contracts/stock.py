"""Stock: one movement or count per row, except our own shipments and restocked returns."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import AMOUNT_LIMIT, currency, identifier, instant, money, text, units, word
from orderhouse.contracts.contract import Contract, rule

__all__ = ["Stock"]


class Stock(Contract):
    """What moves stock, except our own shipments and restocked returns, which are known from their own feeds."""

    shape = "event"

    movement_id = identifier("The movement.", key=True, required=True)
    sku = text("What moved.", required=True)
    warehouse_id = text("Where it moved.", required=True)
    kind = word("What moved it.", required=True)
    quantity = units(
        "Signed for an adjustment, the level itself for a count, above zero otherwise.", required=True, signed=True
    )
    occurred_at = instant("When it happened.", required=True)
    unit_cost = money("What a received unit cost.")
    currency = currency("Of the cost.")
    reference = text("Joins the two legs of a transfer.")

    @rule("a movement of this kind needs a quantity above zero", "kind", "quantity")
    def moves_something(cls) -> pl.Expr:
        """Receipts and transfers move at least one unit; the kind says which way."""
        return ~pl.col("kind").str.to_lowercase().is_in(["receipt", "transfer_in", "transfer_out"]) | (
            pl.col("quantity") > 0
        )

    @rule("quantity × unit cost is too large", "quantity", "unit_cost")
    def worth_within_reach(cls) -> pl.Expr:
        """No movement is worth more than an amount can be."""
        return (pl.col("quantity") * pl.col("unit_cost")).abs() < AMOUNT_LIMIT

    @rule("a counted level is below zero", "quantity")
    def count_not_negative(cls) -> pl.Expr:
        """Nobody counts fewer than no units."""
        return (pl.col("kind").str.to_lowercase() != "count") | (pl.col("quantity") >= 0)
