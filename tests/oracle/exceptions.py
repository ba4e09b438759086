"""Exceptions: which are open for which subject, and since when.

Compared are the codes whose condition the definitions state; their texts are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.expected_stock import NETWORK, inventory_positions
from tests.oracle.orders import Order
from tests.oracle.state import State
from tests.oracle.stock import levels

__all__ = ["CODES", "exceptions"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
RECEIVED_NOT_REFUNDED = timedelta(days=14)

CODES = frozenset(
    {
        "backordered",
        "cancelled_but_shipped",
        "cancelled_not_refunded",
        "currency_mismatch",
        "late",
        "lost",
        "negative_stock",
        "order_without_lines",
        "orphan_line",
        "orphan_payment",
        "orphan_return",
        "orphan_shipment",
        "over_shipped",
        "oversold",
        "received_not_refunded",
        "refund_exceeds_capture",
        "return_exceeds_shipment",
        "stuck_in_transit",
        "unpaid",
    }
)


def exceptions(state: State) -> Cells:
    """Return the open exceptions of the compared codes, by code and subject."""
    cells: Cells = {}

    def add(code: str, subject: str, opened_at: datetime | None = None) -> None:
        known = cells.setdefault((code, subject), {})
        if opened_at is not None:
            known["opened_at"] = min(opened_at, known.get("opened_at", opened_at))

    for order in state.orders.values():
        for code, at in _of_order(order):
            add(code, order.order_id, at)
    for order_id, money in state.orphan_money.items():
        add("orphan_payment", order_id, money.payments[0].occurred_at)
    for row in state.orphan_lines:
        add("orphan_line", str(row["order_id"]))
    for row in state.orphan_shipments:
        add("orphan_shipment", str(row["order_id"]), row["shipped_at"])
    for each in state.orphan_returns:
        add("orphan_return", str(each.order_id), each.events[0]["occurred_at"])
    for (sku, _), level in levels(state.movements).items():
        if level < 0:
            add("negative_stock", sku)
    for (sku, warehouse), position in inventory_positions(state).items():
        is_short = position["backordered_quantity"] > position["incoming_quantity"]
        if warehouse == NETWORK and is_short:
            add("oversold", sku)
    return cells


def _of_order(order: Order) -> Iterator[tuple[str, datetime | None]]:
    as_of, money, tolerance = order.world.as_of, order.money, order.tolerance
    if not order.lines:
        yield "order_without_lines", order.placed_at
    if any(line.backordered_quantity for line in order.lines):
        yield "backordered", order.placed_at
    if order.is_late:
        yield "late", order.late_at
    if order.is_stuck:
        yield "stuck_in_transit", order.stuck_at
    if order.is_unpaid:
        yield "unpaid", order.unpaid_at
    if any(line.shipped_quantity > line.ordered_quantity for line in order.lines):
        yield "over_shipped", None
    if order.is_shipment_tracked and any(_comes_back_unsent(line) for line in order.lines):
        yield "return_exceeds_shipment", None
    if order.is_whole_order_cancelled and order.shipped:
        yield "cancelled_but_shipped", None
    if any(min(line.lost_quantity, line.open_quantity) for line in order.lines):
        yield "lost", None
    foreign = [p.occurred_at for p in money.payments if p.row["currency"] != order.currency]
    if foreign:
        yield "currency_mismatch", min(foreign)
    if not order.is_paid_tracked:
        return
    if money.refunded > money.captured + tolerance:
        yield "refund_exceeds_capture", None
    if order.owed_back <= tolerance:
        return
    if order.cancelled:
        yield "cancelled_not_refunded", None
    arrived = [at for line in order.lines for each in line.returns for at, _ in each.arrivals]
    if order.returned_value > ZERO and arrived and min(arrived) + RECEIVED_NOT_REFUNDED < as_of:
        yield "received_not_refunded", None


def _comes_back_unsent(line: Any) -> bool:
    return bool(line.returned_quantity > line.shipped_quantity)
