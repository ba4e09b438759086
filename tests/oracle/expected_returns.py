"""Rows of the returned lines as the oracle expects them.

What the events of a return mean for units belongs in `returned`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO, part, rounded
from tests.oracle.days import hours_between
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.returned import ARRIVED, Return
from tests.oracle.state import State

__all__ = ["returns"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
STEPS = ("requested", "approved", "declined", "received", "restocked", "scrapped")


def returns(state: State) -> Cells:
    """Return fct_returns."""
    cells: Cells = {}
    for order in state.orders.values():
        for line in order.lines:
            before = 0
            for each in sorted(line.returns, key=_arrival):
                end = min(before + each.returned, line.effective_returned_quantity)
                cells[_key(each)] = _common(state, each) | _of_line(order, line, each, before, end)
                before = end
    for each in state.orphan_returns:
        if each.order_id in state.orders:
            order = state.orders[each.order_id]
            cells[_key(each)] = _common(state, each) | _of_line(order, None, each, 0, 0)
    for note in state.credit_notes:
        cells[_key(note)] = _common(state, note) | _of_credit_note(note)
    return cells


def _key(each: Return) -> tuple[Any, ...]:
    return each.return_id, each.line_id, each.order_id


def _arrival(each: Return) -> tuple[datetime, str]:
    return each.first(*ARRIVED) or datetime.max, each.return_id


def _named(each: Return, name: str) -> Any:
    """Return what the first event that names it says."""
    return next((event[name] for event in each.events if event[name] is not None), None)


def _common(state: State, each: Return) -> dict[str, Any]:
    opened_at, arrived_at = each.events[0]["occurred_at"], each.first(*ARRIVED)
    known = [event["status"] for event in each.events if event["status"] != "unknown"]
    cells: dict[str, Any] = {f"{step}_quantity": each.units[step] for step in STEPS}
    cells |= {f"{step}_at": each.first(step) for step in (*STEPS, "cancelled")}
    return cells | {
        "warehouse_id": _named(each, "warehouse_id"),
        "reason_token": _named(each, "reason_token"),
        "return_status": known[-1] if known else "unknown",
        "source": each.events[0]["_source"],
        "returned_quantity": each.returned,
        "arrived_at": arrived_at,
        "opened_at": opened_at,
        "last_event_at": each.events[-1]["occurred_at"],
    }


def _outcome(each: Return) -> str:
    restocked, scrapped = each.units["restocked"], each.units["scrapped"]
    if scrapped:
        return "part_scrapped" if restocked else "scrapped"
    if restocked:
        return "restocked"
    if each.returned:
        return "received"
    last = next((event["status"] for event in reversed(each.events) if event["status"] != "unknown"), None)
    return {"declined": "declined", "cancelled": "called_off"}.get(str(last), "open")


def _of_line(order: Order, line: Line | None, each: Return, start: int, end: int) -> dict[str, Any]:
    """Return the value of the units from `start` up to `end`, counted from the line's last kept unit."""
    arrived_at, refunded_at = each.first(*ARRIVED), _refunded_at(order, each)
    net = tax = ZERO
    if line is not None:
        kept = line.kept_quantity
        first, last = max(kept - end, 0), max(kept - start, 0)
        net = line.value(first, last, with_tax=False)
        tax = part(line.tax_total, first, last, line.ordered_quantity, line.currency)
    return {
        "sku": _named(each, "sku") or (line.row["sku"] if line else None),
        "outcome": _outcome(each),
        "customer_id": None,
        "channel": None,
        "country": None,
        "currency": order.currency,
        "unit_price_amount": line.row["unit_price"] if line else None,
        "returned_net_amount": net,
        "returned_tax_amount": tax,
        "credit_amount": None,
        "is_credit_note": False,
        "refunded_at": refunded_at,
        "hours_to_receive": hours_between(each.events[0]["occurred_at"], arrived_at),
        "hours_to_refund": hours_between(arrived_at, refunded_at),
    }


def _refunded_at(order: Order, each: Return) -> datetime | None:
    """Return the first refund that names the return, else the last one that paid for returned units."""
    refunds = [payment for payment in order.money.payments if payment.kind == "refunded"]
    named = [payment.occurred_at for payment in refunds if payment.row["return_id"] == each.return_id]
    if named:
        return min(named)
    paid = order.assignment
    return paid.paid_by(paid.cancelled + paid.returned) if paid.returned and each.returned else None


def _of_credit_note(note: Return) -> dict[str, Any]:
    currency = _named(note, "currency")
    return {
        "sku": _named(note, "sku"),
        "outcome": "credit_note",
        "customer_id": _named(note, "customer_id"),
        "channel": _named(note, "channel"),
        "country": _named(note, "country"),
        "currency": currency,
        "unit_price_amount": None,
        "returned_net_amount": None,
        "returned_tax_amount": None,
        "credit_amount": rounded(_credit(note), currency),
        "is_credit_note": True,
        "refunded_at": None,
        "hours_to_receive": None,
        "hours_to_refund": None,
    }


def _credit(note: Return) -> Decimal:
    """Return the amount credited: receiving and restocking the same goods is one credit."""

    def total(*statuses: str) -> Decimal:
        amounts = [event["credit_amount"] for event in note.events if event["status"] in statuses]
        return sum((amount for amount in amounts if amount is not None), ZERO)

    return max(total("received"), total("restocked", "scrapped"))
