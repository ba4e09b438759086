"""Payouts: what providers state, and the parts that a payout consists of.

A part is a payment event, a movement that no payment event explains, or the return of a payout that failed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.payments import DISPUTES, Money, Payment
from tests.oracle.state import State
from tests.oracle.versions import Row

__all__ = ["Part", "Payout", "payouts_of"]

# Of several states the first of these counts.
STATES = ("failed", "cancelled", "paid", "in_transit", "pending")
UNPAID = ("failed", "cancelled")
# Payment events that move cash; a movement of any other one is not explained by it.
CASH = ("captured", "refunded", *DISPUTES)


@dataclass(frozen=True)
class Part:
    """Amounts that one payment event or movement adds to a payout, in the currency of the payout."""

    kind: str
    amount: Decimal
    fee: Decimal = ZERO
    payment: Payment | None = None
    is_event: bool = False
    is_return: bool = False
    movement_id: str = ""
    payment_id: str | None = None
    occurred_at: datetime | None = None

    @property
    def net(self) -> Decimal:
        """Return what it contributes."""
        return self.amount - self.fee


@dataclass
class Payout:
    """A payout of one provider in one currency."""

    states: list[Row] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def state(self) -> Row | None:
        """Return the state that counts; of several of one kind the latest."""
        ranked = sorted(self.states, key=lambda row: (row["occurred_at"], row["movement_id"]), reverse=True)
        return min(ranked, key=lambda row: STATES.index(row["kind"]), default=None)

    @property
    def total(self) -> Decimal:
        """Return the sum of the parts."""
        return sum((part.net for part in self.parts), ZERO)

    def of(self, *kinds: str) -> list[Part]:
        """Return the parts of some kinds."""
        return [part for part in self.parts if part.kind in kinds]

    @property
    def payout_at(self) -> datetime | None:
        """Return when it was made: as the provider states it, else as its payments name it; never if it failed."""
        named = [part.payment.row["payout_at"] for part in self.parts if part.is_event and part.payment]
        state = self.state
        if state is not None and state["kind"] in UNPAID:
            return None
        stated = state["arrives_at"] if state is not None else None
        return stated or max((at for at in named if at is not None), default=None)


def payouts_of(state: State) -> dict[tuple[Any, ...], Payout]:
    """Return all payouts by id, provider and currency."""
    found: dict[tuple[Any, ...], Payout] = defaultdict(Payout)
    payments = _payments(state)
    movements = [row for row in state.world.events("payouts") if row["kind"] not in STATES]
    for row in state.world.events("payouts"):
        if row["kind"] in STATES:
            found[(row["payout_id"], row["provider"], row["currency"])].states.append(row)
    converted = {
        (row["payout_id"], row["payment_id"])
        for row in movements
        if row["payment_id"] in payments and row["currency"] != payments[row["payment_id"]][0].row["currency"]
    }
    for payment, amount in payments.values():
        row = payment.row
        if row["payout_id"] and (row["payout_id"], row["payment_id"]) not in converted:
            part = Part(payment.kind, amount, row["fee_amount"] or ZERO, payment, is_event=True)
            found[(row["payout_id"], row["provider"], row["currency"])].parts.append(part)
    for row in movements:
        found[(row["payout_id"], row["provider"], row["currency"])].parts += _parts(row, payments)
    for payout in found.values():
        counted = payout.state
        if counted is not None and counted["kind"] in UNPAID:
            payout.parts.append(Part("failed_payout", -counted["amount"], is_return=True))
    return {key: payout for key, payout in found.items() if payout.parts or payout.states}


def _parts(row: Row, payments: dict[str, tuple[Payment, Decimal]]) -> Iterator[Part]:
    """Return a movement as a part, unless a payment event in the same payout and currency explains it."""
    if row["payment_id"] in payments:
        payment, _ = payments[row["payment_id"]]
        own = payment.row
        if own["payout_id"] != row["payout_id"] or own["currency"] != row["currency"]:
            moved = payment.kind if payment.kind in CASH else "unexplained_payment"
            yield _movement(row, moved if row["kind"] == "payment" else row["kind"], payment)
    else:
        yield _movement(row, "unexplained_payment" if row["kind"] == "payment" else row["kind"])


def _movement(row: Row, kind: str, payment: Payment | None = None) -> Part:
    return Part(
        kind,
        row["amount"],
        row["fee_amount"] or ZERO,
        payment,
        movement_id=row["movement_id"],
        payment_id=row["payment_id"],
        occurred_at=row["occurred_at"],
    )


def _payments(state: State) -> dict[str, tuple[Payment, Decimal]]:
    """Return all payment events with the cash that they moved, in their own currencies."""
    found = {}
    moneys: list[Money] = [order.money for order in state.orders.values()]
    for money in [*moneys, *state.orphan_money.values()]:
        for payment in money.payments:
            found[payment.row["payment_id"]] = (payment, money.moved(payment))
    return found
