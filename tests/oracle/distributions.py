"""Distributions of the KPIs that are durations: how many orders or refunds took how many whole hours."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from tests.oracle.days import business_day
from tests.oracle.orders import Order
from tests.oracle.parcels import Parcel
from tests.oracle.returned import ARRIVED
from tests.oracle.state import State

__all__ = ["kpi_distribution"]

Cells = dict[tuple[Any, ...], dict[str, Any]]


def kpi_distribution(state: State) -> Cells:
    """Return fct_kpi_distribution."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for order in state.orders.values():
        row = order.row
        dimensions = {
            "all": "all",
            "channel": row["channel"] or "unknown",
            "country": row["ship_country"] or "unknown",
            "source": row["_source"],
        }
        for kpi, day, hours in (*_delivered(order), *_refunded(order)):
            parcels = _of_parcels(order) if kpi == "order_cycle_hours" else {}
            for dimension, value in (dimensions | parcels).items():
                counts[(day, kpi, dimension, value, math.floor(hours))] += 1
    return {key: {"durations_count": count} for key, count in counts.items()}


def _delivered(order: Order) -> Iterator[tuple[str, date, float]]:
    if not order.is_delivery_tracked or order.delivered_at is None or order.hours_to_deliver is None:
        return
    if order.delivered_at <= order.world.as_of:
        yield "order_cycle_hours", business_day(order.delivered_at, order.world.time_zone), order.hours_to_deliver


def _refunded(order: Order) -> Iterator[tuple[str, date, float]]:
    """Return the refunds of returns that arrived; 0 hours if the money went back first."""
    for payment in order.money.payments:
        own = [each for each in order.returns if each.return_id == payment.row["return_id"]]
        arrived = min((at for each in own if (at := each.first(*ARRIVED))), default=None)
        if payment.kind == "refunded" and arrived is not None:
            seconds = max((payment.occurred_at - arrived).total_seconds(), 0)
            yield "refund_cycle_hours", payment.day, seconds / 3600


def _of_parcels(order: Order) -> dict[str, str]:
    """Return the carrier and the warehouse of its parcels that were not cancelled, `several` if they differ."""
    found = {}
    for dimension, name in (("carrier", "carrier"), ("warehouse", "warehouse_id")):
        left = [parcel for parcel in order.parcels if not parcel.is_cancelled]
        named = {_least(parcel, order, name) or "unknown" for parcel in left}
        found[dimension] = "several" if len(named) > 1 else next(iter(named), "unknown")
    return found


def _least(parcel: Parcel, order: Order, name: str) -> str | None:
    """Return the least of the texts of the order's lines in a parcel."""
    rows = [row for row in parcel.rows if row["order_id"] == order.order_id]
    return min((row[name] for row in rows if row[name] is not None), default=None)
