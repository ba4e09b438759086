"""States of the subjects of actions: what the rules look at, and the version that an operator sees.

They are those of the published version, moved on by the pending actions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orderhouse.actions.pending import Pending
from orderhouse.actions.rules import Query, Rules

__all__ = ["State", "changes", "exceptions_now", "orders_now", "seen_version"]

# Columns of a version that an operator sees, with their names for people.
ORDER_COLUMNS = {
    "order_status": "order status",
    "payment_status": "payment status",
    "fulfilment_status": "fulfilment status",
    "delivery_status": "delivery status",
    "return_status": "return status",
    "open_quantity": "open units",
    "current_promised_at": "promise",
}
EXCEPTION_COLUMNS = {
    "detail": "detail",
    "assignee": "assignee",
    "snoozed_until": "snoozed until",
    "resolved_by": "resolved by",
}
ACTIONS = "actions"
# Kinds that leave a subject as it was. They make no seen version stale.
SILENT = ("note", "tag")


@dataclass
class State:
    """State of one order or exception.

    Attributes:
        seen: Columns that an operator sees, as text by column; `actions` is the number of actions on the subject.
        axes: State by axis of the rules; those of lines are in `lines`.
        lines: State on the axis `line`, by line.
        units: Open units, by line.
        pending: The pending actions on it, in order.
    """

    seen: dict[str, str]
    axes: dict[str, str]
    lines: dict[str, str] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)

    def axes_of(self, line_id: str | None) -> dict[str, str]:
        """Return the state by axis for an action on the order, or on one of its lines."""
        if line_id is None:
            return {**self.axes, "line_named": "unnamed", "line": "unknown"}
        return {**self.axes, "line_named": "named", "line": self.lines.get(line_id, "unknown")}


def orders_now(query: Query, rules: Rules, order_ids: Iterable[str], pending: Iterable[Pending]) -> dict[str, State]:
    """Return the state of each order that the published version has.

    Args:
        query: Reader of the published version with all rows.
        rules: The rules, by which pending actions move a state on.
        order_ids: The orders.
        pending: The pending actions; those on other orders do not matter.
    """
    ids = list(order_ids)
    found = {
        order_id: State(_texts(ORDER_COLUMNS, values), {"subject": "order", "returns": "none", "requests": "none"})
        for order_id, *values in _by_id(query, f"order_id, {', '.join(ORDER_COLUMNS)}", "ops.orders", "order_id", ids)
    }
    for order_id, line_id, axis, state in _by_id(
        query, "order_id, line_id, axis, state", "ops.action_states", "order_id", ids
    ):
        if order_id in found and line_id is None:
            found[order_id].axes[axis] = state
        elif order_id in found:
            found[order_id].lines[line_id] = state
    for order_id, line_id, units in _by_id(
        query, "order_id, line_id, open_quantity", "ops.order_lines", "order_id", ids
    ):
        if order_id in found:
            found[order_id].units[line_id] = units
    acted = _by_id(query, "order_id, kind", "ops.actions", "order_id", ids, "and subject_kind = 'order'")
    _count(found, ((order_id, kind) for order_id, kind in acted))
    _move_on(found, rules, ((each.order_id, each) for each in pending))
    return found


def exceptions_now(
    query: Query, rules: Rules, exception_ids: Iterable[str], pending: Iterable[Pending]
) -> dict[str, State]:
    """Return the state of each open exception. The arguments are those of `orders_now`."""
    ids = list(exception_ids)
    columns = f"exception_id, {', '.join(EXCEPTION_COLUMNS)}"
    found = {
        exception_id: State(_texts(EXCEPTION_COLUMNS, values), {"subject": "exception"})
        for exception_id, *values in _by_id(query, columns, "ops.exceptions", "exception_id", ids)
    }
    acted = _by_id(query, "subject_id, kind", "ops.actions", "subject_id", ids, "and subject_kind = 'exception'")
    _count(found, ((exception_id, kind) for exception_id, kind in acted))
    _move_on(found, rules, ((each.exception_id, each) for each in pending))
    return found


def seen_version(state: State) -> str:
    """Return the version of a state as an action carries it."""
    return ";".join(f"{name}={value}" for name, value in state.seen.items())


def changes(seen: str, now: State) -> list[str]:
    """Return what has changed since a version was seen, as one phrase for each difference.

    A version that cannot be read differs as a whole.
    """
    parts = dict(part.partition("=")[::2] for part in seen.split(";"))
    if set(parts) != set(now.seen):
        return ["the version that you saw cannot be compared"]
    names = {**ORDER_COLUMNS, **EXCEPTION_COLUMNS}
    found = [
        f"{names[name]} {before or 'none'} → {now.seen[name] or 'none'}"
        for name, before in parts.items()
        if name != ACTIONS and before != now.seen[name]
    ]
    return found + _newer(parts[ACTIONS], now)


def _newer(count: str, now: State) -> list[str]:
    """Return the actions that were taken since a number of them was seen."""
    number = int(now.seen[ACTIONS]) - int(count) if count.isdigit() else 1
    moving = [each for each in now.pending if each.kind not in SILENT]
    if number == 0:
        return []
    named = [f"{each.actor}: {each.kind} at {each.occurred_at:%H:%M:%S} UTC, pending" for each in moving[-number:]]
    return named or ["another action has been taken"]


def _by_id(
    query: Query, columns: str, table: str, key: str, ids: Sequence[str], more: str = ""
) -> list[tuple[Any, ...]]:
    if not ids:
        return []
    # A list of values, because DuckDB does not push `= any(?)` down to the scan. All names are ours.
    marks = ", ".join("?" * len(ids))
    return query(f"select {columns} from {table} where {key} in ({marks}) {more} order by all", ids)  # noqa: S608


def _texts(columns: Mapping[str, str], values: Sequence[object]) -> dict[str, str]:
    """Return the values as text without the characters that separate them in a version."""
    texts = ("" if value is None else str(value).replace(";", ",").replace("=", ":") for value in values)
    return {**dict(zip(columns, texts, strict=True)), ACTIONS: "0"}


def _count(found: Mapping[str, State], acted: Iterable[tuple[str, str]]) -> None:
    for subject, kind in acted:
        if subject in found and kind not in SILENT:
            found[subject].seen[ACTIONS] = str(int(found[subject].seen[ACTIONS]) + 1)


def _move_on(found: Mapping[str, State], rules: Rules, pending: Iterable[tuple[str | None, Pending]]) -> None:
    """Apply the pending actions to the states, as the next run will."""
    for subject, action in pending:
        if subject is None or subject not in found:
            continue
        state = found[subject]
        state.pending.append(action)
        _count(found, [(subject, action.kind)])
        if rules.refusal(action.kind, state.axes_of(action.line_id)) is None:
            state.axes = rules.after(action.kind, state.axes)
            if action.kind == "cancel_line" and action.line_id in state.units:
                units = state.units[action.line_id]
                state.units[action.line_id] = max(units - (action.quantity or units), 0)
