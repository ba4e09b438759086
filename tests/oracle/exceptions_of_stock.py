"""Exceptions about stock, and about currencies without a rate on a day with revenue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle.amounts import ZERO
from tests.oracle.days import end_of_day
from tests.oracle.exceptions_of_lines import Found
from tests.oracle.expected_stock import average_cost, incoming_units
from tests.oracle.state import State, lines_by_sku
from tests.oracle.stock import in_order
from tests.oracle.takebacks import revenue_events

__all__ = ["of_rates", "of_stock"]


def of_stock(state: State) -> Iterator[Found]:
    """Return levels below zero, and products of which more is sold than on hand and incoming."""
    sources: dict[str, str] = {}
    for movement in state.movements:
        sources[movement.sku] = min(movement.source, sources.get(movement.sku, movement.source))

    def found(code: str, sku: str, at: datetime, units: int) -> Found:
        cost, currency = average_cost(state, sku)
        worth = None if cost is None else cost * units
        return Found(code, sku, at, worth, currency, subject_type="sku", sku=sku, source=sources.get(sku))

    below: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for (sku, _), movements in in_order(state.movements).items():
        level, since = 0, None
        for number, movement in enumerate(movements):
            level = movement.units if movement.kind == "count" else level + movement.units
            is_last_of_instant = number + 1 == len(movements) or movements[number + 1].at != movement.at
            if is_last_of_instant:
                since = (since or movement.at) if level < 0 else None
        if since is not None:
            below[sku].append((since, -level))
    for sku, places in below.items():
        yield found("negative_stock", sku, min(at for at, _ in places), sum(units for _, units in places))
    incoming = incoming_units(state)
    for sku, lines in lines_by_sku(state).items():
        waiting = [(o.placed_at, o.order_id, line.line_id, line.backordered_quantity) for o, line in lines]
        left, in_vain, since = incoming.get(sku, 0), 0, None
        for at, _, _, units in sorted(each for each in waiting if each[3] > 0):
            if units > left:
                in_vain, since = in_vain + units - left, since or at
            left = max(left - units, 0)
        if since is not None:
            yield found("oversold", sku, since, in_vain)


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
