"""World that a routing is decided in, and what a decision gives in it. Reading it from tables belongs in `inputs`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Lane", "Line", "Plan", "Take", "World", "claims", "covers", "figures"]

# Units of a line by the warehouse that they leave from: line number, warehouse, units.
Take = tuple[int, str]
Plan = Mapping[Take, int]

# Demand below this many units a day counts as this many, so that stock which nobody buys covers a long and finite time.
LEAST_DEMAND = 0.01
# Grades of cover: 0 for the warehouse whose stock of the SKU lasts longest, up to this for one whose stock is gone.
COVER_GRADES = 9


@dataclass(frozen=True)
class Line:
    """An open order line.

    Attributes:
        order_id: Its order.
        line_id: Its id within the order.
        sku: Its SKU.
        quantity: Units that no warehouse is decided for.
        country: Country that the order goes to.
        hours_left: Hours from the clock to the end of the promise, negative if it is past; None without a promise.
    """

    order_id: str
    line_id: str
    sku: str
    quantity: int
    country: str | None = None
    hours_left: float | None = None


@dataclass(frozen=True)
class Lane:
    """A warehouse's way to a country.

    Attributes:
        hours_p90: Hours from departure to the first attempt that nine of ten parcels do not exceed; None if unknown.
        cost: Cost of a parcel in minor units of the reporting currency.
    """

    hours_p90: float | None
    cost: int


@dataclass(frozen=True)
class World:
    """Open lines and what there is for them.

    Attributes:
        lines: The lines, first placed first.
        stock: Units that can be promised by SKU and warehouse.
        lanes: Lanes by warehouse and country. A lane that is missing costs nothing and takes an unknown time.
        demand: Units a day that leave a warehouse, by SKU and warehouse.
        sending: Orders and warehouses of parcels that leave anyway; units that join them need no further parcel.
    """

    lines: tuple[Line, ...]
    stock: Mapping[str, Mapping[str, int]]
    lanes: Mapping[tuple[str, str | None], Lane] = field(default_factory=dict)
    demand: Mapping[tuple[str, str], float] = field(default_factory=dict)
    sending: frozenset[tuple[str, str]] = frozenset()

    def lane(self, warehouse: str, line: Line) -> Lane:
        """Return the lane of a line that leaves from a warehouse."""
        return self.lanes.get((warehouse, line.country), Lane(None, 0))

    def is_late(self, warehouse: str, line: Line) -> bool:
        """Tell if a line would probably miss its promise from a warehouse; not if the time of the lane is unknown."""
        hours = self.lane(warehouse, line).hours_p90
        return line.hours_left is not None and hours is not None and hours > line.hours_left

    def holders(self, line: Line) -> list[str]:
        """Return the warehouses with stock for a line, in the order of their ids."""
        return sorted(name for name, units in self.stock.get(line.sku, {}).items() if units > 0)


def claims(world: World) -> list[int]:
    """Return how many units each line gets: of scarce stock, first placed first served, as stock is allocated."""
    left = {sku: sum(units for units in places.values() if units > 0) for sku, places in world.stock.items()}
    found = []
    for line in world.lines:
        units = max(min(line.quantity, left.get(line.sku, 0)), 0)
        found.append(units)
        if units:
            left[line.sku] -= units
    return found


def covers(world: World, sku: str) -> dict[str, int]:
    """Return the grade of cover of a SKU by warehouse: 0 where its stock lasts longest."""
    days = {
        name: units / max(world.demand.get((sku, name), 0.0), LEAST_DEMAND)
        for name, units in world.stock.get(sku, {}).items()
        if units > 0
    }
    longest = max(days.values(), default=1.0)
    return {name: round(COVER_GRADES * (1 - each / longest)) for name, each in days.items()}


def figures(world: World, plan: Plan, grades: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return what a plan gives by each aim of `policy.AIMS`.

    Args:
        world: The world.
        plan: Units by line and warehouse.
        grades: `covers` by SKU.
    """
    taken = [(world.lines[number], warehouse, units) for (number, warehouse), units in plan.items() if units]
    return {
        "parcels": len(_parcels(world, taken)),
        "date": sum(units for line, warehouse, units in taken if world.is_late(warehouse, line)),
        "cost": sum(world.lane(warehouse, line).cost for (_, warehouse), line in _parcels(world, taken).items()),
        "cover": sum(units * grades[line.sku][warehouse] for line, warehouse, units in taken),
    }


def _parcels(world: World, taken: Iterable[tuple[Line, str, int]]) -> dict[tuple[str, str], Line]:
    """Return further parcels that a plan needs, by order and warehouse, each with one of its lines."""
    return {
        (line.order_id, warehouse): line
        for line, warehouse, _ in taken
        if (line.order_id, warehouse) not in world.sending
    }
