"""Pipeline: what is sold and not yet earned, by stage and expected day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.days import business_day
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.revenue import sale_amounts
from tests.oracle.state import State

__all__ = ["revenue_pipeline"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
EARNED = ("cancelled", "returned", "closed")
AMOUNTS = ("gross_sales", "discounts", "tax", "shipping")


@dataclass(frozen=True)
class _Part:
    """The part of a line that left in one parcel or has not left, or the shipping of an order."""

    order: Order
    amounts: dict[str, Decimal]
    units: int = 0


def revenue_pipeline(state: State) -> Cells:
    """Return fct_revenue_pipeline."""
    zone, groups = state.world.time_zone, defaultdict(list)
    for order in state.orders.values():
        if not order.is_delivery_tracked or order.stage in EARNED:
            continue
        promised = order.current_promised_at
        expected = business_day(promised, zone) if promised else None
        for part in _parts(order):
            if part.units or any(part.amounts.values()):
                groups[(expected, order.stage, order.row["channel"] or "unknown", order.currency)].append(part)
    return {key: _row(state, key[0], parts) for key, parts in groups.items()}


def _parts(order: Order) -> Iterator[_Part]:
    for line in order.lines:
        if not line.row["is_gift_card"]:
            for start, end, is_delivered in _pieces(line):
                if not is_delivered:
                    amounts = sale_amounts(line, start, end)
                    yield _Part(order, amounts, 0 if order.is_free_extra else end - start)
    if not any(line.delivered_quantity for line in order.lines):
        tax = order.shipping_tax_amount
        net = order.shipping_amount - tax if order.prices_include_tax else order.shipping_amount
        yield _Part(order, {"shipping": net, "tax": tax})


def _pieces(line: Line) -> Iterator[tuple[int, int, bool]]:
    """Return the kept units by parcel, and those that have not left."""
    start = 0
    for parcel, row in line.parcels_in_order:
        end = min(start + int(row["quantity"]), line.kept_quantity)
        if end > start:
            yield start, end, parcel.is_delivered
        start = end
    if start < line.kept_quantity:
        yield start, line.kept_quantity, False


def _row(state: State, expected: date | None, parts: list[_Part]) -> dict[str, Any]:
    world, missing = state.world, 0
    own, reported = dict.fromkeys(AMOUNTS, ZERO), dict.fromkeys(AMOUNTS, ZERO)
    for part in parts:
        day = business_day(part.order.placed_at, world.time_zone)
        rate = state.rates.rate(part.order.currency, world.reporting_currency, day)
        missing += rate is None
        for name, amount in part.amounts.items():
            own[name] += amount
            reported[name] += rounded(amount * (rate or ZERO), world.reporting_currency)
    cells = _amounts(own, "")
    cells |= dict.fromkeys(_amounts(own, "_reporting")) if missing else _amounts(reported, "_reporting")
    return cells | {
        "orders_count": len({part.order.order_id for part in parts}),
        "units_quantity": sum(part.units for part in parts),
        "missing_rates_count": missing,
        "is_overdue": expected is not None and expected < business_day(world.as_of, world.time_zone),
    }


def _amounts(sums: dict[str, Decimal], suffix: str) -> dict[str, Any]:
    net = sums["gross_sales"] - sums["discounts"]
    named = sums | {"net_sales": net, "total_sales": net + sums["tax"] + sums["shipping"]}
    return {f"{name}_amount{suffix}": amount for name, amount in named.items()}
