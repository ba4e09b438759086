"""KPIs of sales and of money: from the placed clock of revenue, from open breaks and from refunds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.breaks import Breaks
from tests.oracle.days import business_day, hours_between
from tests.oracle.kpis_of_values import UNKNOWN, Value, dimensions_of
from tests.oracle.state import State
from tests.oracle.takebacks import revenue_events

__all__ = ["REVENUE_KPIS", "money_values", "sales_values"]

REVENUE_KPIS = (
    "gross_sales",
    "net_sales",
    "orders_recognised",
    "average_order_value",
    "discount_share",
    "return_rate_value",
)


def sales_values(state: State) -> Iterator[Value]:
    """Return the KPIs of sales. Orders are not kept by category, because an order may have lines of several."""
    for event in revenue_events(state):
        if event.clock != "placed":
            continue
        place = {"channel": event.channel, "country": event.country}
        by_category = place | {"category": event.category}
        known = event.reported(state.rates, state.world.reporting_currency)
        gross = discounts = returns = net = sold = None
        if known is not None:
            gross, discounts, returns = (known.get(name, ZERO) for name in ("gross_sales", "discounts", "returns"))
            sold = gross - discounts
            net = sold - returns
        yield Value(event.day, "gross_sales", gross, None, by_category)
        yield Value(event.day, "net_sales", net, None, by_category)
        yield Value(event.day, "discount_share", discounts, gross, by_category)
        yield Value(event.day, "return_rate_value", returns, sold, by_category)
        yield Value(event.day, "orders_recognised", event.orders, None, place)
        yield Value(event.day, "average_order_value", sold, event.orders, place)


def money_values(state: State) -> Iterator[Value]:
    """Return the open amounts, by the day placed or opened, and the hours from a return's arrival to its refund."""
    world = state.world
    for order in state.orders.values():
        yield from _open_amount(state, Breaks(order.money, order), order.placed_at, dimensions_of(order))
    for money in state.orphan_money.values():
        breaks = Breaks(money)
        source = max(payment.row["_source"] for payment in money.payments)
        if breaks.opened_at is not None:
            yield from _open_amount(state, breaks, breaks.opened_at, UNKNOWN | {"source": source})
    arrived: dict[str, datetime] = {}
    every = [*(each for order in state.orders.values() for each in order.returns), *state.orphan_returns]
    for each in [*every, *state.credit_notes]:
        at = each.first("received", "restocked", "scrapped")
        if at is not None:
            arrived[each.return_id] = min(at, arrived.get(each.return_id, at))
    monies = [*(order.money for order in state.orders.values()), *state.orphan_money.values()]
    for payment in (payment for money in monies for payment in money.payments if payment.kind == "refunded"):
        at = arrived.get(payment.row["return_id"] or "")
        if at is not None:
            known = state.orders.get(payment.order_id)
            place = dimensions_of(known) if known else UNKNOWN | {"source": payment.row["_source"]}
            hours = max(hours_between(at, payment.occurred_at) or 0.0, 0.0)
            yield Value(business_day(payment.occurred_at, world.time_zone), "refund_cycle_hours", hours, 1, place)


def _open_amount(state: State, breaks: Breaks, at: datetime, place: dict[str, str]) -> Iterator[Value]:
    world = state.world
    if not breaks.is_open(world.as_of):
        return
    day = business_day(at, world.time_zone)
    rate = state.rates.rate(breaks.money.currency, world.reporting_currency, day)
    amount = None if rate is None else rounded(breaks.open_amount(world.as_of) * rate, world.reporting_currency)
    yield Value(day, "unreconciled_amount", amount, None, place)
