"""KPIs of customers by the day of their first order, of feedback and of carts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tests.oracle.catalogue import carts
from tests.oracle.customers import customers_of
from tests.oracle.days import business_day
from tests.oracle.kpis_of_values import UNKNOWN, Value, dimensions_of
from tests.oracle.state import State

__all__ = ["people_values"]

RETAINED = timedelta(days=90)


def people_values(state: State) -> Iterator[Value]:
    """Return lifetime value and retention, feedback and abandoned carts."""
    world = state.world
    for customer in customers_of(state).values():
        if not customer.orders:
            continue
        first = customer.orders[0]
        day, place = business_day(first.placed_at, world.time_zone), dimensions_of(first)
        yield Value(day, "customer_lifetime_value", customer.net_spend, 1, place)
        bought = [order.placed_at for order in customer.purchases]
        if bought and bought[0] + RETAINED <= world.as_of:
            is_retained = len(bought) > 1 and bought[1] <= bought[0] + RETAINED
            yield Value(day, "retention_90d", int(is_retained), 1, place)
    for voice in world.events("feedback"):
        if voice["score"] is None or not voice["scale_max"] or voice["order_id"] in state.tests:
            continue
        order = state.orders.get(voice["order_id"] or "")
        place = dimensions_of(order) if order else UNKNOWN | {"source": voice["_source"]}
        day = business_day(voice["occurred_at"], world.time_zone)
        yield Value(day, "feedback_score", voice["score"], voice["scale_max"], place)
    for cart in carts(state).values():
        place = {"source": cart["source"]}
        yield Value(cart["first_event_date"], "abandonment_rate", int(cart["is_abandoned"]), 1, place)
