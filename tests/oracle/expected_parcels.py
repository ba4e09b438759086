"""Rows of the parcels and of the carriers' days as the oracle expects them.

What a parcel's scans mean belongs in `parcels`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.days import business_day, end_of_day, hours_between
from tests.oracle.orders import Order
from tests.oracle.parcels import Parcel
from tests.oracle.state import State
from tests.oracle.stock import UNASSIGNED
from tests.oracle.versions import Row, grouped

__all__ = ["Sent", "carrier_daily", "carrier_hours", "sent_parcels", "shipments"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
OUTCOMES = {
    "on_the_way": "on_the_way_count",
    "delivered": "delivered_count",
    "carrier_returned": "returned_count",
    "lost": "lost_count",
    "cancelled": "cancelled_count",
}
ON_THE_WAY = ("accepted", "in_transit", "out_for_delivery")
OUT = ("out_for_delivery", "ready_for_pickup")


@dataclass
class Sent:
    """The part of a parcel that belongs to one order."""

    state: State
    parcel: Parcel
    order_id: str
    rows: list[Row]

    @cached_property
    def order(self) -> Order | None:
        """Return its order; none if that has not been received."""
        return self.state.orders.get(self.order_id)

    @cached_property
    def row(self) -> Row:
        """Return one of its rows; all name the same carrier, warehouse and cost."""
        return self.rows[0]

    def _named(self, name: str) -> str | None:
        """Return what the shipment names; a shipment without a number has the latest that its scans name."""
        if self.row[name] or self.row["tracking_number"]:
            return None if self.row[name] is None else str(self.row[name])
        numbered = [scan for scan in self.parcel.scans if scan["tracking_number"]]
        return str(numbered[-1][name]) if numbered else None

    @cached_property
    def carrier(self) -> str | None:
        """Return the carrier."""
        return self._named("carrier")

    @cached_property
    def tracking_number(self) -> str | None:
        """Return the carrier's number."""
        return self._named("tracking_number")

    @cached_property
    def latest_scan_status(self) -> str | None:
        """Return the status of the latest scan; of simultaneous ones a known word."""
        scans = self.parcel.scans
        latest = [scan["status"] for scan in scans if scan["occurred_at"] == scans[-1]["occurred_at"]]
        known = [status for status in latest if status != "unknown"] or latest
        return known[-1] if known else None

    def first_scan(self, *statuses: str) -> datetime | None:
        """Return the first scan of some statuses."""
        return min((scan["occurred_at"] for scan in self.parcel.scans if scan["status"] in statuses), default=None)

    def day(self, at: datetime | None) -> date | None:
        """Return the business day of an instant."""
        return None if at is None else business_day(at, self.state.world.time_zone)

    @cached_property
    def shipped_at(self) -> datetime:
        """Return when it left."""
        return min(row["shipped_at"] for row in self.rows)

    @cached_property
    def outcome(self) -> str:
        """Return what became of the parcel."""
        ends = (
            ("delivered", self.parcel.is_delivered),
            ("cancelled", self.parcel.is_cancelled),
            ("lost", self.parcel.is_lost),
            ("carrier_returned", self.parcel.is_carrier_returned),
        )
        return next((outcome for outcome, holds in ends if holds), "on_the_way")

    @cached_property
    def lane(self) -> str:
        """Return its warehouse and the country that it goes to."""
        country = self.order.row["ship_country"] if self.order else None
        return f"{self.row['warehouse_id'] or UNASSIGNED} to {country or 'unknown'}"

    @cached_property
    def promise(self) -> datetime | None:
        """Return the end of the first promise of the order."""
        return self.order.first_deadline if self.order else None

    @cached_property
    def attempts(self) -> int:
        """Return the failed attempts, and one for the delivery or the arrival at a pick-up point."""
        statuses = [scan["status"] for scan in self.parcel.scans]
        return statuses.count("attempt_failed") + int(self.parcel.is_delivered or "ready_for_pickup" in statuses)

    @cached_property
    def is_on_time(self) -> bool | None:
        """Return true if the first attempt kept the promise; none without one of them."""
        attempt = self.parcel.first_attempt_at
        return None if attempt is None or self.promise is None else attempt <= self.promise

    @cached_property
    def days_past_promise(self) -> int | None:
        """Return the business days from the promised to the delivered one."""
        delivered, promised = self.day(self.parcel.delivered_at), self.day(self.promise)
        return None if delivered is None or promised is None else (delivered - promised).days

    def estimate(self) -> tuple[datetime | None, datetime | None]:
        """Return the carrier's latest estimate and its end: of a day, the start and the end of that day."""
        rows = [*self.rows[:1], *self.parcel.scans]
        row = next((row for row in reversed(rows) if row["estimated_delivery_at"]), None)
        if row is None:
            return None, None
        at: datetime = row["estimated_delivery_at"]
        if not row["estimate_is_date_only"]:
            return at, at
        zone = self.state.world.time_zone
        return end_of_day(at.date() - timedelta(days=1), zone) + timedelta(microseconds=1), end_of_day(at.date(), zone)

    def cost(self, currency: str | None) -> Decimal | None:
        """Return the cost of the parcel in a currency at the rate of the day on which it left."""
        amount, own = self.row["cost_amount"], self.row["cost_currency"]
        if amount is None or own is None or currency is None:
            return None
        rate = self.state.rates.rate(own, currency, business_day(self.shipped_at, self.state.world.time_zone))
        return None if rate is None else rounded(amount * rate, currency)

    def least(self, name: str) -> str | None:
        """Return the least of the texts of its lines, which say the same unless records contradict each other."""
        return min((row[name] for row in self.rows if row[name] is not None), default=None)


def sent_parcels(state: State) -> Iterator[Sent]:
    """Return every parcel, once for each order in it."""
    for parcel in state.parcels.values():
        for order_id, rows in grouped(parcel.rows, lambda row: row["order_id"]).items():
            yield Sent(state, parcel, order_id, sorted(rows, key=lambda row: row["line_id"]))


def shipments(state: State) -> Cells:
    """Return fct_shipments."""
    return {(sent.parcel.shipment_id, sent.order_id): _shipment(sent) for sent in sent_parcels(state)}


def _shipment(sent: Sent) -> dict[str, Any]:
    row, order, parcel = sent.row, sent.order, sent.parcel
    picked_up, out = sent.first_scan(*ON_THE_WAY), sent.first_scan(*OUT)
    estimate, estimate_ends = sent.estimate()
    delivered_at, attempt = parcel.delivered_at, parcel.first_attempt_at
    return {name: sent.least(name) for name in ("service", "warehouse_id", "cost_currency")} | {
        "cost_amount": row["cost_amount"],
        "carrier": sent.carrier,
        "tracking_number": sent.tracking_number,
        "ship_country": order.row["ship_country"] if order else None,
        "lane": sent.lane,
        "delivery_status": parcel.status,
        "latest_scan_status": sent.latest_scan_status,
        "outcome": sent.outcome,
        "currency": order.currency if order else None,
        "source": row["_source"],
        "lines_count": len(sent.rows),
        "quantity": sum(each["quantity"] for each in sent.rows),
        "scans_count": len(parcel.scans),
        "attempts_count": sent.attempts,
        "cost_amount_order_currency": sent.cost(order.currency if order else None),
        "cost_amount_reporting": sent.cost(sent.state.world.reporting_currency),
        "is_orphan": order is None,
        "has_delivery_problem": parcel.has_problem,
        "is_delivered": parcel.is_delivered,
        "is_cancelled": parcel.is_cancelled,
        "is_lost": parcel.is_lost,
        "is_returned": parcel.is_carrier_returned,
        "is_on_time": sent.is_on_time,
        "is_within_estimate": delivered_at <= estimate_ends if delivered_at and estimate_ends else None,
        "shipped_date": sent.day(sent.shipped_at),
        "promised_date": sent.day(sent.promise),
        "delivered_date": sent.day(delivered_at),
        "shipped_at": sent.shipped_at,
        "estimated_delivery_at": estimate,
        "promise_ends_at": sent.promise,
        "first_attempt_at": attempt,
        "delivered_at": delivered_at,
        "cancelled_at": parcel.ended_at if parcel.is_cancelled else None,
        "lost_at": parcel.ended_at if parcel.is_lost else None,
        "returned_at": parcel.ended_at if parcel.is_carrier_returned else None,
        "last_scan_at": parcel.scans[-1]["occurred_at"] if parcel.scans else None,
        "hours_to_ship": hours_between(order.placed_at if order else None, sent.shipped_at),
        "hours_to_pick_up": hours_between(sent.shipped_at, picked_up),
        "hours_between_depots": hours_between(picked_up, out),
        "hours_on_last_mile": hours_between(out, delivered_at),
        "hours_to_first_attempt": hours_between(sent.shipped_at, attempt),
        "hours_in_transit": hours_between(sent.shipped_at, delivered_at),
        "hours_past_promise": hours_between(sent.promise and sent.promise.replace(microsecond=0), delivered_at),
        "days_past_promise": sent.days_past_promise,
    }


def _by_lane(state: State) -> dict[tuple[Any, ...], list[Sent]]:
    found: dict[tuple[Any, ...], list[Sent]] = defaultdict(list)
    for sent in sent_parcels(state):
        key = (sent.carrier or "unknown", sent.least("service") or "unknown", sent.lane, sent.day(sent.shipped_at))
        found[key].append(sent)
    return found


def _whole_hours(sent: Sent) -> int | None:
    hours = hours_between(sent.shipped_at, sent.parcel.delivered_at)
    return None if hours is None else math.floor(hours)


def carrier_hours(state: State) -> Cells:
    """Return fct_carrier_hours."""
    arrived = defaultdict(set)
    for key, group in _by_lane(state).items():
        for sent in group:
            hours = _whole_hours(sent)
            if hours is not None:
                arrived[(*key, hours)].add(sent.parcel.shipment_id)
    return {key: {"parcels_count": len(parcels)} for key, parcels in arrived.items()}


def carrier_daily(state: State) -> Cells:
    """Return fct_carrier_daily."""
    cells = {}
    for key, group in _by_lane(state).items():
        parcels = grouped_by_parcel(group)
        cells[key] = _carrier_day(parcels) | {"quantity": sum(row["quantity"] for sent in group for row in sent.rows)}
    return cells


def grouped_by_parcel(group: list[Sent]) -> list[list[Sent]]:
    """Return the parts of each parcel: a parcel with lines of several orders is one."""
    found: dict[str, list[Sent]] = defaultdict(list)
    for sent in group:
        found[sent.parcel.shipment_id].append(sent)
    return list(found.values())


def _carrier_day(parcels: list[list[Sent]]) -> dict[str, Any]:
    first = [parts[0] for parts in parcels]
    outcomes = Counter(OUTCOMES[sent.outcome] for sent in first)
    hours = sorted(hours for hours in map(_whole_hours, first) if hours is not None)
    promised = [[sent.is_on_time for sent in parts if sent.is_on_time is not None] for parts in parcels]
    days = [[sent.days_past_promise for sent in parts if sent.days_past_promise is not None] for parts in parcels]
    return {name: outcomes[name] for name in OUTCOMES.values()} | {
        "parcels_count": len(parcels),
        "promised_count": sum(bool(kept) for kept in promised),
        "on_time_count": sum(bool(kept) and all(kept) for kept in promised),
        "promised_day_count": sum(bool(numbers) for numbers in days),
        "on_promised_day_count": sum(bool(numbers) and max(numbers) <= 0 for numbers in days),
        "problems_count": sum(sent.parcel.has_problem for sent in first),
        "attempts_count": sum(sent.attempts for sent in first),
        "cost_amount_reporting": _total_cost(first),
        "hours_in_transit_median": _nearest_rank(hours, 50),
        "hours_in_transit_p90": _nearest_rank(hours, 90),
    }


def _total_cost(group: Iterable[Sent]) -> Decimal | None:
    """Return the sum of the costs; none where a rate is missing."""
    costs = [sent.cost(sent.state.world.reporting_currency) for sent in group if sent.row["cost_amount"] is not None]
    known = [cost for cost in costs if cost is not None]
    return sum(known, ZERO) if costs and len(known) == len(costs) else None


def _nearest_rank(values: list[int], percentile: int) -> int | None:
    """Return the smallest value that at least the given share of all values does not exceed."""
    return values[-(-len(values) * percentile // 100) - 1] if values else None
