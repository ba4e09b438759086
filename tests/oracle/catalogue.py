"""Rows of the products and of the carts as the oracle expects them."""

from __future__ import annotations

from typing import Any

from tests.oracle.days import business_day
from tests.oracle.demand import Demand
from tests.oracle.expected_stock import inventory_positions
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.state import State, lines_by_sku
from tests.oracle.versions import Row, grouped

__all__ = ["carts", "feedback", "products"]

Cells = dict[tuple[Any, ...], dict[str, Any]]


def products(state: State) -> Cells:
    """Return dim_products."""
    sold = lines_by_sku(state)
    positions = {sku for sku, _ in inventory_positions(state)}
    named: set[str] = set(sold) | set(state.products) | positions
    named |= {str(row["sku"]) for feed in ("stock", "inbound") for row in state.world.events(feed)}
    for feed in ("shipments", "returns"):
        rows = [row for row in state.world.events(feed) if row["order_id"] not in state.tests]
        named |= {str(row["sku"]) for row in rows if row["sku"]}
    demand = Demand(state)
    return {(sku,): _product(state, sku, sold.get(sku, []), sku in positions) | _sales(demand, sku) for sku in named}


def _sales(demand: Demand, sku: str) -> dict[str, Any]:
    net, is_rate_missing = demand.net_sales.get(sku, (None, False))
    return {
        "abc_class": demand.abc_classes.get(sku, "C"),
        "xyz_class": demand.xyz_class(sku),
        "net_amount_reporting": None if is_rate_missing else net,
    }


def _product(state: State, sku: str, sold: list[tuple[Order, Line]], is_stock_tracked: bool) -> dict[str, Any]:
    row: Row = state.products[sku][-1] if sku in state.products else {}
    placed = [order.placed_at for order, _ in sold]
    return {
        "name": row.get("name"),
        "category": row.get("category") or "unknown",
        "brand": row.get("brand"),
        "kind": row.get("kind") or "goods",
        "supplier": row.get("supplier"),
        "currency": row.get("currency"),
        "unit_cost_amount": row.get("unit_cost"),
        "lead_time_days": row.get("lead_time_days"),
        "pack_size": row.get("pack_size"),
        "minimum_order_quantity": row.get("minimum_order_quantity"),
        "lines_count": len(sold),
        "demanded_quantity": sum(line.kept_quantity for _, line in sold),
        "is_active": row.get("is_active") is not False,
        "is_catalogued": bool(row),
        "is_stock_tracked": is_stock_tracked,
        "first_sold_at": min(placed, default=None),
        "last_sold_at": max(placed, default=None),
        "updated_at": row.get("updated_at"),
    }


def carts(state: State) -> Cells:
    """Return fct_carts."""
    groups = grouped(state.world.events("carts"), lambda row: row["cart_id"])
    cells = {}
    for cart_id, rows in groups.items():
        if any(row["order_id"] in state.tests for row in rows if row["order_id"]):
            continue
        rows.sort(key=lambda row: row["occurred_at"])
        statuses = {row["status"] for row in rows}
        status = "converted" if "converted" in statuses else "abandoned" if "abandoned" in statuses else "open"
        first, last = rows[0]["occurred_at"], rows[-1]["occurred_at"]
        added = grouped((row for row in rows if row["status"] == "added"), lambda row: row["sku"])
        most = [max(known) for known in (_known(each, "quantity") for each in added.values()) if known]
        cells[(cart_id,)] = {
            "customer_id": min(_known(rows, "customer_id"), default=None),
            "order_id": min(_known(rows, "order_id"), default=None),
            "campaign": min(_known(rows, "campaign"), default=None),
            "source": min(row["_source"] for row in rows),
            "quantity": sum(most) if most else None,
            "cart_status": status,
            "skus_count": len({row["sku"] for row in rows}),
            "is_converted": status == "converted",
            "is_abandoned": status == "abandoned",
            "first_event_date": business_day(first, state.world.time_zone),
            "first_event_at": first,
            "last_event_at": last,
        }
    return cells


def feedback(state: State) -> Cells:
    """Return fct_feedback."""
    cells = {}
    for voice in state.world.events("feedback"):
        if voice["order_id"] in state.tests and voice["order_id"]:
            continue
        is_scored = voice["score"] is not None and voice["scale_max"]
        cells[(voice["feedback_id"],)] = {
            **{name: voice[name] for name in ("order_id", "customer_id", "channel", "topic", "score", "scale_max")},
            "source": voice["_source"],
            "score_rate": float(voice["score"]) / float(voice["scale_max"]) if is_scored else None,
            "feedback_date": business_day(voice["occurred_at"], state.world.time_zone),
            "occurred_at": voice["occurred_at"],
        }
    return cells


def _known(rows: list[Row], name: str) -> list[Any]:
    return [row[name] for row in rows if row[name] is not None]
