"""Postings of an order that depend on the day: goods and shipping, returned units, gift cards and refunds.

Returned units are on every day the last of those that are sold on it, at that day's version. A gift card is worth on
every day what its units that are not cancelled by then cost at that day's version. Goods and shipping belong in
`postings`, refunds and what is cut from returns in `postings_of_claims`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tests.oracle.amounts import ZERO, part
from tests.oracle.days import business_day
from tests.oracle.known import days_of_order, known_line
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.postings import Posting, changes, is_revised, revisions
from tests.oracle.postings_of_claims import claim_postings, value_back
from tests.oracle.revenue import Sales
from tests.oracle.state import State
from tests.oracle.takebacks import Claim, return_claims
from tests.oracle.versions import Row

__all__ = ["is_posted", "order_postings"]


def order_postings(state: State, order: Order) -> Iterator[Posting]:
    """Return all postings of an order that differ from what the revenue mart has, or may do so."""
    yield from revisions(order)
    yield from _of_returns(state, order)
    yield from claim_postings(state, order)
    for line in order.lines:
        if line.row["is_gift_card"]:
            yield from _of_card(order, line)


def is_posted(order: Order, kind: str, line_id: str) -> bool:
    """Return true if an event of the revenue mart is posted by versions or days."""
    if kind == "shipping":
        return is_revised(order, None)
    is_line_revised = any(is_revised(order, line) for line in order.lines if line.line_id == line_id)
    return kind == "goods_refund" or (kind in ("sale", "return") and is_line_revised)


def _of_returns(state: State, order: Order) -> Iterator[Posting]:
    sales = Sales(state, order, "shipped")
    for line in order.lines:
        if is_revised(order, line):
            for claim in return_claims(sales, line):
                yield from _of_claim(order, line, claim)


def _of_claim(order: Order, line: Line, claim: Claim) -> Iterator[Posting]:
    old: dict[tuple[str, str], tuple[int, dict[str, Decimal]]] = {}
    for day in sorted({claim.day} | {day for day in days_of_order(order) if day >= claim.day}):
        back = value_back(order, line, claim, day)
        restocked = sum(number in claim.to_stock for number in back.numbers)
        new = {(back.sku, back.currency): (-restocked, back.amounts)} if back.numbers else {}
        for sku, currency, differences, units in changes(old, new):
            kind = "return" if day == claim.day else "return_change"
            of = (order.order_id, line.line_id, claim.sort[0], day, claim.day, currency)
            yield Posting(kind, *of, differences, sku, units)
        old = new


def _later_days(order: Order, rows: list[Row]) -> set[date]:
    """Return the days of all versions but those of the first day, which count from the beginning."""
    days = {business_day(row["updated_at"], order.world.time_zone) for row in rows}
    return days - {min(days)}


def _of_card(order: Order, line: Line) -> Iterator[Posting]:
    placed = business_day(order.placed_at, order.world.time_zone)
    later = _later_days(order, line.history) | _later_days(order, order.history)
    later |= days_of_order(order) - {
        business_day(row["updated_at"], order.world.time_zone) for row in [*line.history, *order.history]
    }
    refunds = [each.day for each in order.money.payments if each.kind == "refunded" and not each.row["return_id"]]
    old: dict[tuple[str, str], tuple[int, dict[str, Decimal]]] = {}
    for day in sorted({placed} | {day for day in later if day >= placed}):
        priced = known_line(order, line, day)
        kept = priced.ordered_quantity - priced.base_cancelled_quantity
        if line.closed_lost_units and day >= max(refunds):
            kept -= line.closed_lost_units
        new = {}
        if kept > 0:
            of = (0, kept, priced.ordered_quantity, priced.currency)
            tax = ZERO if priced.prices_include_tax else part(priced.tax_total, *of)
            card = part(priced.gross_total, *of) - part(priced.discount_total, *of)
            new = {("", priced.currency): (0, {"gift_cards": card, "tax": tax})}
        for _, currency, differences, _ in changes(old, new):
            kind = "gift_card" if day == placed else "gift_card_change"
            yield Posting(kind, order.order_id, line.line_id, "", day, placed, currency, differences)
        old = new
