"""Exceptions about actions of operators that went back to the source of their order and that no row confirms.

Compared are the kinds that the worlds have: hold, release, confirm, and the cancelling of units.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tests.oracle.days import business_day
from tests.oracle.exceptions_of_lines import Found
from tests.oracle.orders import Order
from tests.oracle.versions import Row

__all__ = ["of_actions"]

OPERATORS = "operators"
WAITS = timedelta(hours=24)


def of_actions(order: Order) -> Iterator[Found]:
    """Return the exception of an order with an action that its source has not confirmed."""
    owner = order.row["_source"]
    accepted = [action for action in _accepted(order) if action["_source"] == OPERATORS]
    waiting = [
        action["occurred_at"]
        for number, action in enumerate(accepted)
        if _goes_back(order, owner, action)
        and not _is_overtaken(order, action, accepted[number + 1 :])
        and not _is_confirmed(order, action, accepted[: number + 1])
    ]
    if waiting:
        yield Found(
            "action_unconfirmed", order.order_id, min(waiting) + WAITS, order.due_amount, order.currency, source=owner
        )


def _accepted(order: Order) -> list[Row]:
    """Return the accepted actions in their order."""
    cancelling = [action["action_id"] for line in order.lines for action in order.line_cancellations(line)]
    switches = [action["action_id"] for action in order._switches]

    def is_accepted(action: Row) -> bool:
        kind, action_id = action["kind"], action["action_id"]
        if kind == "cancel_line":
            return action_id in cancelling
        if kind == "release":
            return action_id in switches
        return kind in ("hold", "confirm") and order._is_possible(action)

    return [action for action in order.actions if is_accepted(action)]


def _goes_back(order: Order, owner: str, action: Row) -> bool:
    since = order.world.write_back.get((owner, action["kind"]))
    return since is not None and business_day(action["occurred_at"], order.world.time_zone) >= since


def _is_overtaken(order: Order, action: Row, later: list[Row]) -> bool:
    if action["kind"] == "cancel_line":
        return False
    is_switch = action["kind"] in ("hold", "release")
    return order.is_cancelled or (is_switch and any(each["kind"] in ("hold", "release") for each in later))


def _is_confirmed(order: Order, action: Row, until: list[Row]) -> bool:
    """Return true if a row of the order, its line or its parcels at or after the action says what was asked for."""
    kind, at = action["kind"], action["occurred_at"]
    versions = [row for row in order.history if row["updated_at"] >= at]
    if kind == "confirm":
        return any(parcel.shipped_at >= at and not parcel.is_cancelled for parcel in order.parcels)
    if kind == "cancel_line":
        own = [each for each in until if each["kind"] == kind and each["line_id"] == action["line_id"]]
        units = sum(int(each["quantity"]) for each in own)
        line = next(line for line in order.lines if line.line_id == action["line_id"])
        later = [row for row in line.history if row["updated_at"] >= at]
        return any(row["is_cancelled"] for row in versions) or any(
            (row["cancelled_quantity"] or 0) >= units for row in later
        )
    return any(row["is_held_back"] is (kind == "hold") for row in versions)
