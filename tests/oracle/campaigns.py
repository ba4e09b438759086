"""Campaigns as the oracle expects them: members with what they bought, and the lift by Welch's comparison of means."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from scipy.stats import t as student_t

from tests.oracle.amounts import ZERO
from tests.oracle.customers import SPENDING, Customer, customers_of
from tests.oracle.days import business_day
from tests.oracle.orders import Order
from tests.oracle.state import State
from tests.oracle.versions import Row

__all__ = ["campaign_members", "campaign_results", "suppressions"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
OF_MEMBER = ("arm", "title", "purpose", "channel", "template", "offer", "attribution_days", "assigned_at")
# Numbers of degrees of freedom between two of the table count as the smaller one.
STEPS = [*range(1, 101), *range(110, 201, 10), *range(250, 1001, 50), 2000, 5000, 10_000, 100_000, 1_000_000]


def campaign_members(state: State) -> Cells:
    """Return fct_campaign_members."""
    customers = customers_of(state)
    return {
        (row["campaign_id"], row["customer_key"]): _member(state, row, customers.get(row["customer_key"]))
        for row in state.world.events("campaign_members")
    }


def _member(state: State, row: Row, customer: Customer | None) -> dict[str, Any]:
    begin, zone = row["assigned_at"], state.world.time_zone
    end = begin + timedelta(days=row["attribution_days"])
    bought = [order for order in customer.purchases if begin <= order.placed_at < end] if customer else []
    missing, net = 0, ZERO
    for order in bought:
        lacking, amount = _net(customer, order, business_day(end, zone))
        missing, net = missing + lacking, net + amount
    return {name: row[name] for name in OF_MEMBER} | {
        "orders_count": len(bought),
        "missing_rates_count": missing,
        "net_sales_amount_reporting": None if missing else net,
        "is_buyer": bool(bought),
        "assigned_date": business_day(begin, zone),
        "window_ends_at": end,
    }


def _net(customer: Customer | None, order: Order, last: date) -> tuple[int, Decimal]:
    """Return how many rates are missing for an order and for its days of returns, and its net sales."""
    assert customer is not None
    rates, reporting = customer.state.rates, customer.state.world.reporting_currency
    missing, net = int(customer.lacks_rate([order])), ZERO
    days = set()
    for event in customer.events:
        if event.subject != order.order_id or event.kind not in SPENDING:
            continue
        if event.kind != "sale" and event.day > last:
            continue
        amounts = event.reported(rates, reporting)
        if amounts is None:
            if event.kind != "sale":
                days.add((event.currency, event.day))
            continue
        signs = {"gross_sales": 1, "discounts": -1, "returns": -1}
        net += sum((sign * amounts.get(name, ZERO) for name, sign in signs.items()), ZERO)
    return missing + len(days), net


def campaign_results(state: State) -> Cells:
    """Return fct_campaign_results."""
    arms: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for (campaign, _), member in campaign_members(state).items():
        arms[(campaign, member["arm"])].append(member)
    found = {key: _arm(state, members) for key, members in arms.items()}
    for (campaign, arm), members in arms.items():
        against = arms.get((campaign, "held_out"), []) if arm == "treated" else []
        found[(campaign, arm)] |= _lift(_values(members), _values(against))
    return found


def _values(members: list[dict[str, Any]]) -> list[float] | None:
    """Return net sales by member; None if one of them lacks a rate."""
    values = [member["net_sales_amount_reporting"] for member in members]
    return None if any(value is None for value in values) else [float(value) for value in values]


def _arm(state: State, members: list[dict[str, Any]]) -> dict[str, Any]:
    values, ends = _values(members), max(member["window_ends_at"] for member in members)
    known = [member["net_sales_amount_reporting"] for member in members]
    buyers = sum(member["is_buyer"] for member in members)
    return {
        "members_count": len(members),
        "buyers_count": buyers,
        "orders_count": sum(member["orders_count"] for member in members),
        "missing_rates_count": sum(member["missing_rates_count"] for member in members),
        "net_sales_amount_reporting": None if values is None else sum(known, ZERO),
        "buyer_rate": buyers / len(members),
        "net_sales_per_member": None if values is None else math.fsum(values) / len(values),
        "is_complete": ends <= state.world.as_of,
        "window_ends_at": ends,
    }


LIFTS = (
    "degrees_of_freedom", "lift_per_member", "lift_low_per_member", "lift_high_per_member",
    "detectable_lift_per_member", "has_effect",
)  # fmt: skip


def _lift(treated: list[float] | None, held_out: list[float] | None) -> dict[str, Any]:
    nothing = dict.fromkeys(LIFTS)
    if treated is None or held_out is None or min(len(treated), len(held_out)) < 2:
        return nothing
    parts = [_variance(values) / len(values) for values in (treated, held_out)]
    error = math.sqrt(sum(parts))
    if error == 0:
        return nothing
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(values) - 1) for part, values in zip(parts, (treated, held_out), strict=True)
    )
    step = max(each for each in STEPS if each <= math.floor(freedom + 1e-9))
    lift = math.fsum(treated) / len(treated) - math.fsum(held_out) / len(held_out)
    reach = float(student_t.ppf(0.975, step)) * error
    numbers = (math.floor(freedom + 1e-9), lift, lift - reach, lift + reach)
    return dict(zip(LIFTS, (*numbers, reach + float(student_t.ppf(0.8, step)) * error, abs(lift) > reach), strict=True))


def _variance(values: list[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def suppressions(state: State) -> Cells:
    """Return fct_suppressions: the latest decision, and of simultaneous ones the stricter."""
    found: Cells = {}
    rows = state.world.events("suppressions")
    for row in sorted(rows, key=lambda each: (each["occurred_at"], each["kind"] != "resumed")):
        found[(row["recipient"], row["purpose"])] = {
            "is_suppressed": row["kind"] != "resumed",
            "occurred_at": row["occurred_at"],
        }
    return found
