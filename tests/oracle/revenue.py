"""Revenue: what is recognised on which day under each recognition clock, event by event.

An event is what one order line or parcel, one order, its shipping, one return or one payment adds to one day. Days of
the mart are sums of events. What was given back belongs in `takebacks`, what goods cost in `costs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from tests.oracle.amounts import ZERO, part, rounded
from tests.oracle.days import business_day
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.payments import Payment
from tests.oracle.rates import Rates
from tests.oracle.returned import Return
from tests.oracle.state import State

__all__ = ["CLOCKS", "Event", "Sale", "Sales", "category_of", "credit_note_events", "sale_amounts"]

CLOCKS = ("placed", "paid", "shipped", "delivered")
AMOUNTS = ("gross_sales", "discounts", "returns", "tax", "shipping", "refunds", "fees")
# The feed by which a source tells what a clock follows.
FEEDS = {"paid": "payments", "shipped": "shipments", "delivered": "tracking"}
ARRIVED = ("received", "restocked", "scrapped")


@dataclass
class Event:
    """Amounts that one event adds to one day under one clock.

    Attributes:
        paid: Currency and amounts of a refund or fee as it was paid, by which it is converted.
        costed: SKU, units that left (negative: came back), and the day whose unit cost counts.
    """

    kind: str
    clock: str
    day: date
    channel: str
    country: str
    category: str
    currency: str
    amounts: dict[str, Decimal] = field(default_factory=dict)
    subject: str = ""
    line_id: str = ""
    payment_id: str = ""
    units: int = 0
    returned_units: int = 0
    orders: int = 0
    paid: tuple[str, dict[str, Decimal]] | None = None
    costed: tuple[str, int, date] | None = None

    def reported(self, rates: Rates, reporting: str) -> dict[str, Decimal] | None:
        """Return the amounts in the reporting currency at the rate of the day; none where it is missing."""
        currency, amounts = self.paid or (self.currency, self.amounts)
        rate = rates.rate(currency, reporting, self.day)
        if rate is None:
            return None
        return {name: rounded(amount * rate, reporting) for name, amount in amounts.items()}


@dataclass
class Sale:
    """Units [start, end) of a line that a clock recognises on one day."""

    line: Line
    day: date
    start: int
    end: int

    @cached_property
    def amounts(self) -> dict[str, Decimal]:
        """Return gross sales, discounts and tax."""
        return sale_amounts(self.line, self.start, self.end)

    @property
    def net(self) -> Decimal:
        """Return gross sales less discounts."""
        return self.amounts["gross_sales"] - self.amounts["discounts"]


class Sales:
    """Sales of one order under one clock."""

    def __init__(self, state: State, order: Order, clock: str) -> None:
        self.state, self.order, self.clock = state, order, clock
        self.zone = state.world.time_zone
        lines = [line for line in order.lines if not line.row["is_gift_card"] and line.kept_quantity > 0]
        self.by_line = {line.line_id: list(self._sales(line)) for line in lines}
        self.all = [sale for sales in self.by_line.values() for sale in sales]

    def event(self, kind: str, day: date, category: str, **amounts: Decimal) -> Event:
        """Return an event of the order."""
        row = self.order.row
        channel, country = row["channel"] or "unknown", row["ship_country"] or "unknown"
        place = (channel, country, category)
        return Event(kind, self.clock, day, *place, self.order.currency, amounts, self.order.order_id)

    def day_of(self, at: datetime) -> date:
        """Return the business day of an instant."""
        return business_day(at, self.zone)

    def _sales(self, line: Line) -> Iterator[Sale]:
        if self.clock in ("placed", "paid"):
            at = self.order.placed_at if self.clock == "placed" else self.order.paid_at
            if at is not None:
                yield Sale(line, self.day_of(at), 0, line.kept_quantity)
            return
        start = 0
        for parcel, row in line.parcels_in_order:
            end = min(start + int(row["quantity"]), line.kept_quantity)
            at = parcel.delivered_at if self.clock == "delivered" else row["shipped_at"]
            if at is not None and end > start:
                yield Sale(line, self.day_of(at), start, end)
            start = end

    @cached_property
    def best_sku(self) -> str | None:
        """Return the SKU of the most valuable line that is kept; of equals the last by name."""
        kept = [line for line in self.order.lines if not line.row["is_gift_card"] and line.kept_quantity > 0]
        values = [(max(line.net_amount, ZERO), str(line.row["sku"])) for line in kept]
        return max(values)[1] if values else None

    @property
    def best_category(self) -> str:
        """Return the category of the most valuable line."""
        return category_of(self.state, self.best_sku)

    def events(self) -> Iterator[Event]:
        """Return sales, the order, its shipping, and cash."""
        placed = self.day_of(self.order.placed_at)
        for sale in self.all:
            sku = str(sale.line.row["sku"])
            event = self.event("sale", sale.day, category_of(self.state, sku), **sale.amounts)
            event.line_id = sale.line.line_id
            event.units = 0 if self.order.is_free_extra else sale.end - sale.start
            event.costed = (sku, sale.end - sale.start, placed)
            yield event
        if self.all:
            event = self.event("order", min(sale.day for sale in self.all), self.best_category)
            event.orders = 0 if self.order.is_free_extra else 1
            yield event
        yield from self._shipping()
        for payment in self.order.money.payments:
            yield from self._cash(payment)

    def _shipping(self) -> Iterator[Event]:
        order = self.order
        tax = order.shipping_tax_amount
        net = order.shipping_amount - tax if order.prices_include_tax else order.shipping_amount
        at = self._shipping_at()
        if at is not None and (net or tax):
            yield self.event("shipping", self.day_of(at), "shipping", shipping=net, tax=tax)

    def _shipping_at(self) -> datetime | None:
        """Return when the order was placed or paid, or when its first parcel left or arrived."""
        if self.clock == "placed":
            return self.order.placed_at
        if self.clock == "paid":
            return self.order.paid_at
        parcels = [each for line in self.order.lines for each in line.parcels_in_order]
        if self.clock == "shipped":
            return min((row["shipped_at"] for _, row in parcels), default=None)
        return min((parcel.delivered_at for parcel, _ in parcels if parcel.delivered_at), default=None)

    def _cash(self, payment: Payment) -> Iterator[Event]:
        """Return a refund or fee; one whose rate to the order's currency is missing stays in its own."""
        row, is_refund = payment.row, payment.kind == "refunded"
        paid = {"refunds": row["amount"] if is_refund else ZERO, "fees": row["fee_amount"] or ZERO}
        if not is_refund and not paid["fees"]:
            return
        amounts = {
            "refunds": (payment.amount or ZERO) if is_refund else ZERO,
            "fees": payment.converted("fee_amount") or ZERO,
        }
        event = self.event("refund" if is_refund else "fee", payment.day, self._category_of(payment), **amounts)
        if payment.rate is None:
            event.currency, event.amounts = row["currency"], dict(paid)
        event.paid = (row["currency"], paid)
        yield event

    def _category_of(self, payment: Payment) -> str:
        """Return unassigned for a refund without a split, shipping for one of shipping only, else the best line's."""
        if payment.kind != "refunded" or payment.row["goods_amount"]:
            return self.best_category
        return "shipping" if payment.row["shipping_amount"] else "unassigned"


def credit_note_events(state: State, note: Return) -> Iterator[Event]:
    """Return what a credit note takes back, under every clock that its source can follow."""
    credited = [row for row in note.events if row["credit_amount"] is not None]
    arrived_at = note.first(*ARRIVED)
    if not credited or arrived_at is None:
        return
    row = credited[0]
    day, currency = business_day(arrived_at, state.world.time_zone), str(row["currency"] or "XXX")
    scrapped = note.units["scrapped"]
    for clock in CLOCKS:
        if clock == "placed" or state.world.tracks(row["_source"], FEEDS[clock]):
            yield Event(
                "credit_note",
                clock,
                day,
                str(row["channel"] or "unknown"),
                str(row["country"] or "unknown"),
                category_of(state, row["sku"]),
                currency,
                {"returns": rounded(Decimal(str(row["credit_amount"])), currency)},
                note.return_id,
                returned_units=note.returned,
                costed=(str(row["sku"]), scrapped - note.returned, day),
            )


def category_of(state: State, sku: object) -> str:
    """Return the present category of a SKU."""
    versions = state.products.get(str(sku))
    return str(versions[-1]["category"] or "unknown") if versions else "unknown"


def sale_amounts(line: Line, start: int, end: int) -> dict[str, Decimal]:
    """Return gross sales, discounts and tax of a line's units; without their share of tax where prices include it."""

    def piece(total: Decimal) -> Decimal:
        return part(total, start, end, line.ordered_quantity, line.currency)

    gross, discounts, tax = piece(line.gross_total), piece(line.discount_total), piece(line.tax_total)
    if line.prices_include_tax:
        net = line.gross_total - line.discount_total
        share = rounded(line.tax_total * line.discount_total / net, line.currency) if net else ZERO
        untaxed = discounts - piece(share)
        gross, discounts = gross - discounts - tax + untaxed, untaxed
    return {"gross_sales": gross, "discounts": discounts, "tax": tax}
