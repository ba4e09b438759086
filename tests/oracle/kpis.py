"""KPIs by business day and dimension, as numerators and denominators.

Compared are the KPIs of orders, lines, payments, sales, customers, feedback and carts. Those of stock follow the
ledger, which is compared itself. A day on which nothing counts has no row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tests.oracle.customers import customer_key
from tests.oracle.days import business_day
from tests.oracle.kpis_of_money import REVENUE_KPIS, money_values, sales_values
from tests.oracle.kpis_of_people import people_values
from tests.oracle.kpis_of_values import Value, dimensions_of
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.revenue import category_of
from tests.oracle.state import State

__all__ = ["DIMENSIONS", "KPIS", "kpi_daily"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
SHIP_WITHIN = timedelta(hours=72)
DIMENSIONS = ("all", "channel", "country", "source", "category")
SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
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
        "perfect_order_rate",
        "order_cycle_hours",
        "payment_success_rate",
        "unreconciled_amount",
        "refund_cycle_hours",
        "repeat_rate",
        "new_customers",
        "retention_90d",
        "customer_lifetime_value",
        "feedback_score",
        "abandonment_rate",
        *REVENUE_KPIS,
    }
)


@cache
def _days_to_mature() -> dict[str, int]:
    with (SEEDS / "kpis.csv").open(newline="") as file:
        return {row["kpi"]: int(row["mature_after_days"] or 0) for row in csv.DictReader(file)}


def kpi_daily(state: State) -> Cells:
    """Return fct_kpi_daily for the compared KPIs and dimensions."""
    sums: dict[tuple[Any, ...], tuple[list[Any], list[Any]]] = {}
    for value in _values(state):
        for dimension, of in {"all": "all", **value.dimensions}.items():
            known = sums.setdefault((value.day, value.kpi, dimension, of), ([], []))
            known[0].append(value.numerator)
            known[1].append(value.denominator)
    today = business_day(state.world.as_of, state.world.time_zone)
    cells: Cells = {}
    for key, (numerators, denominators) in sums.items():
        numerator, denominator = _whole(numerators), _whole(denominators)
        if numerator == 0 and not denominator:
            continue
        matures = key[0] + timedelta(days=_days_to_mature()[key[1]])
        cells[key] = {"numerator": numerator, "denominator": denominator, "is_mature": matures <= today}
    return cells


def _whole(values: list[Decimal | int | float | None]) -> Decimal | int | float | None:
    """Return a sum; none if a part of it is unknown."""
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known and len(known) == len(values) else None


def _values(state: State) -> Iterator[Value]:
    for order in state.orders.values():
        dimensions = dimensions_of(order)
        for day, kpi, numerator, denominator in (*_placed(order), *_delivery(order), *_paying(order)):
            yield Value(day, kpi, numerator, denominator, dimensions)
        for line in order.lines:
            of_line = dimensions | {"category": category_of(state, line.row["sku"])}
            for day, kpi, numerator, denominator in _of_line(order, line):
                yield Value(day, kpi, numerator, denominator, of_line)
    for order, (day, kpi, numerator, denominator) in _customers(state):
        yield Value(day, kpi, numerator, denominator, dimensions_of(order))
    yield from sales_values(state)
    yield from money_values(state)
    yield from people_values(state)


Parts = tuple[date, str, Decimal | int | float, int | None]


def _placed(order: Order) -> Iterator[Parts]:
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
    if physical:
        is_filled = all(line.shipped_quantity >= line.kept_quantity for line in physical)
        yield day, "fill_rate_orders", int(is_filled), 1
        had_to_leave = order.placed_at + SHIP_WITHIN
        if had_to_leave <= order.world.as_of:
            is_on_time = is_filled and order.shipped_instants[-1] <= had_to_leave
            yield business_day(had_to_leave, order.world.time_zone), "on_time_shipment_rate", int(is_on_time), 1


def _of_line(order: Order, line: Line) -> Iterator[Parts]:
    if not order.is_shipment_tracked:
        return
    day = business_day(order.placed_at, order.world.time_zone)
    if line.requires_shipping and line.kept_quantity > 0 and order.order_status != "cancelled":
        done = min(line.shipped_quantity, line.kept_quantity)
        yield day, "fill_rate", done, line.kept_quantity
        yield day, "fill_rate_lines", int(done == line.kept_quantity), 1
    if order.is_return_tracked:
        yield day, "return_rate_units", line.effective_returned_quantity, line.shipped_quantity


def _delivery(order: Order) -> Iterator[Parts]:
    if not order.is_delivery_tracked:
        return
    if order.delivered_at is not None and order.hours_to_deliver is not None:
        delivered_on = business_day(order.delivered_at, order.world.time_zone)
        if order.delivered_at <= order.world.as_of:
            yield delivered_on, "order_cycle_hours", order.hours_to_deliver, 1
    promise = order.first_deadline
    is_due = order.order_status != "cancelled" and order.fulfilment_status != "nothing_to_fulfil"
    # A promise that has not ended yet is neither kept nor broken.
    if promise is None or not is_due or promise > order.world.as_of:
        return
    day = business_day(promise, order.world.time_zone)
    attempt, delivered = order.first_attempt_at, order.delivered_at
    is_otif = delivered is not None and not order.was_late
    is_over = any(line.shipped_quantity > line.ordered_quantity for line in order.lines)
    returned = order.units(lambda line: line.returned_quantity)
    has_trouble = order.has_delivery_problem or is_over or returned or order.money.refunded or order.money.disputed
    yield day, "on_time_delivery_rate", int(attempt is not None and attempt <= promise), 1
    yield day, "in_full_rate", int(delivered is not None), 1
    yield day, "otif", int(is_otif), 1
    yield day, "perfect_order_rate", int(is_otif and not has_trouble), 1


def _paying(order: Order) -> Iterator[Parts]:
    days: dict[date, set[str]] = {}
    for payment in order.money.payments:
        if payment.kind in ("authorized", "captured", "failed"):
            days.setdefault(payment.day, set()).add(payment.kind)
    for day, kinds in days.items():
        yield day, "payment_success_rate", int(bool(kinds & {"authorized", "captured"})), 1


def _customers(state: State) -> Iterator[tuple[Order, Parts]]:
    known: set[str] = set()
    for order in sorted(state.orders.values(), key=lambda order: (order.placed_at, order.order_id)):
        key, day = customer_key(order), business_day(order.placed_at, order.world.time_zone)
        is_customer = not key.startswith("o:")
        yield order, (day, "repeat_rate", int(key in known), 1)
        yield order, (day, "new_customers", int(is_customer and key not in known), None)
        known.add(key)
