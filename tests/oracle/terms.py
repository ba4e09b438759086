"""Agreed terms of customers: the price that counts for a line, its consequences, and the windows of deliveries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from tests.oracle.amounts import ZERO, minor_unit, part, rounded
from tests.oracle.costs import cost_of
from tests.oracle.days import business_day
from tests.oracle.exceptions_of_lines import Found
from tests.oracle.lines import Line
from tests.oracle.orders import Order
from tests.oracle.revenue import Sales
from tests.oracle.state import State
from tests.oracle.versions import Row, grouped, versions

__all__ = ["contract_margin", "of_terms"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
NEVER_ENDS = date(9999, 12, 31)
TOO_MUCH = 10**11
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass
class Agreed:
    """A line with kept units, and the price that counts for it."""

    order: Order
    line: Line
    price: Row

    @property
    def untaxed(self) -> Decimal:
        """Return the worth of the ordered line without tax."""
        return self.line.ordered_net_amount - (self.line.tax_total if self.line.prices_include_tax else ZERO)

    @property
    def taxed(self) -> Decimal:
        """Return the worth of the ordered line with tax."""
        return self.line.ordered_net_amount + (ZERO if self.line.prices_include_tax else self.line.tax_total)

    def _in_way(self, amount: Decimal, *, with_tax: bool) -> Decimal:
        """Convert an amount at the list's way of pricing by the line's share of tax, if it has one."""
        is_taxed = bool(self.price["price_includes_tax"])
        if is_taxed == with_tax or self.line.tax_total <= 0 or self.untaxed <= 0:
            return amount
        return amount * self.untaxed / self.taxed if is_taxed else amount * self.taxed / self.untaxed

    @property
    def worth(self) -> Decimal:
        """Return the ordered units at the price of the list."""
        return Decimal(self.price["unit_price"]) * self.line.ordered_quantity

    @property
    def unit_price(self) -> Decimal:
        """Return the price of a unit in the order's way of pricing, to four places."""
        price = self._in_way(Decimal(self.price["unit_price"]), with_tax=self.line.prices_include_tax)
        return price.quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN)

    def _kept(self, amount: Decimal) -> Decimal:
        line = self.line
        return part(rounded(amount, line.currency), 0, line.kept_quantity, line.ordered_quantity, line.currency)

    @property
    def difference(self) -> Decimal:
        """Return what was charged for the kept units less what was agreed."""
        return self.line.net_amount - self._kept(self._in_way(self.worth, with_tax=self.line.prices_include_tax))

    @property
    def sales(self) -> Decimal:
        """Return the kept units at the agreed price, without tax."""
        return self._kept(self._in_way(self.worth, with_tax=False))

    @property
    def is_off(self) -> bool:
        """Return true if the difference is more than one minor unit, and half of one a unit for a broken price."""
        unit = minor_unit(self.line.currency)
        broken = self.line.kept_quantity * unit / 2 if self.unit_price % unit else ZERO
        return abs(self.difference) > unit + broken


def _lists(state: State) -> list[Row]:
    """Return the current version of every price."""
    keys = ("price_list_id", "sku", "currency", "valid_from")
    rows = grouped(state.world.feeds["price_lists"], lambda row: tuple(row[name] for name in keys))
    return [versions(found)[-1] for found in rows.values()]


def _groups(state: State) -> dict[str, str | None]:
    """Return the group of every customer."""
    rows = grouped(state.world.feeds["customers"], lambda row: str(row["customer_id"]))
    return {customer: versions(found)[-1]["customer_group"] for customer, found in rows.items()}


def _distance(row: Row, customer: str | None, group: str | None) -> int | None:
    """Return 1 for a row of the customer, 2 for one of the group, 3 for one of everybody; none for one of others."""
    if row["customer_id"]:
        return 1 if row["customer_id"] == customer else None
    if row["customer_group"]:
        return 2 if row["customer_group"] == group else None
    return 3


def agreed_lines(state: State) -> Iterator[Agreed]:
    """Return the lines of sales with an agreed price."""
    rows, groups = grouped(_lists(state), lambda row: (row["sku"], row["currency"])), _groups(state)
    for order in state.orders.values():
        if order.row["order_type"] in ("exchange", "replacement", "sample"):
            continue
        customer = order.row["customer_id"]
        day = business_day(order.placed_at, state.world.time_zone)
        for line in order.lines:
            if not line.kept_quantity or line.row["is_gift_card"]:
                continue
            found = [
                ((distance, -(row["min_quantity"] or 0), -row["valid_from"].toordinal(), row["price_list_id"]), row)
                for row in rows.get((line.row["sku"], order.currency), [])
                if row["valid_from"] <= day <= (row["valid_until"] or NEVER_ENDS)
                and line.ordered_quantity >= (row["min_quantity"] or 0)
                and (distance := _distance(row, customer, groups.get(customer))) is not None
            ]
            if found:
                chosen = Agreed(order, line, min(found, key=lambda each: each[0])[1])
                if max(chosen.worth, chosen._in_way(chosen.worth, with_tax=True)) < TOO_MUCH:
                    yield chosen


def contract_margin(state: State) -> Cells:
    """Return fct_contract_margin."""
    groups: dict[tuple[Any, ...], list[Agreed]] = defaultdict(list)
    for each in agreed_lines(state):
        day = business_day(each.order.placed_at, state.world.time_zone)
        groups[(each.price["price_list_id"], each.order.currency, day.replace(day=1))].append(each)
    return {key: _margin(state, members) for key, members in groups.items()}


def _margin(state: State, members: list[Agreed]) -> dict[str, Any]:
    units, net, missing, cost = 0, ZERO, 0, ZERO
    for each in members:
        events = Sales(state, each.order, "placed").events()
        (event,) = [found for found in events if found.kind == "sale" and found.line_id == each.line.line_id]
        units += event.units
        net += event.amounts["gross_sales"] - event.amounts["discounts"]
        known = cost_of(state, event)
        missing += known.is_missing or known.amount is None
        cost += known.amount or ZERO
    agreed = sum((each.sales for each in members), ZERO)
    return {
        "lines_count": len(members),
        "off_contract_lines_count": sum(each.is_off for each in members),
        "missing_costs_count": missing,
        "units_quantity": units,
        "net_sales_before_returns_amount": net,
        "contract_sales_amount": agreed,
        "difference_amount": net - agreed,
        "cost_of_goods_amount": None if missing else cost,
        "gross_margin_amount": None if missing else net - cost,
        "contract_margin_amount": None if missing else agreed - cost,
    }


def of_terms(state: State) -> Iterator[Found]:
    """Return the exceptions about prices and delivery windows, each about a line."""
    for each in agreed_lines(state):
        if each.is_off:
            yield _about(each.order, each.line, "off_contract_price", abs(each.difference))
    rows, groups = [row for row in _lists(state) if _has_window(row)], _groups(state)
    for order in state.orders.values():
        customer = order.row["customer_id"]
        own = [(_distance(row, customer, groups.get(customer)), row) for row in rows]
        near = [(distance, row) for distance, row in own if distance is not None]
        for line in order.lines if near else []:
            if not line.has_arrived and order.late_at_of(line) and _is_outside(state, order, line, near):
                yield _about(order, line, "promise_outside_window", line.net_amount)


def _has_window(row: Row) -> bool:
    names = ("delivery_weekdays", "delivery_from", "delivery_until")
    return any(row[name] for name in names) and bool(row["customer_id"] or row["customer_group"])


def _about(order: Order, line: Line, code: str, amount: Decimal) -> Found:
    return Found(
        code,
        f"{order.order_id} line {line.line_id}",
        order.placed_at,
        amount,
        order.currency,
        subject_type="order_line",
        sku=str(line.row["sku"]),
        source=line.row["_source"],
        order_id=order.order_id,
    )


def _is_outside(state: State, order: Order, line: Line, near: list[tuple[int, Row]]) -> bool:
    row = order.promising(line)[1]
    promised = order.promise(row)
    assert promised is not None
    local = promised.replace(tzinfo=UTC).astimezone(state.world.time_zone)
    valid = [
        (distance, each)
        for distance, each in near
        if each["valid_from"] <= local.date() <= (each["valid_until"] or NEVER_ENDS)
    ]
    nearest = [each for distance, each in valid if distance == min(found for found, _ in valid)]
    return bool(nearest) and not any(_fits(each, local, bool(row["promise_is_date_only"])) for each in nearest)


def _fits(row: Row, local: datetime, is_day: bool) -> bool:
    words = re.findall(r"[a-z]+|\d", (row["delivery_weekdays"] or "").lower())
    days = {int(word) - 1 if word.isdigit() else DAYS.index(word[:3]) for word in words}
    if days and local.weekday() not in days:
        return False
    at = local.time().replace(microsecond=0)
    begin, end = (_time(row[name]) for name in ("delivery_from", "delivery_until"))
    return is_day or ((begin is None or begin <= at) and (end is None or at <= end))


def _time(text: str | None) -> time | None:
    return time(*(int(each) for each in text.split(":"))) if text else None
