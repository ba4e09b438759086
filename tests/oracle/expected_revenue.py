"""Rows of the revenue mart as the oracle expects them, once by category and once summed over the categories."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.revenue import AMOUNTS, Event, revenue_events
from tests.oracle.state import State

__all__ = ["BY_CATEGORY", "revenue_by_category", "revenue_by_day"]

Cells = dict[tuple[Any, ...], dict[str, Any]]


def revenue_by_day(state: State) -> Cells:
    """Return fct_revenue_daily summed over the categories."""
    return _summed(state, lambda event: (event.day, event.clock, event.channel, event.country, event.currency))


BY_CATEGORY = ("gross_sales_amount", "discounts_amount", "shipping_amount", "units_quantity")


def revenue_by_category(state: State) -> Cells:
    """Return sales and shipping of fct_revenue_daily by category."""
    cells = _summed(
        state, lambda event: (event.day, event.clock, event.channel, event.country, event.category, event.currency)
    )
    sales = {key: {name: row[name] for name in BY_CATEGORY} for key, row in cells.items()}
    return {key: row for key, row in sales.items() if any(row.values())}


def _summed(state: State, key: Any) -> Cells:
    rates, reporting = state.rates, state.world.reporting_currency
    groups: dict[tuple[Any, ...], list[Event]] = defaultdict(list)
    for event in revenue_events(state):
        groups[key(event)].append(event)
    cells = {}
    for group, events in groups.items():
        own = {name: sum((event.amounts.get(name, ZERO) for event in events), ZERO) for name in AMOUNTS}
        reported = [event.reported(rates, reporting) for event in events]
        known = [amounts for amounts in reported if amounts is not None]
        cells[group] = _amounts(own, "") | {
            "orders_count": sum(event.orders for event in events),
            "units_quantity": sum(event.units for event in events),
            "returned_quantity": sum(event.returned_units for event in events),
        }
        if len(known) == len(reported):
            sums = {name: sum((amounts.get(name, ZERO) for amounts in known), ZERO) for name in AMOUNTS}
            cells[group] |= _amounts(sums, "_reporting")
        else:
            cells[group] |= dict.fromkeys(_amounts(own, "_reporting"))
    return cells


def _amounts(sums: dict[str, Decimal], suffix: str) -> dict[str, Any]:
    net = sums["gross_sales"] - sums["discounts"] - sums["returns"]
    total = net + sums["tax"] + sums["shipping"]
    named = sums | {"net_sales": net, "total_sales": total}
    return {f"{name}_amount{suffix}": amount for name, amount in named.items()}
