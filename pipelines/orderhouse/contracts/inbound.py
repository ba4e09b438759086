"""Inbound: what is still to come of a purchase order, one version per row."""

from __future__ import annotations

from orderhouse.contracts.columns import currency, identifier, instant, money, text, units
from orderhouse.contracts.contract import Contract

__all__ = ["Inbound"]


class Inbound(Contract):
    """Units of a SKU that a supplier still owes a warehouse."""

    shape = "versioned"

    po_id = identifier(key=True, required=True)
    sku = text(key=True, required=True)
    warehouse_id = text(key=True, required=True)
    quantity = units("Still to come.", required=True)
    expected_at = instant(required=True)
    updated_at = instant("Version clock.", required=True)
    supplier = text()
    unit_cost = money()
    currency = currency("Of the cost.")
