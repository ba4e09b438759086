"""KPIs by business day and dimension, as numerators and denominators.

Compared are the KPIs of orders, payments, sales and customers. Those of stock follow the ledger, which is compared
itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.customers import customer_key
from tests.oracle.days import business_day
from tests.oracle.orders import Order
from tests.oracle.rates import Rates
from tests.oracle.revenue import order_events
from tests.oracle.state import State

__all__ = ["KPIS", "kpi_daily"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
Value = tuple[date, str, Decimal | int | float | None, Decimal | int | None]
SHIP_WITHIN = timedelta(hours=72)

# The revenue mart has no source.
OF_THE_REVENUE_MART = frozenset({"gross_sales"})
KPIS = frozenset(
    {
        "orders",
        "cancellation_rate",
        "units_per_order",
        "backorder_rate",
        "fill_rate",
        "fill_rate_lines",
        "fill_rate_orders",
        "return_rate_units",
        "on_time_shipment_rate",
        "on_time_delivery_rate",
        "in_full_rate",
        "otif",
        "order_cycle_hours",
        "payment_success_rate",
        "repeat_rate",
        "new_customers",
        "gross_sales",
    }
)


def kpi_daily(state: State) -> Cells:
    """Return fct_kpi_daily for the dimensions all, channel, country and source."""
    sums: dict[tuple[Any, ...], list[Any]] = {}

    def add(order: Order, value: Value) -> None:
        day, kpi, numerator, denominator = value
        row = order.row
        for dimension, of in (
            ("all", "all"),
            ("channel", row["channel"] or "unknown"),
            ("country", row["ship_country"] or "unknown"),
            ("source", row["_source"]),
        ):
            if dimension == "source" and kpi in OF_THE_REVENUE_MART:
                continue
            known = sums.setdefault((day, kpi, dimension, of), [0, None if denominator is None else 0])
            known[0] = None if known[0] is None or numerator is None else known[0] + numerator
            if denominator is not None:
                known[1] = (known[1] or 0) + denominator

    rates = state.rates
    for order in state.orders.values():
        for value in (*_placed(order), *_delivery(order), *_paying(order), *_selling(state, order, rates)):
            add(order, value)
    for order, value in _customers(state):
        add(order, value)
    return {key: {"numerator": n, "denominator": d} for key, (n, d) in sums.items()}


def _placed(order: Order) -> Iterator[Value]:
    day = business_day(order.placed_at, order.world.time_zone)
    is_cancelled = order.order_status == "cancelled"
    yield day, "orders", 1, None
    yield day, "cancellation_rate", int(is_cancelled), 1
    if not is_cancelled:
        yield day, "units_per_order", order.ordered - order.cancelled, 1
        if order.is_stock_tracked:
            yield day, "backorder_rate", int(any(line.backordered_quantity for line in order.lines)), 1
    if not order.is_shipment_tracked:
        return
    physical = [line for line in order.lines if line.requires_shipping and line.kept_quantity > 0]
    done = [min(line.shipped_quantity, line.kept_quantity) for line in physical]
    if physical:
        yield day, "fill_rate", sum(done), sum(line.kept_quantity for line in physical)
        whole = [units == line.kept_quantity for units, line in zip(done, physical, strict=True)]
        yield day, "fill_rate_lines", sum(whole), len(physical)
        yield day, "fill_rate_orders", int(all(whole)), 1
        had_to_leave = order.placed_at + SHIP_WITHIN
        if had_to_leave <= order.world.as_of:
            is_on_time = all(whole) and order.shipped_instants[-1] <= had_to_leave
            yield business_day(had_to_leave, order.world.time_zone), "on_time_shipment_rate", int(is_on_time), 1
    if order.is_return_tracked and order.shipped:
        yield day, "return_rate_units", order.returned_of_shipped, order.shipped


def _delivery(order: Order) -> Iterator[Value]:
    if not order.is_delivery_tracked:
        return
    if order.delivered_at is not None and order.hours_to_deliver is not None:
        delivered_on = business_day(order.delivered_at, order.world.time_zone)
        yield delivered_on, "order_cycle_hours", order.hours_to_deliver, 1
    promise = order.first_deadline
    is_due = order.order_status != "cancelled" and order.fulfilment_status != "nothing_to_fulfil"
    if promise is None or not is_due:
        return
    # A promise that has not ended yet is neither kept nor broken.
    if promise > order.world.as_of:
        return
    day = business_day(promise, order.world.time_zone)
    attempt, delivered = order.first_attempt_at, order.delivered_at
    yield day, "on_time_delivery_rate", int(attempt is not None and attempt <= promise), 1
    yield day, "in_full_rate", int(delivered is not None), 1
    yield day, "otif", int(delivered is not None and not order.was_late), 1


def _paying(order: Order) -> Iterator[Value]:
    days: dict[date, set[str]] = {}
    for payment in order.money.payments:
        if payment.kind in ("authorized", "captured", "failed"):
            days.setdefault(payment.day, set()).add(payment.kind)
    for day, kinds in days.items():
        yield day, "payment_success_rate", int(bool(kinds & {"authorized", "captured"})), 1


def _selling(state: State, order: Order, rates: Rates) -> Iterator[Value]:
    for event in order_events(state, order, "placed"):
        reported = event.reported(rates, state.world.reporting_currency)
        yield event.day, "gross_sales", None if reported is None else reported.get("gross_sales", 0), None


def _customers(state: State) -> Iterator[tuple[Order, Value]]:
    known: set[str] = set()
    for order in sorted(state.orders.values(), key=lambda order: (order.placed_at, order.order_id)):
        key, day = customer_key(order), business_day(order.placed_at, order.world.time_zone)
        is_customer = not key.startswith("o:")
        yield order, (day, "repeat_rate", int(key in known), 1)
        yield order, (day, "new_customers", int(is_customer and key not in known), None)
        known.add(key)
