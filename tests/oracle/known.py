"""Orders as they are known at the end of a business day: units and values of their lines, and what refunds pay for.

Versions count from the day of their clock, the first ones from the beginning. Events count from their own day. What
becomes of a parcel counts from the day on which the parcel ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.days import business_day
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.parcels import Parcel
from tests.oracle.payments import Money
from tests.oracle.postings import days_of, in_force, is_out
from tests.oracle.refunds import Assignment, assign_refunds
from tests.oracle.returned import Return
from tests.oracle.versions import Row

__all__ = ["days_of_order", "known_assignment", "known_line"]


@dataclass
class _KnownParcel:
    """A parcel of which only the end is known that it has come to by a day."""

    shipment_id: str
    counts_as_shipped: bool
    is_lost: bool
    is_carrier_returned: bool
    delivered_at: datetime | None
    ended_at: datetime | None


def days_of_order(order: Order) -> set[date]:
    """Return the business days of all versions and events of an order, and those on which its parcels ended."""
    zone = order.world.time_zone
    rows = [*order.history, *(row for line in order.lines for row in line.history)]
    instants = [row["updated_at"] for row in rows] + [action["occurred_at"] for action in order.actions]
    instants += [at for line in order.lines for at, *_ in line.arrivals]
    days = {business_day(at, zone) for at in instants} | {payment.day for payment in order.money.payments}
    parcels = [days_of(order, parcel, row) for line in order.lines for parcel, row in line.parcels]
    return days | {day for each in parcels for day in each if day is not None}


def known_line(order: Order, line: Line, day: date) -> Line:
    """Return a line by its version and that of its order in force on a day, with what happened to it by then."""
    zone = order.world.time_zone
    version, of_order = in_force(order, line.history, day), in_force(order, order.history, day)
    actions = [each for each in order.line_cancellations(line) if business_day(each["occurred_at"], zone) <= day]
    known = Line(
        row=version,
        history=[version],
        currency=str(of_order["currency"]),
        prices_include_tax=bool(of_order["prices_include_tax"]),
        is_service=line.is_service,
        is_shipment_tracked=line.is_shipment_tracked,
        is_order_cancelled=bool(of_order["is_cancelled"]) or _is_cancelled_by_action(order, day),
    )
    known.cancelled_by_actions = sum(int(each["quantity"] or line.ordered_quantity) for each in actions)
    known.parcels = [(_known_parcel(order, parcel, row, day), row) for parcel, row in line.parcels]
    known.returns = [_known_return(each, day, zone) for each in line.returns]
    return known


def _known_parcel(order: Order, parcel: Parcel, row: Row, day: date) -> _KnownParcel:
    days = days_of(order, parcel, row)
    is_over = days[1] is not None and days[1] <= day
    return _KnownParcel(
        parcel.shipment_id,
        is_out(days, day),
        is_over and parcel.is_lost,
        is_over and parcel.is_carrier_returned,
        parcel.delivered_at,
        parcel.ended_at if is_over else None,
    )


def _known_return(each: Return, day: date, zone: ZoneInfo) -> Return:
    events = [event for event in each.events if business_day(event["occurred_at"], zone) <= day]
    return Return(each.return_id, each.line_id, each.order_id, events)


def known_assignment(order: Order, day: date) -> Assignment:
    """Return what the refunds up to a day pay for, by what is known at its end."""
    lines = [known_line(order, line, day) for line in order.lines]
    version = in_force(order, order.history, day)
    names = ["shipping_amount"] if version["prices_include_tax"] else ["shipping_amount", "shipping_tax_amount"]
    money = Money(order.money.currency, [each for each in order.money.payments if each.day <= day])
    ordered = sum(line.ordered_quantity for line in lines)
    cancelled = sum(line.base_cancelled_quantity for line in lines)
    is_whole = bool(version["is_cancelled"]) or _is_cancelled_by_action(order, day)
    is_shipped = any(line.shipped_quantity for line in lines)
    due: Decimal = sum((rounded(version[name] or ZERO, order.currency) for name in names), ZERO)
    is_nothing_left = cancelled >= ordered if ordered else is_whole and not is_shipped
    return assign_refunds(lines, money, shipping_due=due, is_nothing_left=is_nothing_left)


def _is_cancelled_by_action(order: Order, day: date) -> bool:
    action = order.cancel_action
    return action is not None and business_day(action["occurred_at"], order.world.time_zone) <= day
