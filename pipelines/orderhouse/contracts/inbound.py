"""Inbound: what is still to come of a purchase order, one version per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import AMOUNT_LIMIT, currency, identifier, instant, money, text, units
from orderhouse.contracts.contract import Contract, rule

__all__ = ["Inbound"]


class Inbound(Contract):
    """Units of a SKU that a supplier still owes a warehouse."""

    shape = "versioned"

    po_id = identifier("The purchase order.", key=True, required=True)
    sku = text("What is to come.", key=True, required=True)
    warehouse_id = text("Where to.", key=True, required=True)
    quantity = units("Units still to come.", required=True)
    expected_at = instant("When it is expected.", required=True)
    updated_at = instant("Version clock.", required=True)
    supplier = text("From whom.")
    unit_cost = money("Cost of one unit.")
    currency = currency("Of the cost.")

    @rule("quantity × unit cost is too large", "quantity", "unit_cost")
    def worth_within_reach(cls) -> pl.Expr:
        """Nothing that is still to come is worth more than an amount can be."""
        return pl.col("quantity") * pl.col("unit_cost") < AMOUNT_LIMIT
