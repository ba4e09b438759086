"""Takebacks: what returns and refunds of goods take back from the recognised sales of an order.

Claims are met in the order in which they occurred, and together never exceed what the clock recognises of the order:
the newest are cut.
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
from tests.oracle.revenue import CLOCKS, Event, Sale, Sales, category_of, credit_note_events, sale_amounts
from tests.oracle.state import State

__all__ = ["order_events", "revenue_events"]


@dataclass
class _Claim:
    """An amount that a return or refund takes back, with its tax; `whole` is the amount that the tax belongs to."""

    kind: str
    at: datetime
    day: date
    sort: tuple[str, str, int, str]
    amount: Decimal
    tax: Decimal
    whole: Decimal
    sku: str | None = None
    units: int = 0
    restocked: int = 0


def revenue_events(state: State) -> list[Event]:
    """Return all events of all clocks."""
    orders = state.orders.values()
    events = [event for order in orders for clock in CLOCKS for event in order_events(state, order, clock)]
    return events + [event for note in state.credit_notes for event in credit_note_events(state, note)]


def order_events(state: State, order: Order, clock: str) -> list[Event]:
    """Return the events of one order under one clock."""
    sales = Sales(state, order, clock)
    claims = [claim for line in order.lines for claim in _returns(sales, line)] if sales.all else []
    claims += _goodwill(sales) if sales.all else []
    return [*sales.events(), *_granted(sales, claims)]


def _returns(sales: Sales, line: Line) -> Iterator[_Claim]:
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
            yield _Claim("return", at, day, sort, net, values["tax"], net, sku, len(numbers), back)
        before += arrived


def _values(units: list[tuple[int, Sale]]) -> dict[str, Decimal]:
    """Return the value of units."""
    total: dict[str, Decimal] = defaultdict(Decimal)
    for unit, sale in units:
        for name, amount in sale_amounts(sale.line, unit, unit + 1).items():
            total[name] += amount
    return total


def _goodwill(sales: Sales) -> Iterator[_Claim]:
    """Return the goods parts of refunds that name no return, as far as they pay for no unit."""
    order = sales.order
    for payment in order.money.payments:
        paid = order.assignment.refunds.get(str(payment.row["payment_id"]))
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
        at, place = payment.occurred_at, ("~", "~", 0, str(payment.row["payment_id"]))
        yield _Claim("goods_refund", at, sales.day_of(at), place, part, tax, goods, sales.best_sku)


def _granted(sales: Sales, claims: list[_Claim]) -> Iterator[Event]:
    recognised = sum((sale.net for sale in sales.all), ZERO)
    claimed = ZERO
    for claim in sorted(claims, key=lambda claim: (claim.at, claim.kind, *claim.sort[:3], claim.day, claim.sort[3])):
        granted = min(claimed + claim.amount, recognised) - min(claimed, recognised)
        claimed += claim.amount
        if claim.kind == "goods_refund" and granted <= 0:
            continue
        day = claim.day
        if claim.kind == "goods_refund":
            day = max(day, _covered_on(sales, min(claimed, recognised)))
        tax = claim.tax
        if granted != claim.whole:
            tax = rounded(claim.tax * granted / claim.whole, sales.order.currency)
        event = sales.event(claim.kind, day, category_of(sales.state, claim.sku), returns=granted, tax=-tax)
        event.returned_units = claim.units
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
