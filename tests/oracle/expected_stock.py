"""Rows of the inventory ledger and of the inventory positions as the oracle expects them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.demand import NETWORK, Demand
from tests.oracle.state import State
from tests.oracle.stock import UNASSIGNED, ledger, levels

__all__ = ["average_cost", "incoming_units", "inventory_ledger", "inventory_positions"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
PARTS = "received shipped unshipped restocked adjusted transferred count_adjustment"
DEFAULT_LEAD_TIME, REVIEW_DAYS, Z = 14, 28, 1.65


def inventory_ledger(state: State) -> Cells:
    """Return fct_inventory_ledger."""
    cells = {}
    for (sku, warehouse), days in ledger(state.movements, state.world.time_zone).items():
        for day in days:
            cells[(sku, warehouse, day.business_date)] = {
                "opening_quantity": day.opening,
                "closing_quantity": day.closing,
                **{f"{name}_quantity": day.parts[name] for name in PARTS.split()},
            }
    return cells


def inventory_positions(state: State) -> Cells:
    """Return fct_inventory_positions."""
    on_hand = levels(state.movements)
    incoming: Counter[tuple[str, str]] = Counter()
    expected = defaultdict(list)
    for row in state.world.events("inbound"):
        if row["quantity"]:
            incoming[(row["sku"], row["warehouse_id"])] += row["quantity"]
            expected[(row["sku"], row["warehouse_id"])].append(row["expected_at"])
    allocated: Counter[tuple[str, str]] = Counter()
    waiting: Counter[tuple[str, str]] = Counter()
    for order in state.orders.values():
        for line in order.lines:
            if line.needs_stock:
                sku = str(line.row["sku"])
                for warehouse, units in line.allocations.items():
                    allocated[(sku, warehouse)] += units
                waiting[(sku, line.warehouse_id or UNASSIGNED)] += line.backordered_quantity
    counted, moved = defaultdict(list), defaultdict(list)
    for movement in state.movements:
        moved[(movement.sku, movement.warehouse_id)].append(movement.at)
        if movement.kind == "count":
            counted[(movement.sku, movement.warehouse_id)].append(movement.at)
    demand = Demand(state)
    sources = (on_hand, incoming, allocated, waiting)
    places = {place for source in sources for place in source if place in on_hand or source[place]}
    cells: Cells = {}
    for sku in {sku for sku, _ in places if not state.is_service(sku)}:
        own = [place for place in places if place[0] == sku]
        for warehouse, members in [*((place[1], [place]) for place in own), (NETWORK, own)]:
            stock = sum(on_hand.get(place, 0) for place in members)
            taken, wanted = sum(allocated[place] for place in members), sum(waiting[place] for place in members)
            coming = sum(incoming[place] for place in members)
            cells[(sku, warehouse)] = {
                "position_level": NETWORK if warehouse == NETWORK else "warehouse",
                "on_hand_quantity": stock,
                "allocated_quantity": taken,
                "backordered_quantity": wanted,
                "available_quantity": stock - taken,
                "incoming_quantity": coming,
                "available_to_promise_quantity": stock - taken - wanted + coming,
                "next_incoming_at": min((at for place in members for at in expected[place]), default=None),
                "last_counted_at": max((at for place in members for at in counted[place]), default=None),
                "last_moved_at": max((at for place in members for at in moved[place]), default=None),
            }
            cells[(sku, warehouse)] |= _planning(state, demand, sku, warehouse, cells[(sku, warehouse)])
            cost, currency = average_cost(state, sku)
            cells[(sku, warehouse)] |= {
                "currency": currency,
                "abc_class": demand.abc_classes.get(sku, "C"),
                "xyz_class": demand.xyz_class(sku),
                "turnover_rate": demand.turnover(members),
                "sell_through_rate": demand.sell_through(members),
                "average_cost_amount": cost,
                "stock_value_amount": None if cost is None else rounded(cost * stock, currency or ""),
            }
    return cells


def average_cost(state: State, sku: str) -> tuple[Decimal | None, str | None]:
    """Return the cost of a unit: the weighted average of its receipts in the latest's currency, else the product's."""
    costed = [row for row in state.receipts.get(sku, []) if row["unit_cost"] is not None and row["quantity"] > 0]
    if not costed:
        row = state.products[sku][-1] if sku in state.products else {}
        return row.get("unit_cost"), row.get("currency")
    last = max(costed, key=lambda row: (row["occurred_at"], row["movement_id"]))
    alike = [row for row in costed if row["currency"] == last["currency"]]
    worth = sum((row["unit_cost"] * row["quantity"] for row in alike), ZERO)
    exact = worth / sum(row["quantity"] for row in alike)
    return exact.quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN), last["currency"]


def incoming_units(state: State) -> Counter[str]:
    """Return the units still to come by SKU."""
    found: Counter[str] = Counter()
    for row in state.world.events("inbound"):
        found[str(row["sku"])] += row["quantity"]
    return found


def _planning(state: State, demand: Demand, sku: str, warehouse: str, position: dict[str, Any]) -> dict[str, Any]:
    """Return demand, cover and risk of a position."""
    product = state.products.get(sku)
    lead_time = (product[-1]["lead_time_days"] if product else None) or DEFAULT_LEAD_TIME
    lately, longer = demand.per_day(sku, warehouse, 28), demand.per_day(sku, warehouse, 90)
    available = position["available_quantity"]
    cover = available / lately if lately > 0 and available > 0 else None
    point = math.ceil(round(longer * lead_time + Z * demand.deviation(sku, warehouse) * math.sqrt(lead_time), 9))
    promise = position["available_to_promise_quantity"]
    wanted = math.ceil(round(point + REVIEW_DAYS * longer - promise, 9)) if promise <= point else 0
    return {
        "reorder_point": point,
        "reorder_quantity": wanted if longer > 0 else 0,
        "stockout_risk": _risk(available, longer, cover, lead_time, available <= point),
        "demand_per_day_28d": lately,
        "demand_per_day_90d": longer,
        "lead_time_days": lead_time,
        "days_of_cover": cover,
    }


def _risk(available: int, demand: float, cover: float | None, lead_time: int, is_at_point: bool) -> str:
    if available <= 0:
        return "out_of_stock"
    if demand <= 0:
        return "none"
    if cover is not None and cover < lead_time:
        return "high"
    return "medium" if is_at_point else "low"
