"""State of a whole world: orders with lines, parcels, returns, money and stock, put together from the accepted rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.parcels import Parcel, parcels_of
from tests.oracle.payments import Money, payments_by_order
from tests.oracle.rates import Rates
from tests.oracle.returned import Return, credit_notes, returns_of
from tests.oracle.rows import World
from tests.oracle.stock import UNASSIGNED, Movement, allocate, levels, movements_of_stock
from tests.oracle.versions import Row, grouped, versions

__all__ = ["State", "state_of"]


@dataclass
class State:
    """Everything that is known of a world, by order number where it belongs to an order."""

    world: World
    orders: dict[str, Order] = field(default_factory=dict)
    tests: set[str] = field(default_factory=set)
    orphan_lines: list[Row] = field(default_factory=list)
    orphan_shipments: list[Row] = field(default_factory=list)
    orphan_scans: list[Row] = field(default_factory=list)
    orphan_returns: list[Return] = field(default_factory=list)
    orphan_money: dict[str, Money] = field(default_factory=dict)
    credit_notes: list[Return] = field(default_factory=list)
    parcels: dict[str, Parcel] = field(default_factory=dict)
    movements: list[Movement] = field(default_factory=list)
    products: dict[str, list[Row]] = field(default_factory=dict)
    line_history: dict[tuple[str, str], list[Row]] = field(default_factory=dict)

    def is_service(self, sku: str) -> bool:
        """Return true if a SKU is a service, which is never in stock."""
        versions_of_product = self.products.get(sku)
        return bool(versions_of_product) and versions_of_product[-1]["kind"] == "service"

    @cached_property
    def receipts(self) -> dict[str, list[Row]]:
        """Return the receipts of the stock feed by SKU."""
        rows = [row for row in self.world.events("stock") if row["kind"] == "receipt"]
        return grouped(rows, lambda row: str(row["sku"]))

    @cached_property
    def rates(self) -> Rates:
        """Return the exchange rates."""
        return Rates(self.world)


def state_of(world: World) -> State:
    """Return the state of a world."""
    state = State(world)
    histories = {
        order_id: versions(rows)
        for order_id, rows in grouped(world.feeds["orders"], lambda row: row["order_id"]).items()
    }
    state.tests = {order_id for order_id, rows in histories.items() if rows[-1]["is_test"]}
    histories = {order_id: rows for order_id, rows in histories.items() if order_id not in state.tests}
    currencies = {order_id: rows[-1]["currency"] for order_id, rows in histories.items()}
    money = payments_by_order(world, currencies, state.tests)
    state.orders = {
        order_id: Order(world, rows, money.get(order_id, Money(currencies[order_id])))
        for order_id, rows in histories.items()
    }
    state.orphan_money = {order_id: each for order_id, each in money.items() if order_id not in state.orders}
    state.products = {
        sku: versions(rows) for sku, rows in grouped(world.feeds["products"], lambda row: row["sku"]).items()
    }
    lines = _add_lines(state)
    _add_parcels(state, lines)
    _add_returns(state, lines)
    _add_actions(state, lines)
    for order in state.orders.values():
        order.prepare()
    counted = [row for row in world.events("stock") if world.moves_stock(row["_source"])]
    moved = movements_of_stock(counted) + _own_movements(state)
    state.movements = [movement for movement in moved if not state.is_service(movement.sku)]
    waiting = [
        ((order.placed_at, order.order_id, line.line_id), line)
        for order in state.orders.values()
        for line in order.lines
        if line.needs_stock
    ]
    allocate(levels(state.movements), waiting)
    for order in state.orders.values():
        for line in order.lines:
            if not line.is_held and not line.requires_shipping:
                line.allocated_quantity = line.open_quantity
        order.forget()
    return state


def _add_lines(state: State) -> dict[tuple[str, str], Line]:
    found: dict[tuple[str, str], Line] = {}
    groups = grouped(state.world.feeds["order_lines"], lambda row: (row["order_id"], row["line_id"]))
    for (order_id, line_id), rows in groups.items():
        if order_id in state.tests:
            continue
        history = versions(rows)
        state.line_history[(order_id, line_id)] = history
        order = state.orders.get(order_id)
        if order is None:
            state.orphan_lines.append(history[-1])
            continue
        line = Line(
            row=history[-1],
            history=history,
            currency=order.currency,
            prices_include_tax=order.prices_include_tax,
            is_service=state.is_service(history[-1]["sku"]),
            is_shipment_tracked=order.is_shipment_tracked,
            is_order_cancelled=False,
            warehouse_id=history[-1]["warehouse_id"],
        )
        order.lines.append(line)
        found[(order_id, line_id)] = line
    for order in state.orders.values():
        order.lines.sort(key=lambda line: line.line_id)
    return found


def _add_parcels(state: State, lines: dict[tuple[str, str], Line]) -> None:
    shipments = [row for row in state.world.events("shipments") if row["order_id"] not in state.tests]
    state.parcels, state.orphan_scans = parcels_of(state.world, shipments)
    for parcel in state.parcels.values():
        for row in parcel.rows:
            line = lines.get((row["order_id"], row["line_id"]))
            if line is None:
                state.orphan_shipments.append(row)
            else:
                line.parcels.append((parcel, row))
            order = state.orders.get(row["order_id"])
            if order is not None and parcel not in order.parcels:
                order.parcels.append(parcel)


def _add_returns(state: State, lines: dict[tuple[str, str], Line]) -> None:
    state.credit_notes = credit_notes(state.world)
    for each in returns_of(state.world):
        if each.order_id in state.tests:
            continue
        line = lines.get((str(each.order_id), each.line_id))
        if line is None:
            state.orphan_returns.append(each)
            if each.order_id in state.orders:
                state.orders[each.order_id].stray_returns.append(each)
        else:
            line.returns.append(each)
            state.orders[str(each.order_id)].returns.append(each)


def _add_actions(state: State, lines: dict[tuple[str, str], Line]) -> None:
    actions = sorted(state.world.events("actions"), key=lambda row: (row["occurred_at"], row["action_id"]))
    for action in actions:
        order = state.orders.get(action["order_id"])
        if order is not None:
            order.actions.append(action)
            line = lines.get((action["order_id"], action["line_id"] or ""))
            if action["kind"] == "route" and line is not None:
                line.warehouse_id = action.get("warehouse_id") or line.warehouse_id


def sku_at(state: State, row: Row, at: Any) -> str | None:
    """Return the SKU that a shipment or return moves: its own, else that of the line version in force."""
    if row["sku"]:
        return str(row["sku"])
    history = state.line_history.get((row["order_id"], row["line_id"]), [])
    earlier = [version for version in history if version["updated_at"] <= at]
    chosen = earlier[-1:] or history[:1]
    return str(chosen[0]["sku"]) if chosen else None


def _own_movements(state: State) -> list[Movement]:
    """Return what our own shipments and restocked returns move, where stock is tracked."""
    world, found = state.world, []

    def add(row: Row, kind: str, at: Any, units: int, sku_as_of: Any) -> None:
        sku = sku_at(state, row, sku_as_of)
        source = state.orders[row["order_id"]].row["_source"] if row["order_id"] in state.orders else row["_source"]
        if sku and world.tracks(source, "stock") and world.tracks(source, "shipments"):
            found.append(Movement(sku, row["warehouse_id"] or UNASSIGNED, kind, at, units, "", row["_source"]))

    for parcel in state.parcels.values():
        for row in parcel.rows:
            add(row, "shipped", row["shipped_at"], -row["quantity"], row["shipped_at"])
            if parcel.is_cancelled:
                add(row, "unshipped", parcel.ended_at, row["quantity"], row["shipped_at"])
    returned = [event for event in world.events("returns") if event["order_id"] not in state.tests]
    for events in grouped(returned, lambda event: (event["return_id"], event["line_id"])).values():
        arrival = next((event["warehouse_id"] for event in events if event["warehouse_id"]), None)
        # Where events of a return name different goods or orders, the greatest name counts for those that name none.
        named = {
            name: max((event[name] for event in events if event[name]), default=None) for name in ("sku", "order_id")
        }
        for event in events:
            if event["status"] == "restocked":
                placed = event | {"warehouse_id": event["warehouse_id"] or arrival}
                placed |= {name: event[name] or value for name, value in named.items()}
                add(placed, "restocked", event["occurred_at"], event["quantity"], event["occurred_at"])
    return found


def lines_by_sku(state: State) -> dict[str, list[tuple[Order, Line]]]:
    """Return the lines of all orders by SKU."""
    found: dict[str, list[tuple[Order, Line]]] = defaultdict(list)
    for order in state.orders.values():
        for line in order.lines:
            found[str(line.row["sku"])].append((order, line))
    return found
