"""Stock: movements, levels on hand, the ledger by business day, and the allocation of open units."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tests.oracle.days import business_day
from tests.oracle.lines import Line
from tests.oracle.versions import Row, content_hash

__all__ = ["LedgerDay", "Movement", "allocate", "in_order", "ledger", "levels", "movements_of_stock"]

UNASSIGNED = "unassigned"
SIGNS = {"receipt": 1, "adjustment": 1, "transfer_in": 1, "transfer_out": -1}
PARTS = {
    "receipt": "received",
    "adjustment": "adjusted",
    "transfer_in": "transferred",
    "transfer_out": "transferred",
    "shipped": "shipped",
    "unshipped": "unshipped",
    "restocked": "restocked",
}
Place = tuple[str, str]


@dataclass(frozen=True)
class Movement:
    """A change of a level at an instant, or a count of it."""

    sku: str
    warehouse_id: str
    kind: str
    at: datetime
    units: int
    tie: str = ""
    source: str = ""
    reference: object = None


@dataclass
class LedgerDay:
    """One business day of a SKU in a warehouse."""

    business_date: date
    opening: int
    parts: Counter[str] = field(default_factory=Counter)
    closing: int = 0


def movements_of_stock(rows: Iterable[Row]) -> list[Movement]:
    """Return the movements and counts of the stock feed."""
    found = []
    for row in rows:
        if row["kind"] == "count" or row["kind"] in SIGNS:
            tie = content_hash(row) if row["kind"] == "count" else ""
            units = row["quantity"] * SIGNS.get(row["kind"], 1)
            place = (row["sku"], row["warehouse_id"])
            found.append(
                Movement(*place, row["kind"], row["occurred_at"], units, tie, row["_source"], row["reference"])
            )
    return found


def in_order(movements: Iterable[Movement]) -> dict[Place, list[Movement]]:
    """Return movements by place: of one instant the counts last, and of simultaneous counts only the chosen one."""
    places: dict[Place, list[Movement]] = defaultdict(list)
    for movement in movements:
        places[(movement.sku, movement.warehouse_id)].append(movement)
    for place, members in places.items():
        members.sort(key=lambda movement: (movement.at, movement.kind == "count", movement.tie))
        places[place] = [
            movement
            for number, movement in enumerate(members)
            if not (
                movement.kind == "count"
                and any(later.kind == "count" and later.at == movement.at for later in members[number + 1 :])
            )
        ]
    return places


def levels(movements: Iterable[Movement]) -> dict[Place, int]:
    """Return the units on hand by SKU and warehouse."""
    found: dict[Place, int] = {}
    for place, members in in_order(movements).items():
        level = 0
        for movement in members:
            level = movement.units if movement.kind == "count" else level + movement.units
        found[place] = level
    return found


def ledger(movements: Iterable[Movement], zone: ZoneInfo) -> dict[Place, list[LedgerDay]]:
    """Return the days with movements of every SKU and warehouse."""
    found: dict[Place, list[LedgerDay]] = {}
    for place, members in in_order(movements).items():
        days: list[LedgerDay] = []
        level = 0
        for movement in members:
            day = business_day(movement.at, zone)
            if not days or days[-1].business_date != day:
                days.append(LedgerDay(day, level))
            if movement.kind == "count":
                days[-1].parts["count_adjustment"] += movement.units - level
                level = movement.units
            else:
                units = -movement.units if movement.kind == "shipped" else movement.units
                days[-1].parts[PARTS[movement.kind]] += units
                level += movement.units
            days[-1].closing = level
        found[place] = days
    return found


def allocate(on_hand: dict[Place, int], lines: Iterable[tuple[tuple[datetime, str, str], Line]]) -> None:
    """Give open lines of one SKU what is on hand, first placed first served; lines that name a warehouse first."""
    left: dict[str, dict[str, int]] = defaultdict(dict)
    for (sku, warehouse), units in on_hand.items():
        left[sku][warehouse] = max(units, 0)
    queue = [line for _, line in sorted(lines, key=lambda each: each[0])]
    for line in [line for line in queue if line.warehouse_id] + [line for line in queue if not line.warehouse_id]:
        pools = left[str(line.row["sku"])]
        wanted = line.open_quantity
        for warehouse in [line.warehouse_id] if line.warehouse_id else sorted(pools):
            given = min(wanted - line.allocated_quantity, pools.get(warehouse, 0))
            if given > 0:
                pools[warehouse] -= given
                line.allocated_quantity += given
                line.allocations[warehouse] = line.allocations.get(warehouse, 0) + given
