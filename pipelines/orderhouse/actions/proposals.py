"""Acceptance of routing proposals: a route is taken only as long as it is proposed and its stock is there.

What is proposed comes from the published version; pending routes, and earlier routes of the same request, take from it.
Solving belongs to `orderhouse.predict.routing`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderhouse.actions.pending import Pending
from orderhouse.actions.requests import LINE_KINDS, Subject
from orderhouse.actions.rules import Query
from orderhouse.actions.states import State
from orderhouse.wording import counted

__all__ = ["Proposals", "load_proposals"]

LineKey = tuple[str, str]
PROPOSED = """
    select order_id, line_id, warehouse_id, sku, undecided_quantity, available_quantity
    from marts.fct_routing_proposals where order_id in ({marks}) order by all
"""
LINES = """
    select order_id, line_id, sku, warehouse_id, open_quantity, backordered_quantity
    from ops.order_lines where order_id in ({marks})
"""


@dataclass(frozen=True)
class _Line:
    """An order line of the published version."""

    sku: str | None
    warehouse_id: str | None
    open_quantity: int
    backordered_quantity: int


@dataclass(frozen=True)
class _Proposal:
    """SKU of a proposal, the units of its line that no warehouse is decided for, and the stock of its warehouse."""

    sku: str
    undecided: int
    available: int


class Proposals:
    """Published proposals of some orders, less what pending and earlier routes take."""

    def __init__(
        self,
        proposed: Mapping[LineKey, Mapping[str, _Proposal]],
        lines: Mapping[LineKey, _Line],
        pending: Iterable[Pending],
    ) -> None:
        self._proposed = proposed
        self._lines = lines
        self._acted: dict[LineKey, list[Pending]] = defaultdict(list)
        for each in pending:
            if each.kind in LINE_KINDS and each.order_id is not None and each.line_id is not None:
                self._acted[each.order_id, each.line_id].append(each)
        self._of_lines: Counter[LineKey] = Counter()
        self._of_stock: Counter[tuple[str, str]] = Counter()
        for key, actions in self._acted.items():
            self._take_pending(key, actions)

    def refusal(self, subject: Subject, state: State) -> str | None:
        """Return why the proposal of a subject cannot be accepted now; None if it can, and its units are taken then.

        Args:
            subject: A line with its warehouse and its units.
            state: State of its order, in which the units are open.
        """
        key = (subject.order_id or "", subject.line_id or "")
        warehouse, units = subject.warehouse_id or "", subject.quantity or 0
        if state.axes.get("hold") == "held":
            return "the order is on hold"
        found = self._proposed.get(key, {}).get(warehouse)
        if found is None:
            return self._why_gone(key)
        if units > (left := max(found.undecided - self._of_lines[key], 0)):
            routed = "".join(f"; {each.kind} by {each.actor} is pending" for each in self._acted.get(key, ())[-1:])
            return f"the line has {counted(left, 'unit')} left to route, and {units:,} are asked for{routed}"
        if units > (left := max(found.available - self._of_stock[found.sku, warehouse], 0)):
            return f"{warehouse} has {counted(left, 'unit')} of {found.sku} left, and {units:,} are asked for"
        self._of_lines[key] += units
        self._of_stock[found.sku, warehouse] += units
        return None

    def _why_gone(self, key: LineKey) -> str:
        """Return why a line has not the proposal that somebody saw."""
        if others := self._proposed.get(key):
            return f"the proposal has changed: units are to leave from {' and '.join(others)} now"
        line = self._lines.get(key)
        if line is not None and line.backordered_quantity:
            return "no warehouse has stock for it any more"
        return "the line waits for no warehouse any more: it is routed already"

    def _take_pending(self, key: LineKey, actions: Sequence[Pending]) -> None:
        """Take what the pending actions on a line take. Of several routes the latest counts first, as in the models."""
        line = self._lines.get(key)
        left = line.open_quantity if line is not None else 0
        for each in reversed(actions):
            units = min(each.quantity or left, left)
            left -= units
            self._of_lines[key] += units
            # Units that stay at the warehouse of their line have their stock already.
            if line is not None and line.sku and each.warehouse_id and each.warehouse_id != line.warehouse_id:
                self._of_stock[line.sku, each.warehouse_id] += units


def load_proposals(query: Query, order_ids: Iterable[str], pending: Sequence[Pending]) -> Proposals:
    """Read what is proposed for some orders.

    Args:
        query: Reader of the published version with all rows.
        order_ids: The orders.
        pending: All pending actions, because routes of other orders take stock too.
    """
    ids = sorted(set(order_ids))
    proposed: dict[LineKey, dict[str, _Proposal]] = defaultdict(dict)
    for order_id, line_id, warehouse, *values in _of_orders(query, PROPOSED, ids):
        proposed[order_id, line_id][warehouse] = _Proposal(*values)
    acted = sorted({*ids, *(each.order_id for each in pending if each.order_id is not None)})
    lines = {(order_id, line_id): _Line(*values) for order_id, line_id, *values in _of_orders(query, LINES, acted)}
    return Proposals(proposed, lines, pending)


def _of_orders(query: Query, sql: str, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    return query(sql.format(marks=", ".join("?" * len(ids))), ids) if ids else []
