"""Exceptions about the units of order lines, and about parcels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tests.oracle.amounts import ZERO
from tests.oracle.breaks import latest
from tests.oracle.lines import Line
from tests.oracle.orders import Order

__all__ = ["Found", "of_lines", "of_parcels"]


@dataclass
class Found:
    """An exception that is open from an instant on; without one it is open."""

    code: str
    subject: str
    opened_at: datetime | None
    amount: Decimal | None
    currency: str | None
    subject_type: str = "order"
    sku: str | None = None
    source: str | None = None
    order_id: str | None = None

    def __post_init__(self) -> None:
        """Name the order of an exception about an order."""
        if self.subject_type == "order":
            self.order_id = self.subject


def of_lines(order: Order) -> Iterator[Found]:
    """Return the exceptions about units of lines."""

    def found(code: str, at: datetime | None, units: dict[str, int]) -> Iterator[Found]:
        lines = [line for line in order.lines if units.get(line.line_id, 0) > 0]
        if lines:
            worth = sum((line.row["unit_price"] * units[line.line_id] for line in lines), ZERO)
            skus, sources = [str(line.row["sku"]) for line in lines], [line.row["_source"] for line in lines]
            yield Found(code, order.order_id, at, worth, order.currency, sku=min(skus), source=min(sources))

    lines = order.lines
    yield from found("backordered", order.placed_at, {line.line_id: line.backordered_quantity for line in lines})
    over = {line.line_id: line.shipped_quantity - line.ordered_quantity for line in lines}
    left_at = [at for line in lines if over[line.line_id] > 0 for at in line.shipped_instants]
    yield from found("over_shipped", max(left_at, default=None), over)
    if order.is_shipment_tracked:
        unsent = {
            line.line_id: line.returned_quantity - line.shipped_quantity - line.carrier_returned_quantity
            for line in lines
        }
        events = [event["occurred_at"] for each in order.all_returns for event in each.events]
        yield from found("return_exceeds_shipment", max(events, default=None), unsent)
    lost_at = [p.ended_at for p in order.parcels if p.is_lost and p.ended_at]
    lost = {line.line_id: min(line.lost_quantity, line.open_quantity) for line in lines}
    yield from found("lost", min(lost_at, default=None), lost)
    yield from _cancelled_but_shipped(order)


def _requested(order: Order, line: Line) -> int:
    return max(line.row["cancelled_quantity"] or 0, min(line.cancelled_by_actions, line.ordered_quantity))


def _cancelled_but_shipped(order: Order) -> Iterator[Found]:
    """Return an exception while shipped units are not back of which more were cancelled than could be.

    A line of which more left than was ordered is over-shipped instead.
    """
    if order.returned_of_shipped >= order.shipped:
        return
    late = [
        (line, _requested(order, line) - line.cancelled_quantity)
        for line in order.lines
        if 0 < line.shipped_quantity <= line.ordered_quantity
    ]
    late = [(line, units) for line, units in late if units > 0]
    if order.is_whole_order_cancelled or late:
        worth = sum((line.row["unit_price"] * units for line, units in late), ZERO)
        yield Found(
            "cancelled_but_shipped",
            order.order_id,
            latest(order.shipped_instants[-1] if order.shipped_instants else None, order.cancelled_at),
            order.amount(lambda line: line.net_amount) if order.is_whole_order_cancelled else worth,
            order.currency,
            sku=min((str(line.row["sku"]) for line, _ in late), default=None),
            source=order.row["_source"],
        )


def of_parcels(order: Order) -> Iterator[Found]:
    """Return the exceptions about parcels that do not arrive, and about parcels with another SKU than ordered."""
    to_ship = sum(line.open_quantity for line in order.lines if line.requires_shipping)
    failed = []
    for parcel in order.parcels:
        is_on_the_way = parcel.counts_as_shipped and not parcel.is_delivered
        problem = bool(parcel.scans) and parcel.scans[-1]["status"] in ("attempt_failed", "exception")
        is_failing = is_on_the_way and (problem or parcel.status == "returning")
        if is_failing or (parcel.is_carrier_returned and to_ship > 0):
            failed.append(parcel)
    if failed:
        at = min(parcel.scans[-1]["occurred_at"] for parcel in failed)
        source = order.row["_source"]
        yield Found("delivery_failed", order.order_id, at, order.due_amount, order.currency, source=source)
    wrong = [
        row
        for line in order.lines
        for parcel, row in line.parcels
        if row["sku"] and row["sku"] != line.sku_at(row["shipped_at"]) and not parcel.is_cancelled
    ]
    if wrong:
        yield Found(
            "wrong_sku_shipped",
            order.order_id,
            min(row["shipped_at"] for row in wrong),
            None,
            None,
            sku=min(str(row["sku"]) for row in wrong),
            source=min(row["_source"] for row in wrong),
        )
