"""Postings of refunds and of what is cut from returns: on every day what is known on it, less what was known before.

A refund that names no return gives away what it does not pay for. Its goods part claims a part of what the order has
sold, as returns do. Claims are met in the order in which they occurred, as far as the order has sold by that day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from tests.oracle.amounts import ZERO
from tests.oracle.known import days_of_order, known_assignment
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.payments import Payment
from tests.oracle.postings import Posting, days_of, is_out, is_revised, priced_on
from tests.oracle.refunds import Assignment
from tests.oracle.revenue import Event, Sales, sale_amounts
from tests.oracle.state import State
from tests.oracle.takebacks import Claim, met, order_events, refund_claims, return_claims

__all__ = ["Back", "claim_postings", "value_back"]

# What is cut from a return, or given away and taken back by a refund, by the claim.
Values = dict[tuple[str, str], dict[str, Decimal]]


@dataclass
class Back:
    """Hold the units of a return that were sold, by their numbers, and their value, by the versions of a day."""

    sku: str
    currency: str
    numbers: list[int]
    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def _out(order: Order, line: Line, priced: Line, day: date) -> int:
    """Return the units that are sold on a day."""
    dated = [(row, days_of(order, parcel, row)) for parcel, row in line.parcels]
    return min(sum(int(row["quantity"]) for row, days in dated if is_out(days, day)), priced.ordered_quantity)


def value_back(order: Order, line: Line, claim: Claim, day: date) -> Back:
    """Return what the units of a claim are worth on a day: the last of those that are sold on it."""
    priced = priced_on(order, line, day)
    sold = _out(order, line, priced, day)
    back = Back(str(priced.row["sku"]), priced.currency, [number for number in claim.numbers if number < sold])
    for number in back.numbers:
        values = sale_amounts(priced, sold - 1 - number, sold - number)
        back.amounts["returns"] += values["gross_sales"] - values["discounts"]
        back.amounts["tax"] -= values["tax"]
    return back


def _sold(sales: Sales, day: date) -> Decimal:
    """Return the net value of the goods that are sold on a day: of lines that nothing revised, as recognised."""
    order, total = sales.order, ZERO
    for line in order.lines:
        if not is_revised(order, line):
            sold = sales.by_line.get(line.line_id, [])
            total += sum((sale.net for sale in sold if sale.day <= day), ZERO)
        elif not line.row["is_gift_card"]:
            priced = priced_on(order, line, day)
            values = sale_amounts(priced, 0, _out(order, line, priced, day))
            total += values["gross_sales"] - values["discounts"]
    return total


def claim_postings(state: State, order: Order) -> Iterator[Posting]:
    """Return the postings of an order with refunds that name no return."""
    refunds = [each for each in order.money.payments if each.kind == "refunded" and not each.row["return_id"]]
    if not refunds:
        return
    sales = Sales(state, order, "shipped")
    claims = [(line, claim) for line in order.lines for claim in return_claims(sales, line)]
    events = {
        event.payment_id: event for event in order_events(state, order, "shipped") if event.kind == "goods_refund"
    }
    if len({row["currency"] for row in order.history}) > 1:
        yield from _of_present(state, order, refunds, claims, events)
        return
    old: Values = {}
    for day in sorted(day for day in days_of_order(order) if day >= min(each.day for each in refunds)):
        new = _known(sales, refunds, claims, day)
        for key in old.keys() | new.keys():
            amounts = _difference(old.get(key, {}), new.get(key, {}))
            event = events.get(key[1])
            yield from _postings(order, key, day, None if event is None else event.day, amounts)
        old = new


def _known(sales: Sales, refunds: list[Payment], claims: list[tuple[Line, Claim]], day: date) -> Values:
    order = sales.order
    assignment = known_assignment(order, day)
    claimed = list(refund_claims(order, assignment))
    for line, claim in claims:
        if claim.day <= day:
            back = value_back(order, line, claim, day)
            net, tax = back.amounts["returns"], -back.amounts["tax"]
            claimed.append(replace(claim, amount=net, tax=tax, whole=net))
    found: Values = {}
    taken: dict[str, Decimal] = {}
    for claim, granted, tax, _ in met(claimed, _sold(sales, day), order.currency):
        if claim.kind == "return":
            key = (f"{claim.sort[0]}|{claim.line_id}|{claim.sort[2]}|{claim.day}", "")
            found[key] = {"returns": granted - claim.amount, "tax": claim.tax - tax}
        elif granted > 0:
            taken[claim.sort[3]] = granted + tax
            found[("", claim.sort[3])] = {"returns": granted, "tax": -tax}
    for payment in refunds:
        payment_id = str(payment.row["payment_id"])
        if payment_id in assignment.refunds:
            given = _given_away(payment, assignment, taken.get(payment_id, ZERO))
            found.setdefault(("", payment_id), {})["goodwill"] = given
    return found


def _given_away(payment: Payment, assignment: Assignment, taken: Decimal) -> Decimal:
    refund = assignment.refunds[str(payment.row["payment_id"])]
    if payment.rate is None:
        return ZERO
    shipping = (payment.amount_for_status or ZERO) - refund.for_units
    return max(refund.goodwill + shipping - taken, ZERO)


def _of_present(
    state: State,
    order: Order,
    refunds: list[Payment],
    claims: list[tuple[Line, Claim]],
    events: dict[str, Event],
) -> Iterator[Posting]:
    """Return the postings of an order whose currency changed: everything as it is known now."""
    for payment in refunds:
        payment_id = str(payment.row["payment_id"])
        event = events.get(payment_id)
        taken = ZERO
        if event is not None:
            taken = event.amounts["returns"] - event.amounts["tax"]
            yield from _postings(order, ("", payment_id), event.day, event.day, dict(event.amounts))
        given = _given_away(payment, order.assignment, taken)
        yield from _postings(order, ("", payment_id), payment.day, None, {"goodwill": given})
    sales = Sales(state, order, "shipped").all
    recognised = sum((sale.net for sale in sales), ZERO)
    everything = [claim for _, claim in claims]
    everything += refund_claims(order, order.assignment) if sales else []
    for claim, granted, tax, _ in met(everything, recognised, order.currency):
        if claim.kind == "return":
            key = (f"{claim.sort[0]}|{claim.line_id}|{claim.sort[2]}|{claim.day}", "")
            amounts = {"returns": granted - claim.amount, "tax": claim.tax - tax}
            yield from _postings(order, key, claim.day, None, amounts)


def _difference(old: dict[str, Decimal], new: dict[str, Decimal]) -> dict[str, Decimal]:
    return {name: new.get(name, ZERO) - old.get(name, ZERO) for name in old.keys() | new.keys()}


def _postings(
    order: Order, key: tuple[str, str], day: date, recognised: date | None, amounts: dict[str, Decimal]
) -> Iterator[Posting]:
    claim, payment_id = key
    goodwill = amounts.pop("goodwill", ZERO)
    if any(amounts.values()):
        kind = "goods_refund" if payment_id else "return_change"
        line_id, return_id = "", ""
        if claim:
            return_id, line_id, _, on = claim.split("|")
            recognised = date.fromisoformat(on)
        of = (order.order_id, line_id, return_id, day, recognised, order.currency)
        yield Posting(kind, *of, amounts, payment_id=payment_id)
    if goodwill:
        of = (order.order_id, "", "", day, None, order.currency)
        yield Posting("goodwill", *of, {"goodwill": goodwill}, payment_id=payment_id)
