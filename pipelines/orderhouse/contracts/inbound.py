"""Inbound: what is still to come of a purchase order, one version per row."""

from __future__ import annotations

from orderhouse.contracts.columns import currency, identifier, instant, money, text, units
from orderhouse.contracts.contract import Contract

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
