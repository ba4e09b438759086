"""Nearest warehouse first: the baseline, and the plan from which the solver starts."""

from __future__ import annotations

from collections.abc import Sequence

from orderhouse.predict.routing.world import Line, Take, World

__all__ = ["nearest"]

UNKNOWN_HOURS = float("inf")


def nearest(world: World, units_of: Sequence[int]) -> dict[Take, int]:
    """Serve each line, first placed first, from the nearest warehouse that still has stock, then from the next.

    Args:
        world: The world.
        units_of: Units that each line gets, as `claims` returns them, so that the stock is enough for all.

    Returns:
        Units by line and warehouse.
    """
    left = {sku: dict(places) for sku, places in world.stock.items()}
    plan: dict[Take, int] = {}
    for number, line in enumerate(world.lines):
        wanted = units_of[number]
        for warehouse in _by_distance(world, line) if wanted else ():
            units = min(wanted, left[line.sku][warehouse])
            if units > 0:
                plan[number, warehouse] = units
                left[line.sku][warehouse] -= units
                wanted -= units
    return plan


def _by_distance(world: World, line: Line) -> list[str]:
    """Return the warehouses with stock for a line, the one with the shortest way first."""

    def _distance(warehouse: str) -> tuple[float, int, str]:
        lane = world.lane(warehouse, line)
        return UNKNOWN_HOURS if lane.hours_p90 is None else lane.hours_p90, lane.cost, warehouse

    return sorted(world.holders(line), key=_distance)
