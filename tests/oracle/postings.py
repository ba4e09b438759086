"""Postings: what goods and shipping of an order sell on each day, by the version that is in force on the day.

On every day the units of the parcels that are with the customer or on their way are worth what the versions of that day
say. A posting is the difference to the day before. Of more units than are kept, those that arrive first count.
Accounts belong in `journal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.days import business_day
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.parcels import Parcel
from tests.oracle.payments import Payment
from tests.oracle.revenue import sale_amounts
from tests.oracle.versions import Row

__all__ = ["Posting", "changes", "days_of", "in_force", "is_out", "is_revised", "priced_on", "revisions"]

OF_LINES = ("quantity", "unit_price", "discount_amount", "tax_amount", "sku")
OF_ORDERS = ("currency", "prices_include_tax")
OF_SHIPPING = (*OF_ORDERS, "shipping_amount", "shipping_tax_amount")


@dataclass
class Posting:
    """Difference that one day makes to what a parcel of a line, or the shipping of an order, has sold.

    Attributes:
        recognised: Day on which the revenue mart has all of it; none if it sells nothing in the end.
        units: Units of the SKU before and after.
    """

    kind: str
    order_id: str
    line_id: str
    shipment_id: str
    day: date
    recognised: date | None
    currency: str
    amounts: dict[str, Decimal] = field(default_factory=dict)
    sku: str = ""
    units: tuple[int, int] = (0, 0)
    payment_id: str = ""


# Units and amounts by SKU and currency.
Worth = dict[tuple[str, str], tuple[int, dict[str, Decimal]]]


def changes(old: Worth, new: Worth) -> Iterator[tuple[str, str, dict[str, Decimal], tuple[int, int]]]:
    """Return SKU, currency, differences of amounts, and units before and after, where something differs."""
    for sku, currency in sorted(old.keys() | new.keys()):
        was, now = old.get((sku, currency), (0, {})), new.get((sku, currency), (0, {}))
        names = was[1].keys() | now[1].keys()
        amounts = {name: now[1].get(name, ZERO) - was[1].get(name, ZERO) for name in names}
        if was[0] != now[0] or any(amounts.values()):
            yield sku, currency, amounts, (was[0], now[0])


def priced_on(order: Order, line: Line, day: date) -> Line:
    """Return a line as its version and that of its order in force on a day price it."""
    version, of_order = in_force(order, line.history, day), in_force(order, order.history, day)
    return Line(
        row=version,
        history=[version],
        currency=str(of_order["currency"]),
        prices_include_tax=bool(of_order["prices_include_tax"]),
        is_service=line.is_service,
        is_shipment_tracked=line.is_shipment_tracked,
        is_order_cancelled=False,
    )


def revisions(order: Order) -> Iterator[Posting]:
    """Return the postings of the lines and of the shipping of an order that changed after they had been sold."""
    for line in order.lines:
        if is_revised(order, line):
            yield from _of_line(order, line)
    if _is_shipping_revised(order):
        yield from _of_shipping(order)


def is_revised(order: Order, line: Line | None) -> bool:
    """Return true if a line, or without one the shipping of an order, is posted by versions."""
    if line is None:
        return _is_shipping_revised(order)
    if line.row["is_gift_card"] or not line.parcels:
        return False
    is_ended = any(not parcel.counts_as_shipped for parcel, _ in line.parcels)
    is_claimed = bool(line.arrivals) and any(_is_of_goods(payment) for payment in order.money.payments)
    return is_ended or is_claimed or _differ(line.history, OF_LINES) or _differ(order.history, OF_ORDERS)


def _is_of_goods(payment: Payment) -> bool:
    """Return true for a refund that names no return and has a goods part, which may cut what returns take back."""
    is_free = payment.kind == "refunded" and not payment.row["return_id"]
    return is_free and (payment.converted("goods_amount") or ZERO) > 0


def _is_shipping_revised(order: Order) -> bool:
    parcels = [parcel for line in order.lines for parcel, _ in line.parcels]
    is_ended = any(not parcel.counts_as_shipped for parcel in parcels)
    return bool(parcels) and (is_ended or _differ(order.history, OF_SHIPPING))


def _differ(rows: list[Row], names: tuple[str, ...]) -> bool:
    return any(len({row[name] or 0 for row in rows}) > 1 for name in names)


def in_force(order: Order, rows: list[Row], day: date) -> Row:
    """Return the last version of a day or before, else the first day's."""
    dated = [(business_day(row["updated_at"], order.world.time_zone), row) for row in rows]
    known = [row for at, row in dated if at <= day]
    return known[-1] if known else [row for at, row in dated if at == dated[0][0]][-1]


def days_of(order: Order, parcel: Parcel, row: Row) -> tuple[date, date | None]:
    """Return the days on which a parcel leaves and on which it ends; none if it does not."""
    zone = order.world.time_zone
    ended_at = None if parcel.counts_as_shipped else parcel.ended_at or row["shipped_at"]
    return business_day(row["shipped_at"], zone), None if ended_at is None else business_day(ended_at, zone)


def is_out(days: tuple[date, date | None], day: date) -> bool:
    return days[0] <= day and (days[1] is None or days[1] > day)


def _kind(parcel: Parcel, days: tuple[date, date | None], day: date) -> str:
    if day == days[0]:
        return "sale"
    if day != days[1]:
        return "sale_change"
    return "parcel_cancelled" if parcel.is_cancelled else "parcel_lost" if parcel.is_lost else "parcel_returned"


def _of_line(order: Order, line: Line) -> Iterator[Posting]:
    zone = order.world.time_zone
    is_over = line.shipped_quantity > line.kept_quantity

    def place(each: tuple[Parcel, Row]) -> tuple[bool, datetime, datetime, str]:
        parcel, row = each
        arrived_at = parcel.delivered_at if is_over else None
        return arrived_at is None, arrived_at or datetime.max, row["shipped_at"], parcel.shipment_id

    parcels = sorted(line.parcels, key=place)
    dated = [(parcel, row, days_of(order, parcel, row)) for parcel, row in parcels]
    turns = {day for _, _, days in dated for day in days if day is not None}
    turns |= {business_day(row["updated_at"], zone) for row in [*line.history, *order.history]}
    before: dict[str, Worth] = {}
    for day in sorted(turns):
        priced = priced_on(order, line, day)
        start = 0
        for parcel, row, days in dated:
            units = int(row["quantity"]) if is_out(days, day) else 0
            end = min(start + units, priced.ordered_quantity)
            new = {}
            if end > start:
                goods = (str(priced.row["sku"]), priced.currency)
                new[goods] = (end - start, sale_amounts(priced, start, end))
            start = end
            for sku, currency, amounts, counts in changes(before.get(parcel.shipment_id, {}), new):
                yield Posting(
                    _kind(parcel, days, day),
                    order.order_id,
                    line.line_id,
                    parcel.shipment_id,
                    day,
                    days[0] if parcel.counts_as_shipped else None,
                    currency,
                    amounts,
                    sku,
                    counts,
                )
            before[parcel.shipment_id] = new


def _of_shipping(order: Order) -> Iterator[Posting]:
    """Return the postings of shipping: due from the first parcel on, while one of them is out."""
    zone = order.world.time_zone
    dated = [(parcel, days_of(order, parcel, row)) for line in order.lines for parcel, row in line.parcels]
    recognised = min((days[0] for parcel, days in dated if parcel.counts_as_shipped), default=None)
    last = order.history[-1]
    turns = {day for _, days in dated for day in days if day is not None}
    turns |= {business_day(row["updated_at"], zone) for row in order.history}
    was_out, old = False, ("", {"shipping": ZERO, "tax": ZERO})
    for day in sorted(turns):
        is_any_out = any(is_out(days, day) for _, days in dated)
        row = in_force(order, order.history, day)
        currency = str(row["currency"])
        tax = rounded(row["shipping_tax_amount"] or ZERO, currency)
        amount = rounded(row["shipping_amount"] or ZERO, currency)
        if row is last and recognised is not None:
            amount, tax = order.shipping_amount, order.shipping_tax_amount
        net = amount - tax if row["prices_include_tax"] else amount
        new = (currency, {"shipping": net, "tax": tax} if is_any_out else {"shipping": ZERO, "tax": ZERO})
        kind = "shipping_reversed" if not is_any_out else "shipping_change" if was_out else "shipping"
        for each in sorted({old[0], new[0]} - {""}):
            amounts = {
                name: (new[1][name] if new[0] == each else ZERO) - (old[1][name] if old[0] == each else ZERO)
                for name in ("shipping", "tax")
            }
            if any(amounts.values()):
                yield Posting(kind, order.order_id, "", "", day, recognised, each, amounts)
        was_out, old = is_any_out, new
