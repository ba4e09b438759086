"""Exceptions about currencies without a rate on a day with revenue, and about orders that were perhaps placed twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle.amounts import ZERO
from tests.oracle.customers import customer_key
from tests.oracle.days import end_of_day
from tests.oracle.exceptions_of_lines import Found
from tests.oracle.orders import Order
from tests.oracle.state import State
from tests.oracle.takebacks import revenue_events
from tests.oracle.versions import grouped

__all__ = ["of_rates", "of_twins"]

TWICE = timedelta(minutes=15)


def of_rates(state: State) -> Iterator[Found]:
    """Return the currencies without a rate on a day with revenue by the placed clock, since the first such day."""
    reporting = state.world.reporting_currency
    sums: dict[str, Decimal] = defaultdict(Decimal)
    first: dict[str, datetime] = {}
    for event in revenue_events(state):
        is_missing = state.rates.rate(event.currency, reporting, event.day) is None
        if event.clock == "placed" and event.currency != reporting and is_missing:
            amounts = event.amounts
            sums[event.currency] += amounts.get("gross_sales", ZERO) - amounts.get("discounts", ZERO)
            sums[event.currency] += sum((amounts.get(name, ZERO) for name in ("tax", "shipping")), ZERO)
            sums[event.currency] -= amounts.get("returns", ZERO)
            start = end_of_day(event.day - timedelta(days=1), state.world.time_zone) + timedelta(microseconds=1)
            first[event.currency] = min(start, first.get(event.currency, start))
    for currency, amount in sums.items():
        yield Found("missing_fx_rate", currency, first[currency], amount, currency, subject_type="currency")


def of_twins(state: State) -> Iterator[Found]:
    """Return the orders with the same lines and amount as another of the same customer, placed minutes before."""

    def basket(order: Order) -> tuple[object, ...]:
        return customer_key(order), order.currency, order.ordered_due_amount, len(order.lines), order.ordered

    sales = [
        order
        for order in state.orders.values()
        if order.lines
        and order.order_status != "cancelled"
        and (order.row["order_type"] or "sale") == "sale"
        and not customer_key(order).startswith("o:")
    ]
    for members in grouped(sales, basket).values():
        members.sort(key=lambda order: (order.placed_at, order.order_id))
        for earlier, order in zip(members, members[1:], strict=False):
            skus, others = ({str(line.row["sku"]) for line in each.lines} for each in (order, earlier))
            if order.placed_at - earlier.placed_at <= TWICE and skus <= others:
                worth = order.ordered_due_amount
                source = order.row["_source"]
                at = order.placed_at
                yield Found("duplicate_order_suspect", order.order_id, at, worth, order.currency, source=source)
