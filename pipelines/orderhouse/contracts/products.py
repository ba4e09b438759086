"""Products: one version of a SKU's description per row."""

from __future__ import annotations

from orderhouse.contracts.columns import boolean, currency, instant, money, text, units, word
from orderhouse.contracts.contract import Contract

__all__ = ["Products"]


class Products(Contract):
    """What a SKU is, costs, and how long it takes to come."""

    shape = "versioned"

    sku = text(key=True, required=True)
    updated_at = instant("Version clock.", required=True)
    name = text()
    category = text()
    brand = text()
    kind = word("goods or service.")
    unit_cost = money()
    currency = currency("Of the cost.")
    lead_time_days = units("From purchase order to receipt.")
    supplier = text()
    is_active = boolean("Still sold.")
