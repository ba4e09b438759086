"""Payments: every event in its order's currency, and the sums of an order's events.

The payment status of an order belongs in `orders`, breaks belong in `reconciliation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.days import business_day
from tests.oracle.rates import Rates
from tests.oracle.rows import World
from tests.oracle.versions import Row

__all__ = ["DISPUTES", "Money", "Payment", "payments_by_order"]

DISPUTES = ("disputed", "dispute_lost", "dispute_won")


@dataclass
class Payment:
    """A payment event of an order. Amounts in the order's currency are none where a rate is missing."""

    row: Row
    order_id: str
    order_currency: str
    day: date
    is_orphan: bool
    rate: Decimal | None
    capture_rate: Decimal | None

    is_failed_refund: bool = False

    @property
    def kind(self) -> str:
        """Return the kind of event. A refund that failed or was cancelled later is none."""
        return "refund_failed" if self.is_failed_refund else str(self.row["kind"])

    @property
    def occurred_at(self) -> datetime:
        """Return the instant of the event."""
        at: datetime = self.row["occurred_at"]
        return at

    def converted(self, name: str, *, at_capture: bool = False) -> Decimal | None:
        """Return an amount of the event in the order's currency, at the rate of its day or of its capture."""
        rate = self.capture_rate if at_capture else self.rate
        if self.row[name] is None or rate is None:
            return None
        return rounded(self.row[name] * rate, self.order_currency)

    @property
    def amount(self) -> Decimal | None:
        """Return the amount in the order's currency at the rate of the day."""
        return self.converted("amount")

    @property
    def is_other_currency(self) -> bool:
        """Return true if it was paid in another currency than the order's."""
        return bool(self.row["currency"] != self.order_currency)

    @property
    def shipping_part(self) -> Decimal:
        """Return what of a refund was for shipping, with its share of the tax, where the split is known."""
        shipping = self.converted("shipping_amount") or ZERO
        if self.kind != "refunded" or shipping <= 0:
            return ZERO
        if self.row["goods_amount"] == 0:
            return self.amount_for_status or ZERO
        goods, tax = self.converted("goods_amount") or ZERO, self.converted("tax_amount") or ZERO
        return shipping + rounded(tax * shipping / (goods + shipping), self.order_currency)

    @property
    def amount_for_status(self) -> Decimal | None:
        """Return the amount in the order's currency; a refund at the rate of its capture."""
        return self.converted("amount", at_capture=self.kind == "refunded")


@dataclass
class Money:
    """Sums of an order's payment events, in its currency."""

    currency: str
    payments: list[Payment] = field(default_factory=list)

    def total(self, *kinds: str, amount: Callable[[Payment], Decimal | None] = lambda p: p.amount) -> Decimal:
        """Return the sum of the events of some kinds; those without a rate are left out."""
        return sum((amount(p) or ZERO for p in self.payments if p.kind in kinds), ZERO)

    @property
    def authorized(self) -> Decimal:
        """Return what is authorised, net of what was voided."""
        return max(self.total("authorized") - self.total("voided"), ZERO)

    @property
    def captured(self) -> Decimal:
        """Return what was captured."""
        return self.total("captured")

    @property
    def refunded(self) -> Decimal:
        """Return what was refunded, at the rates of the days."""
        return self.total("refunded")

    @property
    def refunded_for_status(self) -> Decimal:
        """Return what was refunded, at the rates of the captures."""
        return self.total("refunded", amount=lambda payment: payment.amount_for_status)

    @property
    def disputed(self) -> Decimal:
        """Return what is in open and lost disputes: of each the greater of disputed and lost, less won."""
        disputes: dict[str | None, list[Payment]] = {}
        for payment in self.payments:
            if payment.kind in DISPUTES:
                disputes.setdefault(self.dispute_of(payment), []).append(payment)
        return sum((_dispute(events) for events in disputes.values()), ZERO)

    def dispute_of(self, payment: Payment) -> str | None:
        """Return what a dispute event is about: the payment that it, or the dispute event that it names, names."""
        disputes = {p.row["payment_id"]: p for p in self.payments if p.kind in DISPUTES}
        parent, seen = payment.row["parent_payment_id"], set()
        while parent in disputes and parent not in seen:
            seen.add(parent)
            parent = disputes[parent].row["parent_payment_id"]
        return None if parent is None else str(parent)

    @property
    def exposures(self) -> dict[str, Decimal]:
        """Return by how much each dispute event changes what is disputed, in the order of their instants."""
        found: dict[str, Decimal] = {}
        events = [p for p in self.payments if p.kind in ("disputed", "dispute_lost", "dispute_won")]
        by_dispute: dict[str | None, list[Payment]] = {}
        for payment in events:
            about = self.dispute_of(payment)
            before = _dispute(by_dispute.get(about, []))
            by_dispute.setdefault(about, []).append(payment)
            found[payment.row["payment_id"]] = _dispute(by_dispute[about]) - before
        return found

    def moved(self, payment: Payment) -> Decimal:
        """Return the cash that an event moved, in its own currency: of a dispute, what it changed.

        An event of a dispute without a rate counts among the events of the dispute in its currency.
        """
        row = payment.row
        if payment.kind not in DISPUTES:
            sign = {"captured": 1, "refunded": -1}.get(payment.kind, 0)
            return sign * Decimal(row["amount"])
        if payment.amount is None:
            about, currency = self.dispute_of(payment), row["currency"]
            near = [p for p in self.payments if p.kind in DISPUTES and p.row["currency"] == currency]
            own = [replace(p, order_currency=currency, rate=Decimal(1)) for p in near if self.dispute_of(p) == about]
            earlier = [p.row["payment_id"] for p in own].index(row["payment_id"])
            return _dispute(own[:earlier]) - _dispute(own[: earlier + 1])
        change = -self.exposures[row["payment_id"]]
        if not payment.is_other_currency or not payment.amount:
            return change
        return rounded(row["amount"] * change / payment.amount, row["currency"])

    @property
    def fees(self) -> Decimal:
        """Return the fees of all events."""
        return sum((payment.converted("fee_amount") or ZERO for payment in self.payments), ZERO)

    @property
    def missing_rates(self) -> int:
        """Return the number of events that cannot be converted."""
        return sum(payment.rate is None for payment in self.payments)


def _dispute(payments: Iterable[Payment]) -> Decimal:
    total = {"disputed": ZERO, "dispute_lost": ZERO, "dispute_won": ZERO}
    for payment in payments:
        total[payment.kind] += payment.amount or ZERO
    return max(max(total["disputed"], total["dispute_lost"]) - total["dispute_won"], ZERO)


def payments_by_order(world: World, currencies: dict[str, str], tests: set[str]) -> dict[str, Money]:
    """Return the money of every order, and of every order number that only payments name."""
    rates = Rates(world)
    rows = world.events("payments")
    by_id = {row["payment_id"]: row for row in rows}
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(_order_of(row, by_id, currencies), []).append(row)
    found = {}
    for order_id, members in groups.items():
        if order_id in tests:
            continue
        members.sort(key=lambda row: (row["occurred_at"], row["payment_id"]))
        currency = currencies.get(order_id, members[0]["currency"])
        money = Money(currency)
        failed = _failed_refunds(members, by_id)
        for row in members:
            capture = _capture_of(row, members, by_id)
            day = business_day(row["occurred_at"], world.time_zone)
            captured_on = business_day(capture["occurred_at"], world.time_zone) if capture else day
            money.payments.append(
                Payment(
                    row,
                    order_id,
                    currency,
                    day,
                    order_id not in currencies,
                    rates.rate(row["currency"], currency, day),
                    rates.rate(row["currency"], currency, captured_on),
                    row["payment_id"] in failed,
                )
            )
        found[order_id] = money
    return found


def _failed_refunds(rows: list[Row], by_id: dict[str, Row]) -> set[str]:
    """Return the refunds that a later event calls failed or voided, with those events."""
    found: set[str] = set()
    for row in rows:
        parent = by_id.get(row["parent_payment_id"] or "")
        if row["kind"] in ("failed", "voided") and parent and parent["kind"] == "refunded":
            found |= {row["payment_id"], parent["payment_id"]}
    return found


def _order_of(row: Row, by_id: dict[str, Row], currencies: dict[str, str]) -> str:
    order_id = str(row["order_id"])
    seen = set()
    while order_id not in currencies and order_id in by_id and order_id not in seen:
        seen.add(order_id)
        order_id = str(by_id[order_id]["order_id"])
    return order_id


def _capture_of(row: Row, members: list[Row], by_id: dict[str, Row]) -> Row | None:
    """Return the capture that a refund gives back: its parent, else the first of the order in its currency."""
    parent = by_id.get(row["parent_payment_id"] or "")
    if parent and parent["kind"] == "captured" and parent["currency"] == row["currency"]:
        return parent
    return next((each for each in members if each["kind"] == "captured" and each["currency"] == row["currency"]), None)
