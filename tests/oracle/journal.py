"""Journal: every account by order, return, payout or SKU, currency and day.

The amounts in the reporting currency of an order's two accounts balance its entries and are not written here; neither
are differences of rates in it. Payouts belong in `journal_of_payouts`, values of versions in `postings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.costs import cost_of, unit_cost
from tests.oracle.days import business_day
from tests.oracle.journal_of_payouts import payout_lines
from tests.oracle.orders import Order
from tests.oracle.payments import Money, Payment
from tests.oracle.postings import Posting
from tests.oracle.postings_of_orders import is_posted, order_postings
from tests.oracle.revenue import Event, credit_note_events
from tests.oracle.state import State
from tests.oracle.stock import ledger
from tests.oracle.takebacks import order_events
from tests.oracle.versions import grouped

__all__ = ["BALANCING", "JournalLine", "costs_of_posting", "journal", "journal_days", "journal_lines", "priced_posting"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
# Account by amount of the revenue events, and the side on which it grows: debits are positive.
OF_SALES = {
    "gross_sales": ("sales", -1),
    "discounts": ("discounts", 1),
    "returns": ("returns", 1),
    "tax": ("tax_payable", -1),
    "shipping": ("shipping_income", -1),
    "gift_cards": ("gift_card_liability", -1),
    "goodwill": ("goodwill", 1),
}
BALANCING = ("deferred_revenue", "accounts_receivable", "fx_difference")


@dataclass(frozen=True)
class JournalLine:
    """A line of the journal. Debits are positive."""

    kind: str
    subject: str
    account: str
    currency: str
    day: date
    amount: Decimal
    reported: Decimal | None


class _Book:
    """Lines of the journal of one state."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.reporting = state.world.reporting_currency

    def reported(self, amount: Decimal, currency: str, day: date) -> Decimal | None:
        rate = self.state.rates.rate(currency, self.reporting, day)
        return None if rate is None else rounded(amount * rate, self.reporting)

    def line(self, kind: str, subject: str, account: str, currency: str, day: date, amount: Decimal) -> JournalLine:
        """Return a line that is converted at the rate of its day."""
        return JournalLine(kind, subject, account, currency, day, amount, self.reported(amount, currency, day))

    def of_order(self, order: Order) -> Iterator[JournalLine]:
        changes: list[tuple[str, date, Decimal]] = []
        for event in self.sold(order):
            position = ZERO
            for name, amount in event.amounts.items():
                account, side = OF_SALES[name]
                yield self.line(event.kind, order.order_id, account, event.currency, event.day, side * amount)
                position += side * amount
            changes.append((event.currency, event.day, position))
        yield from self.of_money(order.money, changes, order)

    def sold(self, order: Order) -> Iterator[Posting | Event]:
        """Return what an order sold, took back and gave away; what nothing revised as the revenue mart has it."""
        yield from order_postings(self.state, order)
        for event in order_events(self.state, order, "shipped"):
            is_own = event.kind in ("sale", "shipping", "return")
            if is_own and not is_posted(order, event.kind, event.line_id):
                yield event

    def of_money(
        self, money: Money, changes: list[tuple[str, date, Decimal]], order: Order | None
    ) -> Iterator[JournalLine]:
        """Return the lines of payments, and what everything moves on the order's two accounts."""
        subject = order.order_id if order else money.payments[0].order_id
        for payment in money.payments:
            moved, currency, day = money.moved(payment), str(payment.row["currency"]), payment.day
            if not moved:
                continue
            is_customers = payment.kind in ("captured", "refunded")
            is_card = is_customers and payment.row["method"] == "gift_card"
            yield self.line(
                payment.kind, subject, "gift_card_liability" if is_card else "cash_in_transit", currency, day, moved
            )
            if not is_customers:
                yield self.line(payment.kind, subject, "chargeback_loss", currency, day, -moved)
                continue
            paid = self.paid(payment, moved)
            own = currency if payment.rate is None else payment.order_currency
            changes.append((own, day, paid))
            if own != currency:
                yield self.line(payment.kind, subject, "fx_difference", currency, day, -moved)
                yield self.line(payment.kind, subject, "fx_difference", own, day, paid)
        yield from self.positions(subject, changes)

    @staticmethod
    def paid(payment: Payment, moved: Decimal) -> Decimal:
        """Return what a payment changes in what the customer has paid; a refund at the rate of its capture."""
        if payment.rate is None:
            return moved
        if payment.kind == "refunded":
            status = payment.amount_for_status
            return -(status if status is not None else payment.amount or ZERO)
        return payment.amount or ZERO

    def positions(self, subject: str, changes: list[tuple[str, date, Decimal]]) -> Iterator[JournalLine]:
        """Return the changes of deferred revenue, what is paid and not shipped, and of receivables, the other way."""
        for currency, own in grouped(changes, lambda change: change[0]).items():
            before = ZERO
            for day, of_day in sorted(grouped(own, lambda change: change[1]).items()):
                after = before + sum((amount for _, _, amount in of_day), ZERO)
                deferred, receivable = max(before, ZERO) - max(after, ZERO), max(-after, ZERO) - max(-before, ZERO)
                yield JournalLine("", subject, "deferred_revenue", currency, day, deferred, None)
                yield JournalLine("", subject, "accounts_receivable", currency, day, receivable, None)
                before = after

    def costs(self) -> Iterator[JournalLine]:
        """Return the cost of goods that were sold, came back or were lost."""
        for order in self.state.orders.values():
            for posting in order_postings(self.state, order):
                yield from costs_of_posting(self.state, posting)
            for event in order_events(self.state, order, "shipped"):
                is_own = event.kind in ("sale", "return")
                if is_own and not is_posted(order, event.kind, event.line_id):
                    yield from self.of_cost(event, order.order_id)
        for note in self.state.credit_notes:
            for event in credit_note_events(self.state, note):
                if event.clock == "shipped":
                    yield from self.of_cost(event, event.subject)

    def of_cost(self, event: Event, subject: str) -> Iterator[JournalLine]:
        cost = cost_of(self.state, event)
        if not cost.is_missing and (cost.amount or cost.reported):
            for account, side in (("cost_of_goods", 1), ("inventory", -1)):
                reported = None if cost.reported is None else side * cost.reported
                amount = side * (cost.amount or ZERO)
                yield JournalLine("cost", subject, account, event.currency, event.day, amount, reported)

    def credit_notes(self) -> Iterator[JournalLine]:
        for note in self.state.credit_notes:
            for event in credit_note_events(self.state, note):
                if event.clock == "shipped":
                    for account, side in (("returns", 1), ("accounts_receivable", -1)):
                        amount = side * event.amounts["returns"]
                        yield self.line("credit_note", event.subject, account, event.currency, event.day, amount)

    def stock(self) -> Iterator[JournalLine]:
        """Return goods received, and what counts and adjustments found, at the unit cost of the day."""
        kinds = {
            "goods_received_not_invoiced": ("received",),
            "stock_adjustments": ("adjusted", "count_adjustment"),
        }
        for (sku, _), days in ledger(self.state.movements, self.state.world.time_zone).items():
            for day in days:
                known = unit_cost(self.state, sku, day.business_date)
                for account, parts in kinds.items():
                    units = sum(day.parts[part] for part in parts)
                    if known is not None and units:
                        cost, currency = known
                        amount = rounded(cost * units, currency)
                        for name, side in (("inventory", 1), (account, -1)):
                            yield self.line("stock", sku, name, currency, day.business_date, side * amount)


def priced_posting(state: State, posting: Posting) -> dict[str, Decimal | None]:
    """Return the amounts of a posting in the reporting currency."""
    book = _Book(state)
    return {name: book.reported(amount, posting.currency, posting.day) for name, amount in posting.amounts.items()}


def costs_of_posting(state: State, posting: Posting) -> Iterator[JournalLine]:
    """Return the cost of the units that a posting adds, less that of those that it takes back, each rounded alone."""
    was, now = posting.units
    if not posting.sku or was == now:
        return
    order = state.orders[posting.order_id]
    placed = business_day(order.placed_at, state.world.time_zone)
    is_gone = posting.kind in ("parcel_lost", "parcel_returned")
    for units in (now, -was):
        event = Event("sale", "shipped", posting.day, "", "", "", posting.currency)
        event.costed = (posting.sku, units, placed)
        cost = cost_of(state, event)
        if not cost.is_missing and (cost.amount or cost.reported):
            for account, side in (("cost_of_goods", 1), ("lost_goods" if is_gone else "inventory", -1)):
                reported = None if cost.reported is None else side * cost.reported
                of = ("cost", posting.order_id, account, posting.currency, posting.day)
                yield JournalLine(*of, side * (cost.amount or ZERO), reported)


def journal_lines(state: State) -> list[JournalLine]:
    """Return all lines of the journal."""
    book = _Book(state)
    lines = [line for order in state.orders.values() for line in book.of_order(order)]
    for money in state.orphan_money.values():
        lines += book.of_money(money, [], None)
    for part in (book.costs(), book.credit_notes(), book.stock()):
        lines += part
    lines += (JournalLine("payout", *each) for each in payout_lines(state))
    return lines


def journal(state: State) -> Cells:
    """Return the balances of fct_journal by subject, account, currency and day; those of zero are left out."""
    groups = grouped(journal_lines(state), lambda line: (line.subject, line.account, line.currency, line.day))
    cells: Cells = {}
    for key, lines in groups.items():
        lines = [line for line in lines if line.amount or line.reported]
        amount, reported = sum((line.amount for line in lines), ZERO), _whole(line.reported for line in lines)
        if amount or (reported and key[1] not in BALANCING):
            cells[key] = {"balance_amount": amount}
            if key[1] not in BALANCING:
                cells[key]["balance_amount_reporting"] = reported
    return cells


def journal_days(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the balances of a journal by subject, account, currency and day; those of zero are left out."""

    def subject(row: dict[str, Any]) -> Any:
        return row["order_id"] or row["return_id"] or row["payout_id"] or row["sku"]

    groups = grouped(rows, lambda row: (subject(row), row["account"], row["currency"], row["business_date"]))
    found = []
    for key, members in groups.items():
        amount, reported = _difference(members, ""), _difference(members, "_reporting")
        if amount != 0 or (reported and key[1] not in BALANCING):
            names = ("subject", "account", "currency", "business_date")
            found.append(
                dict(zip(names, key, strict=True)) | {"balance_amount": amount, "balance_amount_reporting": reported}
            )
    return found


def _whole(values: Iterable[Decimal | None]) -> Decimal | None:
    known = list(values)
    return None if None in known else sum((value for value in known if value is not None), ZERO)


def _difference(rows: list[dict[str, Any]], suffix: str) -> Decimal | None:
    """Return debits less credits; none if one of them is unknown."""
    debits = _whole(row[f"debit_amount{suffix}"] for row in rows)
    credits = _whole(row[f"credit_amount{suffix}"] for row in rows)
    return None if debits is None or credits is None else debits - credits
