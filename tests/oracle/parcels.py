"""Parcels: shipments with their scans, and what became of them.

What parcels mean for the units of an order line belongs in `lines`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from tests.oracle.rows import World
from tests.oracle.versions import Row, grouped

__all__ = ["PROGRESS", "PROBLEMS", "Parcel", "parcels_of"]

PROGRESS = (
    "none",
    "label_created",
    "accepted",
    "in_transit",
    "out_for_delivery",
    "ready_for_pickup",
    "delivered",
    "returning",
    "returned",
)
PROBLEMS = ("delayed", "attempt_failed", "exception")
ATTEMPTS = ("attempt_failed", "ready_for_pickup")
BEFORE, AFTER = timedelta(days=7), timedelta(days=90)


@dataclass
class Parcel:
    """A shipment with the units of order lines that it holds, and its scans in order."""

    shipment_id: str
    rows: list[Row]
    scans: list[Row] = field(default_factory=list)

    @cached_property
    def shipped_at(self) -> datetime:
        """Return the instant at which it left."""
        return min(row["shipped_at"] for row in self.rows)

    @cached_property
    def history(self) -> list[tuple[datetime, str]]:
        """Return instants and statuses at which its state changed."""
        state, changes = "none", []
        is_back = is_delivered = False
        comes_back = any(scan["status"] in ("returning", "returned") for scan in self.scans)
        for scan in self.scans:
            if scan["status"] == "lost" and is_delivered and not comes_back:
                continue
            new = _after(state, scan["status"], is_on_its_way_back=is_back, is_delivered=is_delivered)
            is_back = is_back or scan["status"] in ("returning", "returned")
            is_delivered = is_delivered or new == "delivered"
            if new != state:
                changes.append((scan["occurred_at"], new))
                state = new
        return changes

    @cached_property
    def cancelled_scan_at(self) -> datetime | None:
        """Return the first scan that says that the shipment was cancelled."""
        return min((scan["occurred_at"] for scan in self.scans if scan["status"] == "cancelled"), default=None)

    @property
    def status(self) -> str:
        """Return the furthest status that it reached. A cancellation ends its way, unless it is delivered later."""
        reached = self.history[-1][1] if self.history else "none"
        at, delivered_at = self.cancelled_scan_at, self.delivered_at
        is_ended = at is not None and (delivered_at is None or at >= delivered_at)
        return "cancelled" if is_ended and reached != "delivered" else reached

    @cached_property
    def delivered_at(self) -> datetime | None:
        """Return the first delivery to the customer: none after a scan on the way back counts."""
        return next((at for at, status in self.history if status == "delivered"), None)

    @property
    def is_delivered(self) -> bool:
        """Return true if it once reached the customer."""
        return self.delivered_at is not None

    @property
    def is_cancelled(self) -> bool:
        """Return true if the shipment was cancelled and not delivered before."""
        return self.status == "cancelled" and not self.is_delivered

    @property
    def is_lost(self) -> bool:
        """Return true if it was lost without an earlier delivery."""
        return self.status == "lost" and not self.is_delivered

    @property
    def is_carrier_returned(self) -> bool:
        """Return true if it came back to the sender without an earlier delivery."""
        return self.status == "returned" and not self.is_delivered

    @property
    def counts_as_shipped(self) -> bool:
        """Return true if its units are neither cancelled, lost nor sent back."""
        return not (self.is_cancelled or self.is_lost or self.is_carrier_returned)

    @cached_property
    def ended_at(self) -> datetime | None:
        """Return the instant of the change into its present status."""
        if self.status == "cancelled":
            return self.cancelled_scan_at
        return self.history[-1][0] if self.history else None

    @cached_property
    def first_attempt_at(self) -> datetime | None:
        """Return the first scan that delivered to the customer, tried to, or waited for pickup."""
        tried = [scan["occurred_at"] for scan in self.scans if scan["status"] in ATTEMPTS]
        return min([*tried, *([self.delivered_at] if self.delivered_at else [])], default=None)

    @property
    def has_problem(self) -> bool:
        """Return true if its latest scan is a delay, a failed attempt or an exception."""
        return bool(self.scans) and self.scans[-1]["status"] in PROBLEMS


def _after(state: str, scan: str, *, is_on_its_way_back: bool, is_delivered: bool) -> str:
    """Return the status after a scan. Lost and cancelled end a parcel, unless a lost one turns up."""
    if scan == "delivered" and is_on_its_way_back:
        scan = "returned"
    if state == "cancelled" and not (scan == "delivered" and not is_delivered):
        return state
    if state == "lost":
        return scan if scan in ("delivered", "returned") else state
    if scan == "lost" or (scan == "cancelled" and not is_delivered):
        return scan
    if scan == "delivered" and state == "cancelled":
        return scan
    if scan in PROGRESS and (PROGRESS.index(scan) > PROGRESS.index(state)):
        return scan
    return state


def parcels_of(world: World, shipments: list[Row]) -> tuple[dict[str, Parcel], list[Row]]:
    """Return the parcels by shipment id with their scans, and the scans that no shipment names."""
    parcels = {
        shipment_id: Parcel(shipment_id, rows)
        for shipment_id, rows in grouped(shipments, lambda row: row["shipment_id"]).items()
    }
    by_number: dict[tuple[str, str], list[Parcel]] = {}
    for parcel in parcels.values():
        numbers = {(row["carrier"], row["tracking_number"]) for row in parcel.rows if row["tracking_number"]}
        for number in sorted(numbers):
            by_number.setdefault(number, []).append(parcel)
    orphans = []
    for scan in world.events("tracking"):
        parcel = _parcel_of(scan, parcels, by_number)
        if parcel is None:
            orphans.append(scan)
        else:
            parcel.scans.append(scan)
    for parcel in parcels.values():
        parcel.scans.sort(key=lambda scan: (scan["occurred_at"], _rank(scan["status"])))
    return parcels, orphans


def _rank(status: str) -> int:
    return PROGRESS.index(status) if status in PROGRESS else -1 if status in PROBLEMS else len(PROGRESS)


def _parcel_of(scan: Row, parcels: dict[str, Parcel], by_number: dict[tuple[str, str], list[Parcel]]) -> Parcel | None:
    if scan["shipment_id"]:
        return parcels.get(scan["shipment_id"])
    near = [
        parcel
        for parcel in by_number.get((scan["carrier"], scan["tracking_number"]), [])
        if parcel.shipped_at - BEFORE <= scan["occurred_at"] <= parcel.shipped_at + AFTER
    ]
    return max(near, key=lambda parcel: (parcel.shipped_at, parcel.shipment_id), default=None)
