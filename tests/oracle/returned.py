"""Returns: the units that came back by return and line, and the step that each reached.

Credit notes, which name no order, are kept apart.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from tests.oracle.rows import World
from tests.oracle.versions import Row, grouped

__all__ = ["Return", "credit_notes", "returns_of"]

ARRIVED = ("received", "restocked", "scrapped")


@dataclass
class Return:
    """One returned line with its events in order."""

    return_id: str
    line_id: str
    order_id: str | None
    events: list[Row]

    @cached_property
    def units(self) -> Counter[str]:
        """Return the units by status."""
        units: Counter[str] = Counter()
        for event in self.events:
            units[event["status"]] += event["quantity"]
        return units

    @property
    def returned(self) -> int:
        """Return the units that came back: the greater of received, and restocked + scrapped."""
        return max(self.units["received"], self.units["restocked"] + self.units["scrapped"])

    def first(self, *statuses: str) -> datetime | None:
        """Return the first instant of one of these statuses."""
        return min((event["occurred_at"] for event in self.events if event["status"] in statuses), default=None)

    @cached_property
    def arrivals(self) -> list[tuple[datetime, int]]:
        """Return instants and units, as they count as returned for the first time."""
        received = settled = counted = 0
        found = []
        for event in self.events:
            received += event["quantity"] if event["status"] == "received" else 0
            settled += event["quantity"] if event["status"] in ("restocked", "scrapped") else 0
            new = max(received, settled) - counted
            if new > 0:
                found.append((event["occurred_at"], new))
                counted += new
        return found

    @cached_property
    def step(self) -> str:
        """Return its latest step; goods that arrive end what was asked for."""
        last = self.events[-1]["status"]
        return str(last) if last in ("requested", "approved", "declined") else "none"


ORDER_OF_STEPS = ("requested", "approved", "declined", "received", "restocked", "scrapped", "cancelled", "unknown")


def _sorted(events: list[Row]) -> list[Row]:
    return sorted(events, key=lambda event: (event["occurred_at"], ORDER_OF_STEPS.index(event["status"])))


def returns_of(world: World) -> list[Return]:
    """Return the returns that name an order."""
    events = [row for row in world.events("returns") if row["order_id"]]
    groups = grouped(events, lambda row: (row["order_id"], row["return_id"], row["line_id"]))
    return [Return(ret, line, order, _sorted(rows)) for (order, ret, line), rows in groups.items()]


def credit_notes(world: World) -> list[Return]:
    """Return the lines of credit notes."""
    events = [row for row in world.events("returns") if not row["order_id"]]
    groups = grouped(events, lambda row: (row["return_id"], row["line_id"]))
    return [Return(ret, line, None, _sorted(rows)) for (ret, line), rows in groups.items()]
