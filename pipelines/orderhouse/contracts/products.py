"""Products: one version of a SKU's description per row."""

from __future__ import annotations

from orderhouse.contracts.columns import boolean, currency, instant, money, text, units, word
from orderhouse.contracts.contract import Contract

__all__ = ["Products"]


class Products(Contract):
    """What a SKU is, costs, and how long it takes to come, as of `updated_at`."""

    shape = "versioned"

    sku = text("Stock keeping unit.", key=True, required=True)
    updated_at = instant("Version clock.", required=True)
    name = text("Name.")
    category = text("Category.")
    brand = text("Brand.")
    kind = word("Goods are kept in stock, a service is not; default goods.")
    unit_cost = money("Cost of one unit.")
    currency = currency("Of the cost.")
    lead_time_days = units("Days from purchase order to receipt.")
    supplier = text("From whom it is bought.")
    is_active = boolean("Still sold; default true.")
