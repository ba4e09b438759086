"""Rows of the payment ledger and of the reconciliation as the oracle expects them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.days import business_day
from tests.oracle.orders import Order
from tests.oracle.payments import Money, Payment
from tests.oracle.payouts import UNPAID, payouts_of
from tests.oracle.rates import Rates
from tests.oracle.state import State

__all__ = ["payment_ledger", "payment_reconciliation"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
AS_RECEIVED = "method provider currency payout_id parent_payment_id return_id amount fee_amount occurred_at payout_at"
IN_ORDER_CURRENCY = ("amount", "fee_amount", "goods_amount", "tax_amount", "shipping_amount")


def payment_ledger(state: State) -> Cells:
    """Return fct_payment_ledger."""
    rates, cells = state.rates, {}
    failed = {key[:2] for key, payout in payouts_of(state).items() if payout.state and payout.state["kind"] in UNPAID}
    for money in [*(order.money for order in state.orders.values()), *state.orphan_money.values()]:
        exposure = money.exposures
        for payment in money.payments:
            signed = {"captured": Decimal(1), "refunded": Decimal(-1)}.get(payment.kind, ZERO)
            row = payment.row
            cells[(row["payment_id"],)] = _payment(state, rates, payment, signed, exposure)
            if (row["payout_id"], row["provider"]) in failed:
                cells[(row["payment_id"],)]["payout_at"] = None
    return cells


def _payment(
    state: State, rates: Rates, payment: Payment, signed: Decimal, exposures: dict[str, Decimal]
) -> dict[str, Any]:
    row, reporting = payment.row, state.world.reporting_currency
    rate = rates.rate(row["currency"], reporting, payment.day)

    def reported(amount: Decimal | None) -> Decimal | None:
        return None if amount is None or rate is None else rounded(amount * rate, reporting)

    cells = {name: row[name] for name in AS_RECEIVED.split()}
    cells |= {f"{name}_order_currency": payment.converted(name) for name in IN_ORDER_CURRENCY}
    fee = row["fee_amount"] or ZERO
    cells |= {
        "fee_amount": fee,
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
    if payment.kind not in ("disputed", "dispute_won", "dispute_lost"):
        amount = payment.amount
        cells["signed_amount"] = signed * row["amount"]
        cells["signed_amount_order_currency"] = None if amount is None else signed * amount
        reported_amount = reported(row["amount"])
        cells["signed_amount_reporting"] = None if reported_amount is None else signed * reported_amount
    elif payment.rate is not None and payment.row["payment_id"] in exposures:
        cells["signed_amount_order_currency"] = -exposures[payment.row["payment_id"]]
    return cells


def payment_reconciliation(state: State) -> Cells:
    """Return fct_payment_reconciliation."""
    cells = {(order.order_id,): _reconciled(order) for order in state.orders.values()}
    for order_id, money in state.orphan_money.items():
        cells[(order_id,)] = _sums(money) | {
            "source": min((p.row["_source"] for p in money.payments[:1]), default=None),
            "channel": None,
            "currency": money.currency,
            "lines_count": 0,
            "ordered_due_amount": ZERO,
            "due_amount": ZERO,
            "returned_amount": ZERO,
            "difference_amount": money.captured - money.refunded,
            "ordered_difference_amount": money.captured,
            "gap_amount": money.captured - money.refunded - money.disputed,
            "unexplained_amount": ZERO,
            "is_orphan": True,
            "placed_date": None,
            "placed_at": None,
        }
    return cells


def _sums(money: Money) -> dict[str, Any]:
    return {
        "payments_count": len(money.payments),
        "missing_rates_count": money.missing_rates,
        "captured_amount": money.captured,
        "refunded_amount": money.refunded_for_status,
        "disputed_amount": money.disputed,
        "fee_amount": money.fees,
        "cash_amount": money.captured - money.refunded - money.disputed,
    }


def _reconciled(order: Order) -> dict[str, Any]:
    money, due = order.money, order.due_amount
    found = _sums(money) | {
        "source": order.row["_source"],
        "channel": order.row["channel"],
        "currency": order.currency,
        "lines_count": len(order.lines),
        "ordered_due_amount": order.ordered_due_amount,
        "due_amount": due,
        "returned_amount": order.returned_value,
        "tolerance_amount": order.tolerance,
        "difference_amount": money.captured - money.refunded_for_status - due,
        "ordered_difference_amount": money.captured - order.ordered_due_amount,
        "gap_amount": money.captured - money.refunded - money.disputed - due,
        "unexplained_amount": ZERO,
        "ordered_match": _match(order),
        "is_orphan": False,
        "is_tracked": order.is_paid_tracked,
        "placed_date": business_day(order.placed_at, order.world.time_zone),
        "placed_at": order.placed_at,
    }
    is_past = all(payment.occurred_at <= order.world.as_of for payment in money.payments)
    if is_past and order.is_paid_tracked and order.lines and not money.missing_rates and not money.disputed:
        is_owed = order.owed_to_us > order.tolerance and (money.captured > 0 or order.is_unpaid)
        found["is_open"] = is_owed or order.owed_back > order.tolerance
    return found


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
