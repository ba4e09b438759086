"""Inbound: the outstanding units of a purchase order, one version per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import AMOUNT_LIMIT, currency, identifier, instant, money, text, units
from orderhouse.contracts.contract import Contract, rule

__all__ = ["Inbound"]


class Inbound(Contract):
    """Units of a SKU that a supplier has still to deliver to a warehouse."""

    shape = "versioned"

    po_id = identifier("The purchase order.", key=True, required=True)
    sku = text("The SKU to come.", key=True, required=True)
    warehouse_id = text("The warehouse of arrival.", key=True, required=True)
    quantity = units("Units still to come.", required=True)
    expected_at = instant("The expected arrival.", required=True)
    updated_at = instant("Version clock.", required=True)
    supplier = text("The supplier.")
    unit_cost = money("Cost of one unit.")
    currency = currency("Of the cost.")

    @rule("quantity × unit cost is too large", "quantity", "unit_cost")
    def worth_within_reach(cls) -> pl.Expr:
        """Require that the worth of the outstanding units fits into an amount."""
        return pl.col("quantity") * pl.col("unit_cost") < AMOUNT_LIMIT
