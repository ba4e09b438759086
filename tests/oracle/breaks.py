"""Breaks: the gap between what an order sold and the money that came in, divided by type.

A refund that names a return pays for returned goods. Every other pays first for cancelled units as far as they had been
captured, then for money beyond the order, then for returned goods; the rest was given although it was due. Goods that
came back reduce what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from tests.oracle.amounts import ZERO
from tests.oracle.orders import Order
from tests.oracle.payments import Money

__all__ = ["TYPES", "Breaks"]

FX_TOLERANCE = Decimal("0.05")
TYPES = (
    "orphan_payment",
    "not_tracked",
    "order_without_lines",
    "missing_fx_rate",
    "disputed",
    "cancelled_not_refunded",
    "overpaid",
    "received_not_refunded",
    "underpaid",
    "unpaid",
    "refunded",
    "returned",
    "fx_difference",
    "within_tolerance",
)
# Types that are the whole gap of an order whose money cannot be compared.
INCOMPARABLE = TYPES[:4]


def _above(amount: Decimal) -> Decimal:
    return max(amount, ZERO)


@dataclass
class Breaks:
    """The money of one order, or of an order number that only payments name."""

    money: Money
    order: Order | None = None

    @property
    def due(self) -> Decimal:
        """Return what is due for the kept units."""
        return self.order.due_amount if self.order else ZERO

    @property
    def tolerance(self) -> Decimal:
        """Return the tolerance of the order."""
        return self.order.tolerance if self.order else ZERO

    @property
    def cash(self) -> Decimal:
        """Return what came in."""
        return self.money.captured - self.money.refunded - self.money.disputed

    @property
    def gap(self) -> Decimal:
        """Return cash less due."""
        return self.cash - self.due

    @property
    def comparison(self) -> str:
        """Return why the money cannot be compared, or `comparable`."""
        if self.order is None:
            return "orphan_payment"
        if not self.order.is_paid_tracked:
            return "not_tracked"
        if not self.order.lines:
            return "order_without_lines"
        return "missing_fx_rate" if self.money.missing_rates else "comparable"

    @cached_property
    def parts(self) -> dict[str, Decimal]:
        """Return the part of the gap by type."""
        parts = dict.fromkeys(TYPES, ZERO)
        if self.comparison in INCOMPARABLE:
            return parts | {self.comparison: self.gap}
        assert self.order is not None
        money, due, returned = self.money, self.due, self.order.returned_value
        captured, ordered_due = money.captured, self.order.ordered_due_amount
        names = [payment for payment in money.payments if payment.kind == "refunded" and payment.row["return_id"]]
        named = min(sum((payment.amount_for_status or ZERO for payment in names), ZERO), returned)
        free = money.refunded_for_status - named
        cancelled = _above(min(captured, ordered_due) - due)
        beyond = _above(captured - max(ordered_due, due))
        for_beyond = _above(free - cancelled)
        for_returned = _above(for_beyond - beyond)
        unrefunded = _above(returned - named - for_returned)
        missing = _above(due - captured)
        kept_of = {
            "cancelled_not_refunded": _above(cancelled - free),
            "overpaid": _above(beyond - for_beyond),
            "received_not_refunded": _above(unrefunded - missing),
        }
        short = _above(missing - unrefunded)
        given = _above(for_returned - (returned - named))
        parts |= {"disputed": -money.disputed, "returned": -returned}
        parts["fx_difference"] = money.refunded_for_status - money.refunded
        foreign = [payment for payment in money.payments if payment.kind == "captured" and payment.is_other_currency]
        by_rate = sum((payment.amount or ZERO for payment in foreign), ZERO) * FX_TOLERANCE
        if sum(kept_of.values(), ZERO) > self.tolerance:
            parts |= kept_of
            if kept_of["overpaid"] <= by_rate:
                parts["overpaid"], parts["fx_difference"] = ZERO, parts["fx_difference"] + kept_of["overpaid"]
        else:
            parts["within_tolerance"] += sum(kept_of.values(), ZERO)
        if short <= self.tolerance:
            parts["within_tolerance"] -= short
        elif short <= by_rate:
            parts["fx_difference"] -= short
        else:
            is_paid = any(payment.kind == "captured" for payment in money.payments)
            parts["underpaid" if is_paid else "unpaid"] = -short
        if given <= self.tolerance:
            parts["within_tolerance"] -= given
        else:
            parts["refunded"] = -given
        return parts

    @cached_property
    def type(self) -> str:
        """Return the type of the break: of several the first."""
        found = next((name for name in TYPES if self.parts[name]), None)
        return found or (self.comparison if self.comparison in INCOMPARABLE[:3] else "exact")

    def _last(self, kind: str) -> datetime | None:
        return max((p.occurred_at for p in self.money.payments if p.kind == kind), default=None)

    @cached_property
    def last_captured_at(self) -> datetime | None:
        """Return the latest capture."""
        return self._last("captured")

    @cached_property
    def last_refunded_at(self) -> datetime | None:
        """Return the latest refund."""
        return self._last("refunded")

    @cached_property
    def arrived_at(self) -> datetime | None:
        """Return when the last of the returned lines first arrived."""
        returns = self.order.all_returns if self.order else []
        found = [each.first("received") or each.first("restocked") or each.first("scrapped") for each in returns]
        return max((at for at in found if at is not None), default=None)

    @cached_property
    def opened_at(self) -> datetime | None:
        """Return when the break began; of an unpaid order the end of its term."""
        order, last_captured = self.order, self.last_captured_at
        first = self.money.payments[0].occurred_at if self.money.payments else None
        disputed = [p.occurred_at for p in self.money.payments if p.kind in ("disputed", "dispute_lost")]
        placed_at = order.placed_at if order else None
        instants = {
            "orphan_payment": first,
            "missing_fx_rate": first,
            "disputed": min(disputed, default=None),
            "cancelled_not_refunded": latest(order.cancelled_at if order else None, last_captured),
            "received_not_refunded": latest(self.arrived_at, last_captured),
            "order_without_lines": last_captured or first or placed_at,
            "unpaid": order.unpaid_at if order else None,
            "refunded": self.last_refunded_at,
            "returned": latest(self.arrived_at, self.last_refunded_at),
            "exact": None,
            "not_tracked": None,
        }
        return instants.get(self.type, last_captured or placed_at)

    @property
    def is_owed(self) -> bool:
        """Return true if money is owed either way."""
        if self.order is None:
            return self.cash != 0
        if self.comparison in ("not_tracked", "missing_fx_rate"):
            return self.comparison == "missing_fx_rate"
        return self.order.owed_to_us > self.tolerance or self.order.owed_back > self.tolerance

    def is_open(self, as_of: datetime) -> bool:
        """Return true if money is owed and the break has begun by the clock."""
        return self.is_owed and self.opened_at is not None and self.opened_at <= as_of

    def open_amount(self, as_of: datetime) -> Decimal:
        """Return what is owed either way while the break is open."""
        if not self.is_open(as_of):
            return ZERO
        if self.order is None:
            return abs(self.cash)
        return abs(self.gap) if self.money.missing_rates else self.order.owed_to_us + self.order.owed_back


def latest(*instants: datetime | None) -> datetime | None:
    """Return the latest of the known instants."""
    return max((at for at in instants if at is not None), default=None)
