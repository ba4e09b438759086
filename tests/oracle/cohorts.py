"""Cohorts: identified customers by the month and kind of their first order, and their purchases month by month."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from tests.oracle.customers import Customer, customers_of
from tests.oracle.days import business_day
from tests.oracle.orders import Order
from tests.oracle.revenue import category_of
from tests.oracle.state import State

__all__ = ["cohort_retention"]

Cells = dict[tuple[Any, ...], dict[str, Any]]


def cohort_retention(state: State) -> Cells:
    """Return fct_cohort_retention."""
    zone = state.world.time_zone
    today = business_day(state.world.as_of, zone)
    cohorts: dict[tuple[Any, ...], list[Customer]] = defaultdict(list)
    for customer in customers_of(state).values():
        if customer.orders:
            first = customer.orders[0]
            month = business_day(first.placed_at, zone).replace(day=1)
            kind = "discounted" if customer.sold(first, "discounts") > 0 else "full_price"
            cohorts[(month, first.row["channel"] or "unknown", _category(state, first), kind)].append(customer)
    cells: Cells = {}
    for key, customers in cohorts.items():
        bought = [
            Counter(business_day(order.placed_at, zone).replace(day=1) for order in customer.purchases)
            for customer in customers
        ]
        for number in range(_months(key[0], today) + 1):
            month = _later(key[0], number)
            active = sum(counts[month] > 0 for counts in bought)
            cells[(*key, number)] = {
                "customers_count": len(customers),
                "active_customers_count": active,
                "purchases_count": sum(counts[month] for counts in bought),
                "retention_rate": active / len(customers),
                "is_mature": _later(month, 1) <= today,
                "active_month": month,
            }
    return cells


def _category(state: State, order: Order) -> str:
    """Return the category of most ordered units; goods without a category have none."""
    units: Counter[str] = Counter()
    for line in order.lines:
        category = category_of(state, line.row["sku"])
        if not line.is_service and category != "unknown":
            units[category] += line.ordered_quantity
    return min(units, key=lambda name: (-units[name], name), default="unknown")


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _later(month: date, number: int) -> date:
    months = month.year * 12 + month.month - 1 + number
    return date(months // 12, months % 12 + 1, 1)
