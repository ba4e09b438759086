"""Refunds that name no return: which cancelled, returned and lost units they pay for, and what is goodwill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tests.oracle.amounts import ZERO
from tests.oracle.lines import Line
from tests.oracle.payments import Money, Payment

__all__ = ["Assignment", "assign_refunds", "paid_by"]


@dataclass
class Assignment:
    """Values with tax that the refunds of an order pay for, of refunds that name no return."""

    cancelled: Decimal = ZERO
    returned: Decimal = ZERO
    lost: Decimal = ZERO
    goodwill: Decimal = ZERO


def _goods_of(payment: Payment) -> Decimal:
    """Return what a refund gives back for goods and their tax."""
    return (payment.amount_for_status or ZERO) - (payment.converted("shipping_amount", at_capture=True) or ZERO)


def paid_by(money: Money, amount: Decimal) -> datetime:
    """Return the instant by which the refunds that name no return reached an amount."""
    total = ZERO
    for payment in money.payments:
        if payment.kind == "refunded" and not payment.row["return_id"]:
            total += _goods_of(payment)
            if total >= amount:
                return payment.occurred_at
    raise AssertionError(f"refunds of {total} do not reach {amount}")


def assign_refunds(lines: list[Line], money: Money, due_without_lost: Decimal) -> Assignment:
    """Close the lost units that refunds pay for, and return what all of them pay for."""
    found = Assignment()
    refunds = [payment for payment in money.payments if payment.kind == "refunded"]
    unnamed = [payment for payment in refunds if not payment.row["return_id"]]
    pool = sum((_goods_of(payment) for payment in unnamed), ZERO)
    named = sum((payment.amount_for_status or ZERO for payment in refunds if payment.row["return_id"]), ZERO)

    cancelled = sum(
        (
            line.value(line.ordered_quantity - line.base_cancelled_quantity, line.ordered_quantity, with_tax=True)
            for line in lines
        ),
        ZERO,
    )
    found.cancelled = min(pool, cancelled, max(money.captured - due_without_lost, ZERO))
    pool -= found.cancelled
    returned = sum((line.returned_value for line in lines), ZERO)
    found.returned = min(pool, max(returned - named, ZERO))
    pool -= found.returned
    for line in sorted(lines, key=lambda line: line.line_id):
        kept = line.ordered_quantity - line.base_cancelled_quantity
        gone = min(line.lost_quantity + line.carrier_returned_quantity, kept - min(line.shipped_quantity, kept))
        for unit in range(kept, kept - gone, -1):
            worth = line.value(unit - 1, unit, with_tax=True)
            if worth > pool or not pool:
                break
            pool -= worth
            found.lost += worth
            line.closed_lost_units += 1
            line.closed_by_refunds_of = found.cancelled + found.returned + found.lost
    found.goodwill = pool
    return found
