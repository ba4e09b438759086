"""Refunds that name no return: which cancelled, returned and lost units they pay for, and what is goodwill.

In the order of time they pay for cancelled units as far as these had been captured, then for returned units that no
other refund names, then for lost and carrier-returned units in the order in which they were lost. The rest is goodwill.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tests.oracle.amounts import ZERO, minor_unit
from tests.oracle.lines import Line
from tests.oracle.payments import Money

__all__ = ["Assignment", "Refund", "assign_refunds"]


@dataclass
class Refund:
    """Parts that one refund pays for; `for_units` is the amount that it gives back beside shipping."""

    at: datetime
    for_units: Decimal
    goodwill: Decimal = ZERO
    so_far: Decimal = ZERO


@dataclass
class Assignment:
    """Values with tax that the refunds of an order pay for, of refunds that name no return."""

    cancelled: Decimal = ZERO
    returned: Decimal = ZERO
    lost: Decimal = ZERO
    refunds: dict[str, Refund] = field(default_factory=dict)

    def paid_by(self, amount: Decimal) -> datetime:
        """Return the instant by which the refunds reached an amount, as far as they did."""
        reached = [refund for refund in self.refunds.values() if refund.so_far >= amount]
        return (reached or list(self.refunds.values())[-1:])[0].at


def assign_refunds(lines: list[Line], money: Money, *, shipping_due: Decimal, is_nothing_left: bool) -> Assignment:
    """Close the lost units that refunds pay for, and return what all of them pay for.

    Shipping in a refund pays for no unit, unless nothing is left of the order.
    """
    found = Assignment()
    refunds = [payment for payment in money.payments if payment.kind == "refunded"]
    named = sum((payment.amount_for_status or ZERO for payment in refunds if payment.row["return_id"]), ZERO)
    so_far = ZERO
    for payment in (payment for payment in refunds if not payment.row["return_id"]):
        amount = payment.amount_for_status or ZERO
        for_units = amount if is_nothing_left else max(amount - payment.shipping_part, ZERO)
        so_far += for_units
        found.refunds[str(payment.row["payment_id"])] = Refund(payment.occurred_at, for_units, so_far=so_far)
    cancelled, kept = ZERO, ZERO
    for line in lines:
        line_kept = line.ordered_quantity - line.base_cancelled_quantity
        cancelled += line.value(line_kept, line.ordered_quantity, with_tax=True)
        kept += line.value(0, line_kept, with_tax=True)
    returned = sum((line.returned_value for line in lines), ZERO)
    if is_nothing_left:
        found.cancelled = min(so_far, cancelled + shipping_due, max(money.captured - kept, ZERO))
    else:
        found.cancelled = min(so_far, cancelled, max(money.captured - kept - shipping_due, ZERO))
    found.returned = min(so_far - found.cancelled, max(returned - named, ZERO))
    _close_lost_units(lines, found, so_far - found.cancelled - found.returned)
    limit = found.cancelled + found.returned + found.lost
    for refund in found.refunds.values():
        refund.goodwill = max(refund.so_far - limit, ZERO) - max(refund.so_far - refund.for_units - limit, ZERO)
    return found


def _close_lost_units(lines: list[Line], found: Assignment, pool: Decimal) -> None:
    """Close lost units whose whole value is refunded, up to a minor unit; free ones go with all others of the order."""
    reopened = [line for line in lines if line.reopened_quantity]
    reopened.sort(key=lambda line: (line.first_loss_at, line.line_id))
    whole = sum((line.reopened_value(line.reopened_quantity) for line in reopened), ZERO)
    found.lost = min(pool, whole)
    if not found.lost:
        return
    tolerance = minor_unit(reopened[0].currency)
    before = ZERO
    for line in reopened:
        own = min(max(found.lost - before, ZERO), line.reopened_value(line.reopened_quantity))
        for units in range(1, line.reopened_quantity + 1):
            value = line.reopened_value(units)
            is_all = found.lost >= whole - tolerance
            if is_all or (own > 0 and value > 0 and value <= own + tolerance):
                line.closed_lost_units = units
                line.closed_by_refunds_of = found.cancelled + found.returned + min(before + value, found.lost)
        before += line.reopened_value(line.reopened_quantity)
