"""Journal lines of payouts: payments leave cash in transit, movements go to accounts of their kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.days import business_day
from tests.oracle.payments import Money, Payment
from tests.oracle.payouts import UNPAID, Part, payouts_of
from tests.oracle.state import State

__all__ = ["payout_lines"]

ACCOUNTS = {
    "adjustment": "payout_adjustments",
    "reserve": "provider_reserves",
    "fee": "fees",
    "dispute_fee": "dispute_fees",
    "transfer": "cash_transfers",
    "unexplained_payment": "unexplained_payouts",
    "unknown": "unexplained_payouts",
}
Line = tuple[str, str, str, date, Decimal, Decimal | None]


@dataclass
class _Paid:
    """Payouts of one provider under one id, in all currencies."""

    is_failed: bool = False
    parts: list[tuple[str, Part]] = field(default_factory=list)
    arrives: list[datetime] = field(default_factory=list)
    stated: list[datetime] = field(default_factory=list)

    @property
    def at(self) -> datetime | None:
        """Return when it was made: as stated, else as its payments name it, else when its state was reported."""
        named = [part.payment.row["payout_at"] for _, part in self.parts if part.is_event and part.payment]
        for known in (self.arrives, [at for at in named if at], self.stated):
            if known:
                return max(known)
        return None


class _Payouts:
    """All payouts, and the payments in them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.by_id: dict[tuple[str, str], _Paid] = defaultdict(_Paid)
        moneys = [*(order.money for order in state.orders.values()), *state.orphan_money.values()]
        self.payments: dict[str, tuple[Payment, Money]] = {
            str(payment.row["payment_id"]): (payment, money) for money in moneys for payment in money.payments
        }
        self.exchanged: set[str] = set()
        for (payout_id, provider, currency), payout in payouts_of(state).items():
            paid = self.by_id[(payout_id, provider or "")]
            counted = payout.state
            if counted is not None:
                paid.is_failed = paid.is_failed or counted["kind"] in UNPAID
                paid.stated.append(counted["occurred_at"])
                if counted["arrives_at"] and counted["kind"] not in UNPAID:
                    paid.arrives.append(counted["arrives_at"])
            for part in payout.parts:
                paid.parts.append((currency, part))
                payment = part.payment
                if payment and payment.row["payout_id"] == payout_id and payment.row["currency"] != currency:
                    self.exchanged.add(str(payment.row["payment_id"]))

    def paid_out_at(self, payment: Payment) -> datetime | None:
        """Return when a payment was paid out."""
        row = payment.row
        paid = self.by_id.get((row["payout_id"], row["provider"] or ""))
        if paid is not None and paid.is_failed:
            return None
        named: datetime | None = row["payout_at"]
        return named or (paid.at if paid else None)

    def day(self, at: datetime) -> date:
        """Return the business day of an instant."""
        return business_day(at, self.state.world.time_zone)

    def reported(self, amount: Decimal, currency: str, day: date) -> Decimal | None:
        """Return an amount in the reporting currency at the rate of a day."""
        reporting = self.state.world.reporting_currency
        rate = self.state.rates.rate(currency, reporting, day)
        return None if rate is None else rounded(amount * rate, reporting)


def payout_lines(state: State) -> Iterator[Line]:
    """Return the lines: subject, account, currency, day, debit or negative credit, and the same reported."""
    payouts = _Payouts(state)
    for payment, money in payouts.payments.values():
        if payment.row["method"] != "gift_card":
            yield from _of_payment(payouts, payment, money.moved(payment))
    for payout_id, paid, currency, part, is_first in _movements(payouts):
        yield from _of_movement(payouts, payout_id, paid, currency, part, is_first=is_first)


def _of_payment(payouts: _Payouts, payment: Payment, moved: Decimal) -> Iterator[Line]:
    currency, fee = str(payment.row["currency"]), payment.row["fee_amount"] or ZERO
    at = payouts.paid_out_at(payment)
    day = payment.day if at is None else payouts.day(at)
    is_exchanged = str(payment.row["payment_id"]) in payouts.exchanged
    cash = "fx_difference" if is_exchanged else "cash"
    reported_fee = payouts.reported(fee, currency, payment.day)
    reported = payouts.reported(moved, currency, payment.day)
    net = None if reported is None or reported_fee is None else reported - reported_fee
    yield payment.order_id, "fees", currency, day, fee, reported_fee
    if at is None:
        yield (
            *(payment.order_id, "cash_in_transit", currency, day, -fee),
            None if reported_fee is None else -reported_fee,
        )
        return
    yield payment.order_id, cash, currency, day, moved - fee, net
    yield payment.order_id, "cash_in_transit", currency, day, -moved, None if reported is None else -reported


def _movements(payouts: _Payouts) -> Iterator[tuple[str, _Paid, str, Part, bool]]:
    """Return the parts that are no payment events; of those of one payment the first one has its fee."""
    found = [
        (payout_id, paid, currency, part)
        for (payout_id, _), paid in payouts.by_id.items()
        for currency, part in paid.parts
        if not part.is_event and not part.is_return and (paid.at is not None or paid.is_failed)
    ]
    seen: set[str | None] = {None}
    for payout_id, paid, currency, part in sorted(found, key=lambda each: (each[0], each[3].movement_id)):
        yield payout_id, paid, currency, part, part.payment_id not in seen
        seen.add(part.payment_id)


def _of_movement(
    payouts: _Payouts, payout_id: str, paid: _Paid, currency: str, part: Part, *, is_first: bool
) -> Iterator[Line]:
    known = payouts.payments.get(str(part.payment_id)) if part.payment_id else None
    payment = known[0] if known and known[0].row["method"] != "gift_card" else None
    is_same = payment is not None and payment.row["currency"] == currency
    waits = payment is not None and payouts.paid_out_at(payment) is None
    account = ACCOUNTS.get(part.kind)
    if account is None:
        if payment is not None and not is_same:
            account = "fx_difference"
        else:
            account = "cash_in_transit" if payment is None or waits else "unexplained_payouts"
    posted = ZERO
    if is_first and payment is not None and part.kind not in ("unexplained_payment", "unknown"):
        own_fee = payment.row["fee_amount"] or ZERO
        if not is_same:
            posted = part.fee if own_fee else ZERO
        elif waits:
            posted = own_fee
    at = paid.at or part.occurred_at
    assert at is not None
    day = payouts.day(at)
    rated_on = payment.day if payment is not None and is_same and waits else day
    cash = "cash_in_transit" if paid.is_failed else "cash"
    amounts = [payouts.reported(each, currency, rated_on) for each in (part.amount, part.fee, posted)]
    has_rate = None not in amounts
    amount, fee, posted_reported = [each or ZERO for each in amounts]
    subject = payment.order_id if payment else (part.payment.order_id if part.payment else payout_id)
    for name, own, reported in (
        ("fees", part.fee - posted, fee - posted_reported),
        (cash, part.amount - part.fee, amount - fee),
        (account, posted - part.amount, posted_reported - amount),
    ):
        yield subject, name, currency, day, own, reported if has_rate else None
