"""Revenue: what is recognised on which day under each recognition clock, event by event.

An event is what one order line, one order's shipping, one return or one payment adds to one day. Days of the mart are
sums of events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tests.oracle.amounts import ZERO, part, rounded
from tests.oracle.days import business_day
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.rates import Rates
from tests.oracle.returned import Return
from tests.oracle.state import State

__all__ = ["CLOCKS", "Event", "category_of", "credit_note_events", "order_events", "revenue_events"]

CLOCKS = ("placed", "paid", "shipped", "delivered")
AMOUNTS = ("gross_sales", "discounts", "returns", "tax", "shipping", "refunds", "fees")


@dataclass
class Event:
    """Amounts that one event adds to one day under one clock."""

    kind: str
    clock: str
    day: date
    channel: str
    country: str
    category: str
    currency: str
    amounts: dict[str, Decimal] = field(default_factory=dict)
    units: int = 0
    returned_units: int = 0
    orders: int = 0

    def reported(self, rates: Rates, reporting: str) -> dict[str, Decimal] | None:
        """Return the amounts in the reporting currency at the rate of the day; none where it is missing."""
        rate = rates.rate(self.currency, reporting, self.day)
        if rate is None:
            return None
        return {name: rounded(amount * rate, reporting) for name, amount in self.amounts.items()}


@dataclass
class _Sales:
    """The recognised units of a line under one clock: days with the units [start, end) of the kept ones."""

    line: Line
    pieces: list[tuple[date, int, int]]

    def day_of(self, unit: int) -> date | None:
        """Return the day of the unit that was recognised as the given one in order."""
        units = [day for day, start, end in self.pieces for _ in range(start, end)]
        return units[unit] if unit < len(units) else None


def revenue_events(state: State) -> list[Event]:
    """Return all events of all clocks."""
    events: list[Event] = []
    for order in state.orders.values():
        for clock in CLOCKS:
            events += _Order(state, order, clock).events()
    for note in state.credit_notes:
        events += credit_note_events(state, note)
    return events


def order_events(state: State, order: Order, clock: str) -> list[Event]:
    """Return the events of one order under one clock."""
    return list(_Order(state, order, clock).events())


def credit_note_events(state: State, note: Return) -> Iterator[Event]:
    """Return what a credit note takes back, which is the same under every clock."""
    rows = note.events
    credited = [row for row in rows if row["credit_amount"] is not None and row["status"] in ARRIVED]
    for row in credited[:1]:
        day = business_day(row["occurred_at"], state.world.time_zone)
        currency = str(row["currency"])
        amount = rounded(Decimal(str(row["credit_amount"])), currency)
        units = sum(int(str(r["quantity"])) for r in rows if r["status"] == row["status"])
        for clock in CLOCKS:
            yield Event(
                "credit_note",
                clock,
                day,
                str(row["channel"] or "unknown"),
                str(row["country"] or "unknown"),
                category_of(state, row["sku"]),
                currency,
                {"returns": amount},
                returned_units=units,
            )


ARRIVED = ("received", "restocked", "scrapped")


def category_of(state: State, sku: object) -> str:
    """Return the present category of a SKU."""
    versions = state.products.get(str(sku))
    return str(versions[-1]["category"] or "unknown") if versions else "unknown"


class _Order:
    """The events of one order under one clock."""

    def __init__(self, state: State, order: Order, clock: str) -> None:
        self.state, self.order, self.clock = state, order, clock
        self.zone = state.world.time_zone
        self.sales = [_Sales(line, list(self._pieces(line))) for line in order.lines if not line.row["is_gift_card"]]
        self.recognised_net = ZERO

    def _event(self, kind: str, day: date, category: str, **amounts: Decimal) -> Event:
        row = self.order.row
        return Event(
            kind,
            self.clock,
            day,
            row["channel"] or "unknown",
            row["ship_country"] or "unknown",
            category,
            self.order.currency,
            amounts,
        )

    def _pieces(self, line: Line) -> Iterator[tuple[date, int, int]]:
        kept = line.kept_quantity
        if self.clock in ("placed", "paid"):
            at = self.order.placed_at if self.clock == "placed" else self.order.paid_at
            if at is not None and kept:
                yield business_day(at, self.zone), 0, kept
            return
        parcels = [(parcel, row) for parcel, row in line.parcels if parcel.counts_as_shipped]
        if self.clock == "delivered":
            moved = [(p.delivered_at, p.shipment_id, int(row["quantity"])) for p, row in parcels if p.delivered_at]
        else:
            moved = [(row["shipped_at"], p.shipment_id, int(row["quantity"])) for p, row in parcels]
        start = 0
        for at, _, units in sorted(moved):
            end = min(start + units, kept)
            if end > start:
                yield business_day(at, self.zone), start, end
            start = end

    def events(self) -> Iterator[Event]:
        """Return sales, shipping, returns and cash."""
        for sale in self.sales:
            for day, start, end in sale.pieces:
                yield self._sale(sale.line, day, start, end)
        days = [day for sale in self.sales for day, _, _ in sale.pieces]
        whole = {"placed": self.order.placed_at, "paid": self.order.paid_at}.get(self.clock)
        if days:
            yield self._shipping(min(days), is_sale=True)
        elif whole is not None and self.order.shipping_amount:
            yield self._shipping(business_day(whole, self.zone), is_sale=False)
        yield from self._capped([*self._returns(), *self._goodwill()])
        yield from self._cash()

    def _sale(self, line: Line, day: date, start: int, end: int) -> Event:
        gross, discounts, tax = sale_amounts(line, start, end)
        self.recognised_net += gross - discounts
        event = self._event(
            "sale", day, category_of(self.state, line.row["sku"]), gross_sales=gross, discounts=discounts, tax=tax
        )
        event.units = 0 if self.order.is_free_extra else end - start
        return event

    def _shipping(self, day: date, *, is_sale: bool) -> Event:
        order = self.order
        tax = order.shipping_tax_amount
        net = order.shipping_amount - tax if order.prices_include_tax else order.shipping_amount
        event = self._event("shipping", day, "shipping", shipping=net, tax=tax)
        event.orders = 1 if is_sale and not order.is_free_extra else 0
        return event

    def _returns(self) -> Iterator[Event]:
        for sale in self.sales:
            line, taken = sale.line, 0
            arrivals = sorted((at, units) for each in line.returns for at, units in each.arrivals)
            for at, units in arrivals:
                units = min(units, line.effective_returned_quantity - taken)
                by_day: dict[date, int] = {}
                for unit in range(taken, taken + units):
                    sold = sale.day_of(unit)
                    if sold is not None:
                        day = max(business_day(at, self.zone), sold)
                        by_day[day] = by_day.get(day, 0) + 1
                for day, count in by_day.items():
                    end = min(line.kept_quantity, line.kept_quantity - taken)
                    start = max(end - count, 0)
                    gross, discounts, tax = sale_amounts(line, start, end)
                    category = category_of(self.state, line.row["sku"])
                    event = self._event("return", day, category, returns=gross - discounts, tax=-tax)
                    event.returned_units = count
                    taken += count
                    yield event

    def _goodwill(self) -> Iterator[Event]:
        first = min((day for sale in self.sales for day, _, _ in sale.pieces), default=None)
        if first is None:
            return
        spoken_for = self.order.assignment.cancelled + self.order.assignment.returned + self.order.assignment.lost
        for payment in self.order.money.payments:
            if payment.kind != "refunded" or payment.row["return_id"]:
                continue
            amount = payment.amount or ZERO
            free = max(amount - spoken_for, ZERO)
            spoken_for = max(spoken_for - amount, ZERO)
            goods = min(payment.converted("goods_amount") or ZERO, free)
            tax = min(payment.converted("tax_amount") or ZERO, free - goods)
            if goods:
                yield self._event("goods_refund", max(payment.day, first), "unassigned", returns=goods, tax=-tax)

    def _capped(self, events: list[Event]) -> Iterator[Event]:
        left = self.recognised_net
        for event in sorted(events, key=lambda event: event.day):
            event.amounts["returns"] = min(event.amounts["returns"], left)
            left -= event.amounts["returns"]
            yield event

    def _cash(self) -> Iterator[Event]:
        for payment in self.order.money.payments:
            refunds = (payment.amount or ZERO) if payment.kind == "refunded" else ZERO
            fees = payment.converted("fee_amount") or ZERO
            if refunds or fees:
                yield self._event("cash", payment.day, "unassigned", refunds=refunds, fees=fees)


def sale_amounts(line: Line, start: int, end: int) -> tuple[Decimal, Decimal, Decimal]:
    """Return gross, discounts and tax of a line's units; without their share of tax where prices include it."""

    def piece(total: Decimal) -> Decimal:
        return part(total, start, end, line.ordered_quantity, line.currency)

    gross, discounts, tax = piece(line.gross_total), piece(line.discount_total), piece(line.tax_total)
    if not line.prices_include_tax:
        return gross, discounts, tax
    net = line.gross_total - line.discount_total
    share = rounded(line.tax_total * line.discount_total / net, line.currency) if net else ZERO
    untaxed = discounts - piece(share)
    return gross - discounts - tax + untaxed, untaxed, tax
