"""Takebacks: what returns and refunds of goods take back from the recognised sales of an order.

Claims are met in the order in which they occurred, and together never exceed what the clock recognises of the order:
the newest are cut. Only refunds of goods can exceed it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.refunds import Assignment
from tests.oracle.revenue import CLOCKS, Event, Sale, Sales, category_of, credit_note_events, sale_amounts
from tests.oracle.state import State

__all__ = ["Claim", "met", "order_events", "refund_claims", "return_claims", "revenue_events"]


@dataclass
class Claim:
    """An amount that a return or refund takes back, with its tax; `whole` is the amount that the tax belongs to.

    Attributes:
        numbers: Returned units of the line that it covers, by the order in which they came back.
        to_stock: Those of its arrival that were restocked: the units from this number up to that.
    """

    kind: str
    at: datetime
    day: date
    sort: tuple[str, str, int, str]
    amount: Decimal
    tax: Decimal
    whole: Decimal
    sku: str | None = None
    restocked: int = 0
    line_id: str = ""
    numbers: tuple[int, ...] = ()
    to_stock: range = range(0)

    @property
    def units(self) -> int:
        """Return the number of returned units."""
        return len(self.numbers)


def revenue_events(state: State) -> list[Event]:
    """Return all events of all clocks."""
    orders = state.orders.values()
    events = [event for order in orders for clock in CLOCKS for event in order_events(state, order, clock)]
    return events + [event for note in state.credit_notes for event in credit_note_events(state, note)]


def order_events(state: State, order: Order, clock: str) -> list[Event]:
    """Return the events of one order under one clock."""
    sales = Sales(state, order, clock)
    claims = [claim for line in order.lines for claim in return_claims(sales, line)] if sales.all else []
    claims += refund_claims(order, order.assignment, sales.best_sku) if sales.all else []
    return [*sales.events(), *_granted(sales, claims)]


def return_claims(sales: Sales, line: Line) -> Iterator[Claim]:
    """Return the claims of a line's returned units: the earliest sold come back first, valued as the last."""
    sold = sales.by_line.get(line.line_id, []) if line.arrivals else []
    days = sorted((sale.day, unit) for sale in sold for unit in range(sale.start, sale.end))
    by_unit = sorted((unit, sale) for sale in sold for unit in range(sale.start, sale.end))
    before = 0
    for at, return_id, arrived, restocked in line.arrivals:
        last = min(before + arrived, line.effective_returned_quantity)
        by_day: dict[date, list[int]] = defaultdict(list)
        for number in range(before, min(last, len(days))):
            by_day[max(sales.day_of(at), days[number][0])].append(number)
        for day, numbers in by_day.items():
            values = _values([by_unit[-1 - number] for number in numbers])
            net = values["gross_sales"] - values["discounts"]
            back = min(restocked, numbers[-1] + 1 - before) - min(restocked, numbers[0] - before)
            sort = (return_id, line.line_id, before, "")
            sku = str(line.row["sku"])
            to_stock = range(before, before + restocked)
            of_line = (line.line_id, tuple(numbers), to_stock)
            yield Claim("return", at, day, sort, net, values["tax"], net, sku, back, *of_line)
        before += arrived


def _values(units: list[tuple[int, Sale]]) -> dict[str, Decimal]:
    """Return the value of units."""
    total: dict[str, Decimal] = defaultdict(Decimal)
    for unit, sale in units:
        for name, amount in sale_amounts(sale.line, unit, unit + 1).items():
            total[name] += amount
    return total


def refund_claims(order: Order, assignment: Assignment, sku: str | None = None) -> Iterator[Claim]:
    """Return the goods parts of refunds that name no return, as far as they pay for no unit."""
    for payment in order.money.payments:
        paid = assignment.refunds.get(str(payment.row["payment_id"]))
        goods = payment.converted("goods_amount") or ZERO
        if paid is None or goods <= 0:
            continue
        with_tax = payment.shipping_part
        for_goods = max((payment.amount or ZERO) - with_tax, ZERO)
        shipping = max(payment.converted("shipping_amount") or ZERO, ZERO)
        tax = (payment.converted("tax_amount") or ZERO) + shipping - with_tax
        goods = min(goods, for_goods)
        tax = min(tax, for_goods - goods)
        part = goods
        if paid.goodwill < paid.for_units:
            part = rounded(goods * paid.goodwill / paid.for_units, order.currency)
        place = ("~", "~", 0, str(payment.row["payment_id"]))
        yield Claim("goods_refund", payment.occurred_at, payment.day, place, part, tax, goods, sku)


def met(claims: list[Claim], recognised: Decimal, currency: str) -> Iterator[tuple[Claim, Decimal, Decimal, Decimal]]:
    """Return claims in their order, what of each is met, its tax, and the sum of all claims up to it.

    Returned units take back what they sold for. Beside refunds of goods all claims are limited to what is recognised.
    """
    is_limited = any(claim.kind == "goods_refund" for claim in claims)
    limit, claimed = max(recognised, ZERO), ZERO
    for claim in sorted(claims, key=lambda claim: (claim.at, claim.kind, *claim.sort[:3], claim.day, claim.sort[3])):
        granted = min(claimed + claim.amount, limit) - min(claimed, limit) if is_limited else claim.amount
        claimed += claim.amount
        tax = claim.tax if granted == claim.whole else rounded(claim.tax * granted / claim.whole, currency)
        yield claim, granted, tax, claimed


def _granted(sales: Sales, claims: list[Claim]) -> Iterator[Event]:
    recognised = sum((sale.net for sale in sales.all), ZERO)
    for claim, granted, tax, claimed in met(claims, recognised, sales.order.currency):
        if claim.kind == "goods_refund" and granted <= 0:
            continue
        day = claim.day
        if claim.kind == "goods_refund":
            day = max(day, _covered_on(sales, min(claimed, recognised)))
        event = sales.event(claim.kind, day, category_of(sales.state, claim.sku), returns=granted, tax=-tax)
        event.returned_units = claim.units
        event.payment_id, event.line_id = claim.sort[3], claim.line_id
        if claim.restocked:
            event.costed = (str(claim.sku), -claim.restocked, sales.day_of(sales.order.placed_at))
        yield event


def _covered_on(sales: Sales, amount: Decimal) -> date:
    """Return the first day by which as much as an amount is recognised."""
    so_far = ZERO
    for sale in sorted(sales.all, key=lambda sale: sale.day):
        so_far += sale.net
        if so_far >= amount:
            return sale.day
    raise AssertionError(f"{sales.order.order_id} recognises less than {amount}")
