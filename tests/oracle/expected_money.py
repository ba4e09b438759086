"""Rows of the payment ledger and of the reconciliation as the oracle expects them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.breaks import Breaks
from tests.oracle.days import business_day, hours_between
from tests.oracle.orders import Order
from tests.oracle.payments import DISPUTES, Money, Payment
from tests.oracle.payouts import UNPAID, payouts_of
from tests.oracle.rates import Rates
from tests.oracle.state import State

__all__ = ["payment_ledger", "payment_reconciliation"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
AS_RECEIVED = "method provider currency payout_id parent_payment_id return_id amount fee_amount occurred_at payout_at"
SIGNS = {"captured": 1, "refunded": -1}
IN_ORDER_CURRENCY = ("amount", "fee_amount", "goods_amount", "tax_amount", "shipping_amount")


def payment_ledger(state: State) -> Cells:
    """Return fct_payment_ledger."""
    rates, cells = state.rates, {}
    failed = {key[:2] for key, payout in payouts_of(state).items() if payout.state and payout.state["kind"] in UNPAID}
    for money in [*(order.money for order in state.orders.values()), *state.orphan_money.values()]:
        for payment in money.payments:
            row = payment.row
            cells[(row["payment_id"],)] = _payment(state, rates, money, payment)
            if (row["payout_id"], row["provider"]) in failed:
                cells[(row["payment_id"],)]["payout_at"] = None
    return cells


def _payment(state: State, rates: Rates, money: Money, payment: Payment) -> dict[str, Any]:
    row, reporting = payment.row, state.world.reporting_currency
    rate = rates.rate(row["currency"], reporting, payment.day)

    def reported(amount: Decimal | None) -> Decimal | None:
        return None if amount is None or rate is None else rounded(amount * rate, reporting)

    cells = {name: row[name] for name in AS_RECEIVED.split()}
    cells |= {f"{name}_order_currency": payment.converted(name) for name in IN_ORDER_CURRENCY}
    fee = row["fee_amount"] or ZERO
    cells |= {
        "fee_amount": fee,
        "status_amount_order_currency": payment.amount_for_status,
        "order_id": payment.order_id,
        "kind": payment.kind,
        "order_currency": payment.order_currency,
        "source": row["_source"],
        "amount_reporting": reported(row["amount"]),
        "fee_amount_reporting": reported(fee),
        "is_orphan": payment.is_orphan,
        "is_other_currency": row["currency"] != payment.order_currency,
        "is_rate_missing": payment.rate is None,
        "occurred_date": payment.day,
    }
    own, amount = money.moved(payment), payment.amount
    in_order_currency = None if amount is None else SIGNS.get(payment.kind, 0) * amount
    if amount is not None and payment.kind in DISPUTES:
        in_order_currency = -money.exposures[row["payment_id"]]
    cells |= {
        "signed_amount": own,
        "signed_amount_order_currency": in_order_currency,
        "signed_amount_reporting": reported(own),
    }
    return cells


def payment_reconciliation(state: State) -> Cells:
    """Return fct_payment_reconciliation."""
    cells = {
        (order.order_id,): _compared(state, Breaks(order.money, order)) | _sold(order)
        for order in state.orders.values()
    }
    for order_id, money in state.orphan_money.items():
        cells[(order_id,)] = _compared(state, Breaks(money)) | {
            "source": max(payment.row["_source"] for payment in money.payments),
            "channel": None,
            "currency": money.currency,
            "lines_count": 0,
            "ordered_due_amount": ZERO,
            "returned_amount": ZERO,
            "ordered_difference_amount": money.captured,
            "ordered_match": "orphan_payment",
            "owed_to_us_amount": ZERO,
            "owed_back_amount": max(money.captured - money.refunded_for_status, ZERO),
            "is_orphan": True,
            "is_tracked": True,
            "placed_date": None,
            "placed_at": None,
        }
    return cells


def _compared(state: State, breaks: Breaks) -> dict[str, Any]:
    """Return the money of an order and its breaks."""
    money, world = breaks.money, state.world
    known = breaks.order.placed_at if breaks.order else breaks.opened_at
    day = None if known is None else business_day(known, world.time_zone)
    rate = None if day is None else state.rates.rate(money.currency, world.reporting_currency, day)
    open_amount = breaks.open_amount(world.as_of)

    def reported(amount: Decimal) -> Decimal | None:
        return None if rate is None else rounded(amount * rate, world.reporting_currency)

    return {f"{name}_break_amount": amount for name, amount in breaks.parts.items()} | {
        "payments_count": len(money.payments),
        "missing_rates_count": money.missing_rates,
        "captured_amount": money.captured,
        "refunded_amount": money.refunded,
        "disputed_amount": money.disputed,
        "fee_amount": money.fees,
        "cash_amount": breaks.cash,
        "due_amount": breaks.due,
        "tolerance_amount": breaks.tolerance,
        "difference_amount": money.captured - money.refunded - breaks.due,
        "gap_amount": breaks.gap,
        "unexplained_amount": ZERO,
        "break_type": breaks.type,
        "open_amount": open_amount,
        "gap_amount_reporting": reported(breaks.gap),
        "open_amount_reporting": reported(open_amount),
        "is_open": breaks.is_open(world.as_of),
        "opened_at": breaks.opened_at,
        "age_hours": hours_between(breaks.opened_at, world.as_of),
    }


def _sold(order: Order) -> dict[str, Any]:
    """Return what an order sold."""
    return {
        "source": order.row["_source"],
        "channel": order.row["channel"],
        "currency": order.currency,
        "lines_count": len(order.lines),
        "ordered_due_amount": order.ordered_due_amount,
        "returned_amount": order.returned_value,
        "ordered_difference_amount": order.money.captured - order.ordered_due_amount,
        "ordered_match": _match(order),
        "owed_to_us_amount": order.owed_to_us if order.is_paid_tracked else None,
        "owed_back_amount": order.owed_back if order.is_paid_tracked else None,
        "is_orphan": False,
        "is_tracked": order.is_paid_tracked,
        "placed_date": business_day(order.placed_at, order.world.time_zone),
        "placed_at": order.placed_at,
    }


def _match(order: Order) -> str:
    """Return how captures compare with what was ordered."""
    off = abs(order.money.captured - order.ordered_due_amount)
    rules = (
        ("not_tracked", not order.is_paid_tracked),
        ("order_without_lines", not order.lines),
        ("missing_fx_rate", order.money.missing_rates > 0),
        ("exact", off == 0 and bool(order.money.payments)),
        ("without_payments", not order.money.payments),
        ("within_tolerance", off <= order.tolerance),
    )
    return next((match for match, holds in rules if holds), "off")
