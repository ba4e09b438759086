"""Exceptions: which are open for which subject, since when, and how much is at stake.

Compared are the codes whose condition the definitions state. Exceptions about units and parcels belong in
`exceptions_of_lines`, about actions in `exceptions_of_actions`, about stock in `exceptions_of_stock`, about rates and
twin orders in `exceptions_of_orders`, about agreed prices and windows in `terms`.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.breaks import Breaks, latest
from tests.oracle.days import business_day, hours_between
from tests.oracle.exceptions_of_actions import of_actions
from tests.oracle.exceptions_of_lines import Found, of_lines, of_parcels
from tests.oracle.exceptions_of_orders import of_rates, of_twins
from tests.oracle.exceptions_of_stock import of_stock
from tests.oracle.orders import Order
from tests.oracle.state import State
from tests.oracle.terms import of_terms
from tests.oracle.versions import grouped

__all__ = ["CODES", "exceptions"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
RECEIVED_NOT_REFUNDED, PAID_NOT_SHIPPED = timedelta(days=14), timedelta(days=3)
# An action waits for 24 hours, and is of high severity after 72.
UNCONFIRMED_IS_HIGH = timedelta(hours=48)
# Codes that open after their instant, not at it.
DEADLINES = ("action_unconfirmed", "late", "stuck_in_transit", "unpaid")

CODES = frozenset(
    {
        "action_unconfirmed",
        "backordered",
        "cancelled_but_shipped",
        "cancelled_not_refunded",
        "currency_mismatch",
        "delivery_failed",
        "duplicate_order_suspect",
        "late",
        "lost",
        "missing_fx_rate",
        "negative_stock",
        "off_contract_price",
        "order_without_lines",
        "orphan_line",
        "orphan_payment",
        "orphan_return",
        "orphan_shipment",
        "over_shipped",
        "oversold",
        "paid_not_shipped",
        "payment_mismatch",
        "promise_outside_window",
        "received_not_refunded",
        "refund_exceeds_capture",
        "refund_without_return",
        "return_exceeds_shipment",
        "stock_count_gap",
        "transfer_gap",
        "stuck_in_transit",
        "unpaid",
        "wrong_sku_shipped",
    }
)


def exceptions(state: State) -> Cells:
    """Return the open exceptions of the compared codes, by code and subject."""
    found = [each for order in state.orders.values() for each in _of_order(order)]
    found += [*_orphans(state), *of_stock(state), *of_rates(state), *of_twins(state), *of_terms(state)]
    cells: Cells = {}
    for each in sorted(found, key=lambda each: each.opened_at or datetime.max):
        if _is_open(each, state.world.as_of):
            cells.setdefault((each.code, each.subject), _row(state, each))
    return cells


def _is_open(each: Found, as_of: datetime) -> bool:
    at = each.opened_at
    return at is None or at < as_of or (at == as_of and each.code not in DEADLINES)


@cache
def _codes() -> dict[str, dict[str, str]]:
    with (SEEDS / "exception_codes.csv").open(newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


def _row(state: State, each: Found) -> dict[str, Any]:
    world = state.world
    order = state.orders.get(each.order_id or "")
    day = business_day((order and order.placed_at) or each.opened_at or world.as_of, world.time_zone)
    rate = state.rates.rate(each.currency, world.reporting_currency, day) if each.currency else None
    amount = None if each.amount is None else rounded(each.amount, each.currency or "")
    key = "|".join((each.subject_type, each.subject, each.code))
    is_old = (
        each.code == "action_unconfirmed" and each.opened_at and world.as_of - each.opened_at >= UNCONFIRMED_IS_HIGH
    )
    return {
        "exception_id": hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(),
        "subject_type": each.subject_type,
        "order_id": each.order_id,
        "sku": each.sku,
        "severity": "high" if is_old else _codes()[each.code]["severity"],
        "what_to_do": _codes()[each.code]["what_to_do"],
        "owner": _codes()[each.code]["owner"],
        "currency": each.currency,
        "source": each.source,
        "amount_at_stake": amount,
        "amount_at_stake_reporting": None
        if amount is None or rate is None
        else rounded(amount * rate, world.reporting_currency),
        "opened_at": each.opened_at,
        "age_hours": hours_between(each.opened_at, world.as_of),
    }


def _of_order(order: Order) -> Iterator[Found]:
    def found(code: str, at: datetime | None, amount: Decimal | None) -> Found:
        return Found(code, order.order_id, at, amount, order.currency, source=order.row["_source"])

    if not order.lines and order.world.tracks(order.row["_source"], "order_lines"):
        yield found("order_without_lines", order.placed_at, max(order.money.captured, order.due_amount))
    if order.late_at is not None and any(not line.has_arrived for line in order.lines if order.late_at_of(line)):
        yield found("late", order.late_at, order.due_amount)
    if order.stuck_at is not None:
        yield found("stuck_in_transit", order.stuck_at, order.due_amount)
    if order.unpaid_at is not None:
        yield found("unpaid", order.unpaid_at, order.owed_to_us)
    to_ship = sum(line.open_quantity for line in order.lines if line.requires_shipping)
    waits = order.is_shipment_tracked and order.order_status not in ("cancelled", "on_hold") and to_ship > 0
    if waits and order.payment_status in ("paid", "overpaid"):
        since, kept = latest(order.confirmed_at, order.placed_at), order.money.captured - order.money.refunded
        yield found("paid_not_shipped", (since or order.placed_at) + PAID_NOT_SHIPPED, kept)
    yield from of_lines(order)
    yield from of_parcels(order)
    yield from of_actions(order)
    if order.is_paid_tracked:
        for code, at, amount in _of_money(order, Breaks(order.money, order)):
            yield found(code, at, amount)


def _of_money(order: Order, breaks: Breaks) -> Iterator[tuple[str, datetime | None, Decimal | None]]:
    money, tolerance, parts = order.money, order.tolerance, breaks.parts
    paid_at = breaks.last_captured_at
    foreign = [payment.occurred_at for payment in money.payments if payment.is_other_currency]
    if foreign:
        yield "currency_mismatch", min(foreign), money.captured
    if money.missing_rates:
        yield "missing_fx_rate", min(foreign), None
    is_owed_back = order.owed_back > tolerance
    if parts["overpaid"] and is_owed_back:
        yield "payment_mismatch", paid_at, parts["overpaid"]
    elif parts["underpaid"] and order.owed_to_us > tolerance:
        yield "payment_mismatch", paid_at, order.owed_to_us
    if money.captured == 0 and money.refunded == 0:
        return
    refunds = [payment for payment in money.payments if payment.kind == "refunded"]
    if is_owed_back and (parts["cancelled_not_refunded"] or (not order.lines and order.order_status == "cancelled")):
        amount = parts["cancelled_not_refunded"] if order.lines else order.owed_back
        yield "cancelled_not_refunded", latest(order.cancelled_at, paid_at), amount
    if money.refunded_for_status > money.captured + tolerance:
        yield "refund_exceeds_capture", breaks.last_refunded_at, money.refunded_for_status - money.captured
    # A refund of shipping needs no return.
    given = max(-parts["refunded"] - sum((payment.shipping_part for payment in refunds), ZERO), ZERO)
    if given > tolerance:
        yield "refund_without_return", refunds[0].occurred_at, given
    if parts["received_not_refunded"] and is_owed_back:
        since = None if breaks.arrived_at is None else breaks.arrived_at + RECEIVED_NOT_REFUNDED
        yield "received_not_refunded", since, parts["received_not_refunded"]


def _orphans(state: State) -> Iterator[Found]:
    for order_id, money in state.orphan_money.items():
        breaks = Breaks(money)
        source = max(payment.row["_source"] for payment in money.payments)
        first = money.payments[0].occurred_at
        yield Found("orphan_payment", order_id, first, abs(breaks.cash), money.currency, source=source)
        foreign = [payment.occurred_at for payment in money.payments if payment.is_other_currency]
        if money.missing_rates:
            yield Found("missing_fx_rate", order_id, min(foreign), None, money.currency, source=source)
    for order_id, rows in grouped(state.orphan_lines, lambda row: str(row["order_id"])).items():
        worth = sum((row["unit_price"] * row["quantity"] for row in rows), ZERO)
        at, source = min(row["updated_at"] for row in rows), min(row["_source"] for row in rows)
        yield Found("orphan_line", order_id, at, worth, None, sku=min(str(row["sku"]) for row in rows), source=source)
    for order_id, rows in grouped(state.orphan_shipments, lambda row: str(row["order_id"])).items():
        skus = [str(row["sku"]) for row in rows if row["sku"]]
        at, source = min(row["shipped_at"] for row in rows), min(row["_source"] for row in rows)
        yield Found("orphan_shipment", order_id, at, None, None, sku=min(skus, default=None), source=source)
    returns = grouped(state.orphan_returns, lambda each: str(each.order_id))
    for order_id, members in returns.items():
        events = [event for each in members for event in each.events]
        yield Found(
            "orphan_return",
            order_id,
            min(event["occurred_at"] for event in events),
            None,
            None,
            sku=min((str(event["sku"]) for event in events if event["sku"]), default=None),
            source=min(event["_source"] for event in events),
        )
