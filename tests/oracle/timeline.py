"""Timeline: every event of every feed about an order, with its instant, actor and amounts.

Moves on the axes belong in `moves`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from tests.oracle.orders import Order
from tests.oracle.state import State, sku_at
from tests.oracle.versions import Row, content_hash, grouped

__all__ = ["order_timeline"]

Cells = dict[tuple[Any, ...], dict[str, Any]]


def order_timeline(state: State) -> Cells:
    """Return the rows of fct_order_timeline that are events of a feed; events of one key are added up."""
    cells: Cells = {}
    feeds = ("orders", "order_lines", "returns", "carts", "feedback")
    rows = {feed: grouped(state.world.feeds[feed], lambda row: row["order_id"]) for feed in feeds[:2]}
    rows |= {feed: grouped(state.world.events(feed), lambda row: row["order_id"]) for feed in feeds[2:]}
    for order in state.orders.values():
        own = {feed: rows[feed].get(order.order_id, []) for feed in feeds}
        for event in _events(state, order, own):
            names = ("feed", "event", "occurred_at", "reference", "line_id")
            key = (order.order_id, *(event.pop(name, None) for name in names))
            known = cells.setdefault(key, {"quantity": None, "amount": None, "currency": None} | event)
            if known is not event and known.get("_count"):
                for name in ("quantity", "amount"):
                    known[name] = None if known[name] is None else known[name] + event[name]
            known["_count"] = 1
    return {key: {name: value for name, value in row.items() if name != "_count"} for key, row in cells.items()}


def _events(state: State, order: Order, rows: dict[str, list[Row]]) -> Iterator[dict[str, Any]]:
    yield from _versions(order, _received(rows["orders"]))
    yield from _lines(order, _received(rows["order_lines"]))
    for payment in order.money.payments:
        row = payment.row
        yield {
            "feed": "payments",
            "event": payment.kind,
            "occurred_at": row["occurred_at"],
            "reference": row["payment_id"],
            "amount": row["amount"],
            "currency": row["currency"],
            "detail": row["method"],
            "actor": row["provider"] or row["_source"],
        }
    for parcel in order.parcels:
        for row in parcel.rows:
            if row["order_id"] == order.order_id:
                yield {
                    "feed": "shipments",
                    "event": "shipped",
                    "occurred_at": row["shipped_at"],
                    "reference": row["shipment_id"],
                    "line_id": row["line_id"],
                    "quantity": row["quantity"],
                    "detail": sku_at(state, row, row["shipped_at"]),
                    "actor": row["warehouse_id"] or row["_source"],
                }
        for scan in parcel.scans:
            yield {
                "feed": "tracking",
                "event": scan["status"],
                "occurred_at": scan["occurred_at"],
                "reference": parcel.shipment_id,
                "detail": scan["detail"] or scan["location"],
                "actor": scan["carrier"] or parcel.rows[0]["carrier"] or scan["_source"],
            }
    yield from _others(order, rows)


def _received(rows: list[Row]) -> list[Row]:
    """Return the different contents of an order's records in the order of their clocks, conflicting ones included."""
    by_content = {(row["updated_at"], content_hash(row), row.get("line_id")): row for row in rows}
    return [by_content[key] for key in sorted(by_content, key=lambda key: key[:2])]


def _versions(order: Order, rows: list[Row]) -> Iterator[dict[str, Any]]:
    common = {"feed": "orders", "reference": order.order_id}
    yield common | {"event": "placed", "occurred_at": order.placed_at, "detail": None, "actor": rows[0]["_source"]}
    before: Row = rows[0] | {"is_cancelled": False}
    for number, row in enumerate(rows):
        if number == 0 and not row["is_cancelled"]:
            continue
        promise, earlier = order.promise(row), order.promise(before)
        event, detail, at = "changed", None, row["updated_at"]
        if bool(row["is_cancelled"]) != bool(before["is_cancelled"]):
            event, detail = ("cancelled", row["cancel_reason"]) if row["is_cancelled"] else ("reinstated", None)
            at = (row["cancelled_at"] if row["is_cancelled"] else None) or at
        elif promise != earlier:
            event, detail = "promise_changed", _written(order, row)
        yield common | {"event": event, "occurred_at": at, "detail": detail, "actor": row["_source"]}
        before = row


def _written(order: Order, row: Row) -> str | None:
    """Return the promise of a version as people read it: its day, or its instant in the business zone."""
    at, zone = row["promised_at"], order.world.time_zone
    if at is None or row["promise_is_date_only"]:
        return None if at is None else str(at.date())
    local = at.replace(tzinfo=UTC, microsecond=0).astimezone(zone).replace(tzinfo=None)
    return f"{local} ({zone.key})"


def _lines(order: Order, rows: list[Row]) -> Iterator[dict[str, Any]]:
    before: dict[str, Row] = {}
    for row in rows:
        line_id = row["line_id"]
        event, units = "line_ordered" if line_id not in before else "line_changed", row["quantity"]
        cancelled = row["cancelled_quantity"] or 0
        newly = cancelled - (before[line_id]["cancelled_quantity"] or 0) if line_id in before else 0
        if newly > 0:
            event, units = "line_cancelled", newly
        yield {
            "feed": "order_lines",
            "event": event,
            "occurred_at": row["updated_at"],
            "reference": line_id,
            "line_id": line_id,
            "quantity": units,
            "amount": row["quantity"] * row["unit_price"],
            "currency": order.currency,
            "detail": row["sku"],
            "actor": row["_source"],
        }
        before[line_id] = row


def _others(order: Order, rows: dict[str, list[Row]]) -> Iterator[dict[str, Any]]:
    for action in order.actions:
        yield {
            "feed": "actions",
            "event": action["kind"],
            "occurred_at": action["occurred_at"],
            "reference": action["action_id"],
            "actor": action["actor"],
        }
    for row in rows["returns"]:
        yield {
            "feed": "returns",
            "event": row["status"],
            "occurred_at": row["occurred_at"],
            "reference": row["return_id"],
            "line_id": row["line_id"],
            "quantity": row["quantity"],
            "detail": row["sku"],
            "actor": row["_source"],
        }
    for row in rows["carts"]:
        yield {
            "feed": "carts",
            "event": row["status"],
            "occurred_at": row["occurred_at"],
            "reference": row["cart_id"],
            "quantity": row["quantity"],
            "detail": row["sku"],
            "actor": row["_source"],
        }
    for row in rows["feedback"]:
        yield {
            "feed": "feedback",
            "event": "feedback",
            "occurred_at": row["occurred_at"],
            "reference": row["feedback_id"],
            "detail": row["topic"],
            "actor": row["channel"] or row["_source"],
        }
