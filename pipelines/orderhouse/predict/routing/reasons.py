"""Reasons of proposals in words, by parcels, promised date and cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from orderhouse.predict.routing.world import Line, Take, World

__all__ = ["cost_amount", "parcels_by_order", "reason_of"]

DAY = 24.0


def parcels_by_order(world: World, plan: Mapping[Take, int]) -> dict[str, set[str]]:
    """Return the warehouses that parcels of each order leave from, those that leave anyway among them."""
    found: dict[str, set[str]] = defaultdict(set)
    for number, warehouse in plan:
        found[world.lines[number].order_id].add(warehouse)
    for order_id, warehouse in world.sending:
        if order_id in found:
            found[order_id].add(warehouse)
    return dict(found)


def reason_of(world: World, take: Take, warehouses: set[str], digits: int, currency: str) -> str:
    """Return why units of a line leave from a warehouse.

    Args:
        world: The world.
        take: The line's number and the warehouse.
        warehouses: Warehouses that parcels of the order leave from.
        digits: Digits of minor units of the reporting currency.
        currency: The reporting currency.
    """
    number, warehouse = take
    line = world.lines[number]
    said = [_of_parcels(world, line, warehouse, warehouses), _of_date(world, line, warehouse)]
    said.append(_of_cost(world, line, warehouse, digits, currency))
    return " ".join(f"{part}." for part in said if part)


def cost_amount(cost: int, digits: int) -> Decimal:
    """Return minor units as an amount."""
    return Decimal(cost).scaleb(-digits)


def _of_parcels(world: World, line: Line, warehouse: str, warehouses: set[str]) -> str:
    if (line.order_id, warehouse) in world.sending:
        return f"Joins a parcel that leaves from {warehouse} anyway"
    if len(warehouses) == 1:
        return "One parcel for the order"
    others = ", ".join(sorted(warehouses - {warehouse}))
    return f"One of {len(warehouses)} parcels of the order; the others leave from {others}"


def _of_date(world: World, line: Line, warehouse: str) -> str:
    hours = world.lane(warehouse, line).hours_p90
    if line.hours_left is None:
        return "No date is promised"
    if hours is None:
        return "How long the parcel takes is not known"
    takes = f"nine of ten parcels take at most {hours / DAY:.1f} days"
    if hours <= line.hours_left:
        return f"In time: {takes}, and {line.hours_left / DAY:.1f} are left"
    if line.hours_left <= 0:
        return f"Late from every warehouse, because the promise has passed: {takes}"
    in_time = [name for name in world.holders(line) if not world.is_late(name, line)]
    instead = f"; {', '.join(in_time)} could keep the promise" if in_time else " from every warehouse with stock"
    return f"Probably late{instead}: {takes}, and {line.hours_left / DAY:.1f} are left"


def _of_cost(world: World, line: Line, warehouse: str, digits: int, currency: str) -> str:
    if (line.order_id, warehouse) in world.sending:
        return ""
    own = world.lane(warehouse, line).cost
    costs = {name: world.lane(name, line).cost for name in world.holders(line)}
    least = min(costs, key=lambda name: (costs[name], name))
    if own <= 0:
        return ""
    amount = f"{cost_amount(own, digits):f} {currency} a parcel"
    if len(costs) == 1:
        return f"{amount}; no other warehouse has the SKU"
    if own <= costs[least]:
        return f"{amount}, the least of {len(costs)} warehouses with the SKU"
    return f"{amount}; {least} would cost {cost_amount(costs[least], digits):f}"
