"""Products: one version of a SKU's description per row."""

from __future__ import annotations

from orderhouse.contracts.columns import boolean, currency, instant, money, text, units, word
from orderhouse.contracts.contract import Contract

__all__ = ["Products"]


class Products(Contract):
    """The description, cost, lead time and order quantities of a SKU, as of `updated_at`."""

    shape = "versioned"

    sku = text("Stock keeping unit.", key=True, required=True)
    updated_at = instant("Version clock.", required=True)
    name = text("Name.")
    category = text("Category.")
    brand = text("Brand.")
    kind = word("Goods, which are kept in stock, or a service; default goods.")
    unit_cost = money("Cost of one unit.")
    currency = currency("Of the cost.")
    lead_time_days = units("Days from purchase order to receipt.")
    supplier = text("The supplier it is bought from.")
    pack_size = units("Units of a pack; orders to the supplier are whole packs. Default 1.")
    minimum_order_quantity = units("Least number of units that the supplier delivers. Default none.")
    is_active = boolean("Still sold; default true.")
