"""Delivery risk and its accuracy as the oracle expects them, promise by promise.

What a parcel's scans mean belongs in `parcels`, and the deadline of a promise in `orders`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from tests.oracle.amounts import rounded
from tests.oracle.expected_parcels import Sent, sent_parcels
from tests.oracle.orders import Order
from tests.oracle.state import State

__all__ = ["delivery_risk", "delivery_risk_accuracy"]

Cells = dict[tuple[Any, ...], dict[str, Any]]

LEVELS = ("all", "stage", "days_left", "destination", "carrier", "service", "lane")
AGES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 21, 28, 35, 42, 60)
TESTED_AGES = (0, 3, 7, 14)
BANDS = (0, 2, 4, 7, 10, 14, 21, 28)
PRIOR, HALF_LIFE_DAYS, FEWEST, SHOWN, TESTED_WEEKS = 100, 150, 100, 30, 104
MONDAY = date(1970, 1, 5)


def _week(at: datetime) -> int:
    return (at.date() - MONDAY).days // 7


def _days(start: datetime, end: datetime | None) -> int | None:
    """Return the whole days between the seconds of two instants."""
    return None if end is None else (end.replace(microsecond=0) - start.replace(microsecond=0)) // timedelta(days=1)


def _at_most(value: int, starts: tuple[int, ...]) -> int:
    return max(start for start in starts if start <= value)


@dataclass
class Promise:
    """The promise of a parcel, or of an order of which nothing has left."""

    order: Order
    sent: Sent | None
    ends_at: datetime

    @cached_property
    def placed_at(self) -> datetime:
        """Return when the order was placed."""
        return self.order.placed_at

    @cached_property
    def cancelled_at(self) -> datetime | None:
        """Return when the parcel, or the order without one, was cancelled."""
        if self.sent is None:
            return self.order.cancelled_at
        return self.sent.parcel.ended_at if self.sent.parcel.is_cancelled else None

    @cached_property
    def ended_at(self) -> datetime | None:
        """Return when the way ended: delivered, cancelled, lost or brought back."""
        if self.sent is None:
            return self.cancelled_at
        parcel = self.sent.parcel
        ended = parcel.is_cancelled or parcel.is_lost or parcel.is_carrier_returned
        return parcel.delivered_at or (parcel.ended_at if ended else None)

    @cached_property
    def is_broken(self) -> bool:
        """Return true unless a delivery kept the promise."""
        delivered = self.sent.parcel.delivered_at if self.sent else None
        return delivered is None or delivered > self.ends_at

    @cached_property
    def is_withdrawn(self) -> bool:
        """Return true if it was cancelled before its promise ended."""
        return self.cancelled_at is not None and self.cancelled_at <= self.ends_at

    @cached_property
    def is_open(self) -> bool:
        """Return true if it is on its way, or has not left and is not cancelled."""
        if self.sent is None:
            return self.order.order_status != "cancelled"
        return self.sent.outcome == "on_the_way"

    @cached_property
    def destination(self) -> str:
        """Return country and region."""
        country, region = self.order.row["ship_country"], self.order.row["ship_region"]
        return (country or "unknown") + (f"-{region}" if region else "")

    @cached_property
    def way(self) -> tuple[str, str, str]:
        """Return carrier, service and lane."""
        if self.sent is None:
            return ("unknown", "unknown", "unknown")
        return (self.sent.carrier or "unknown", self.sent.least("service") or "unknown", self.sent.lane)

    def was_open(self, age: int) -> bool:
        """Return true if it was neither over nor overdue some whole days after the order."""
        lead, ended = _days(self.placed_at, self.ends_at), _days(self.placed_at, self.ended_at)
        return lead is not None and lead >= age and (ended is None or ended >= age)

    def cells_at(self, age: int) -> list[tuple[Any, ...]]:
        """Return its cell of each level some whole days after the order."""
        shipped = None if self.sent is None else _days(self.placed_at, self.sent.shipped_at)
        lead = _days(self.placed_at, self.ends_at)
        assert lead is not None
        return self.cells(age, is_shipped=shipped is not None and shipped < age, days_left=lead - age)

    def cells(self, age: int, *, is_shipped: bool, days_left: int) -> list[tuple[Any, ...]]:
        """Return its cell of each level: each adds a part to that of the level before."""
        way = self.way if is_shipped else ("not shipped",) * 3
        parts = (is_shipped, _at_most(days_left, BANDS), self.destination, *way)
        return [(age, *parts[:number]) for number in range(len(LEVELS))]


@dataclass
class Counts:
    """Promises that ended, by cell and week."""

    weeks: dict[tuple[Any, ...], Counter[tuple[int, bool]]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, promise: Promise, age: int) -> None:
        """Count a promise at an age."""
        for cell in promise.cells_at(age):
            self.weeks[cell][(_week(promise.ends_at), promise.is_broken)] += 1

    def number(self, cell: tuple[Any, ...], before: float, *, broken: bool = False) -> int:
        """Return the promises of a cell that ended before a week, or the broken ones of them."""
        found = self.weeks.get(cell, {}).items()
        return sum(number for (week, is_broken), number in found if week < before and (is_broken or not broken))

    def share(self, cells: list[tuple[Any, ...]], clock_week: int, origin_week: int, before: float) -> float | None:
        """Return the share of the narrowest cell, drawn level by level to that of the wider one."""
        share, weight_before = None, 0
        prior = PRIOR * 10**9 * 0.5 ** ((clock_week - origin_week) * 7 / HALF_LIFE_DAYS)
        for cell in cells:
            weight = broken = 0
            for (week, is_broken), number in self.weeks.get(cell, {}).items():
                if week < before:
                    weighed = number * _rounded(10**9 * 0.5 ** ((clock_week - week) * 7 / HALF_LIFE_DAYS))
                    weight += weighed
                    broken += weighed * is_broken
            if share is None:
                share = broken / weight if weight else None
            elif weight and weight != weight_before:
                share = (broken + prior * share) / (weight + prior)
            weight_before = weight
        return share


def _rounded(value: float) -> int:
    """Return a number above zero, rounded half up."""
    return math.floor(value + 0.5)


def _promises(state: State) -> list[Promise]:
    return [each for each in _all_promises(state) if each.order.is_delivery_tracked and each.ends_at > each.placed_at]


def _all_promises(state: State) -> Iterator[Promise]:
    left = set()
    for sent in sent_parcels(state):
        if not sent.parcel.is_cancelled:
            left.add(sent.order_id)
        if sent.order is not None and sent.order.first_deadline is not None:
            yield Promise(sent.order, sent, sent.order.first_deadline)
    for order_id, order in state.orders.items():
        wanted = sum(line.kept_quantity for line in order.lines if line.requires_shipping)
        is_wanted = wanted > 0 or order.order_status == "cancelled"
        if order_id not in left and order.first_deadline is not None and is_wanted:
            yield Promise(order, None, order.first_deadline)


def _key(promise: Promise) -> tuple[str, str | None]:
    return promise.order.order_id, promise.sent.parcel.shipment_id if promise.sent else None


def delivery_risk(state: State) -> Cells:
    """Return fct_delivery_risk, without its texts."""
    clock, promises = state.world.as_of, [each for each in _promises(state) if not each.is_withdrawn]
    counts, clock_week = Counts(), _week(clock)
    for promise in promises:
        for age in AGES:
            if promise.ends_at <= clock and promise.was_open(age):
                counts.add(promise, age)
    amounts = _due_amounts(state)
    found: Cells = {}
    for promise in promises:
        if not (promise.is_open and promise.placed_at <= clock < promise.ends_at):
            continue
        open_days, days_left = _days(promise.placed_at, clock), _days(clock, promise.ends_at)
        assert open_days is not None and days_left is not None
        cells = promise.cells(_at_most(open_days, AGES), is_shipped=promise.sent is not None, days_left=days_left)
        share = counts.share(cells, clock_week, clock_week, math.inf)
        known = counts.number(cells[0], math.inf)
        shown = [number for number, cell in enumerate(cells) if counts.number(cell, math.inf) >= SHOWN]
        probability = round(share, 6) if share is not None and known >= FEWEST else None
        due = amounts[promise.order.order_id]
        found[_key(promise)] = {
            "subject": "parcel" if promise.sent else "order",
            "destination": promise.destination,
            "comparable_level": LEVELS[shown[-1]] if shown else None,
            "open_days": open_days,
            "days_left": days_left,
            "comparable_count": counts.number(cells[shown[-1]], math.inf) if shown else None,
            "comparable_late_count": counts.number(cells[shown[-1]], math.inf, broken=True) if shown else None,
            "due_amount_reporting": due,
            "at_risk_amount_reporting": None
            if probability is None or due is None
            else rounded(due * Decimal(str(probability)), state.world.reporting_currency),
            "late_probability": probability,
            "base_rate": counts.number(cells[0], math.inf, broken=True) / known if known else None,
            "placed_at": promise.placed_at,
            "shipped_at": promise.sent.shipped_at if promise.sent else None,
            "promise_ends_at": promise.ends_at,
        } | dict(zip(("carrier", "service", "lane"), promise.way, strict=True))
    return found


def _due_amounts(state: State) -> dict[str, Decimal | None]:
    from tests.oracle.expected import orders

    return {order_id: row["due_amount_reporting"] for (order_id,), row in orders(state).items()}


def delivery_risk_accuracy(state: State) -> Cells:
    """Return fct_delivery_risk_accuracy."""
    clock = state.world.as_of
    decided = [each for each in _promises(state) if not each.is_withdrawn and each.ends_at <= clock]
    sums: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for age in TESTED_AGES:
        observed = [promise for promise in decided if promise.was_open(age)]
        counts = Counts()
        for promise in observed:
            counts.add(promise, age)
        ranked = sorted(
            tested for promise in observed if (tested := _tested(promise, age, counts, _week(clock))) is not None
        )
        for decile, (probability, _, _, base_rate, outcome, origin) in zip(_tenths(len(ranked)), ranked, strict=True):
            sums[(age, decile, origin)].update(
                {
                    "predictions_count": 1,
                    "late_count": outcome,
                    "probability_sum": probability,
                    "base_rate_sum": base_rate,
                    "squared_error_sum": (probability - outcome) ** 2,
                    "base_squared_error_sum": (base_rate - outcome) ** 2,
                }
            )
    return {key: dict(row) for key, row in sums.items()}


def _tested(
    promise: Promise, age: int, counts: Counts, clock_week: int
) -> tuple[float, str, str, float, int, date] | None:
    """Return what would have been predicted at an age from the promises that had ended before that week."""
    origin = _week(promise.placed_at + timedelta(days=age))
    cells = promise.cells_at(age)
    known = counts.number(cells[0], origin)
    if origin < clock_week - TESTED_WEEKS or known < FEWEST:
        return None
    share = counts.share(cells, clock_week, origin, origin)
    assert share is not None
    base_rate = counts.number(cells[0], origin, broken=True) / known
    order_id, shipment_id = _key(promise)
    # A missing parcel is last among the promises of its order.
    last = shipment_id if shipment_id is not None else "\U0010ffff"
    start = MONDAY + timedelta(weeks=origin)
    return (round(share, 6), order_id, last, round(base_rate, 6), int(promise.is_broken), start)


def _tenths(number: int) -> Iterator[int]:
    """Yield the tenth of each of some ranked things; the first tenths have one more where they differ."""
    size, more = divmod(number, 10)
    for tenth in range(1, 11):
        yield from [tenth] * (size + (tenth <= more))
