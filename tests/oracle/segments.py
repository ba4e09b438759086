"""Segments of customers under the schemes rfm and lifecycle, at the snapshots of the build's day and of month ends."""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.customers import SPENDING, Customer, customers_of, dim_customers
from tests.oracle.days import business_day
from tests.oracle.orders import Order
from tests.oracle.state import State

__all__ = ["SCHEMES", "customer_segments", "customers_with_lifecycle"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
SCHEMES = ("rfm", "lifecycle")
SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
SNAPSHOT_MONTHS = 12
DEFAULT_GAP = 90.0


@cache
def _names() -> dict[tuple[int, int, int], str]:
    with (SEEDS / "rfm_segments.csv").open(newline="") as file:
        return {
            (int(row["recency_score"]), int(row["frequency_score"]), int(row["monetary_score"])): row["segment"]
            for row in csv.DictReader(file)
        }


def snapshot_dates(state: State) -> list[date]:
    """Return the build's day and the month ends before it that are kept."""
    today = business_day(state.world.as_of, state.world.time_zone)
    found, first = [today], today.replace(day=1)
    for _ in range(SNAPSHOT_MONTHS):
        found.append(first - timedelta(days=1))
        first = found[-1].replace(day=1)
    return sorted(set(found))


def customer_segments(state: State) -> Cells:
    """Return fct_customer_segments of the compared schemes, for identified customers."""
    customers, cells = customers_of(state), {}
    for day in snapshot_dates(state):
        past = {key: _Past(customer, day) for key, customer in customers.items()}
        known = {key: each for key, each in past.items() if each.orders}
        gaps = [median(each.gaps) for each in known.values() if each.gaps]
        population = max(median(gaps), 1.0) if gaps else DEFAULT_GAP
        scored = [each for each in known.values() if each.spend is not None]
        recency = _scores(-each.recency_days for each in known.values())
        frequency = _scores(len(each.purchases) for each in known.values())
        monetary = _scores(each.spend for each in scored)
        for key, each in known.items():
            # Only spend is unknown for want of a rate, so only spend has no score.
            spent = None if each.spend is None else monetary[each.spend]
            recent, often = recency[-each.recency_days], frequency[len(each.purchases)]
            shared = {
                "recency_score": recent,
                "frequency_score": often,
                "monetary_score": spent,
                "recency_days": each.recency_days,
                "purchases_count": len(each.purchases),
                "net_spend_amount_reporting": each.spend,
            }
            named = "unscored" if spent is None else _names()[recent, often, spent]
            segments = {"rfm": named, "lifecycle": each.lifecycle(population)}
            for scheme, segment in segments.items():
                cells[(key, scheme, day)] = shared | {"segment": segment}
    return cells


def customers_with_lifecycle(state: State) -> Cells:
    """Return dim_customers."""
    today = business_day(state.world.as_of, state.world.time_zone)
    segments = {
        key: cells["segment"]
        for (key, scheme, day), cells in customer_segments(state).items()
        if scheme == "lifecycle" and day == today
    }
    return {
        (key,): row | {"lifecycle": segments.get(key, "never_bought")} for (key,), row in dim_customers(state).items()
    }


def _scores(values: Iterable[Any]) -> dict[Any, int]:
    """Return the fifth of each value by percent_rank, from 1 for the lowest to 5; ties share it."""
    ranked = sorted(values)
    last = max(len(ranked) - 1, 1)
    return {value: min(5, bisect_left(ranked, value) * 5 // last + 1) for value in set(ranked)}


class _Past:
    """Purchases of a customer up to the end of a day, as known today."""

    def __init__(self, customer: Customer, day: date) -> None:
        zone = customer.state.world.time_zone

        def is_past(order: Order) -> bool:
            return business_day(order.placed_at, zone) <= day

        self.day = day
        self.zone = zone
        self.orders = [order for order in customer.orders if is_past(order)]
        self.purchases = [order for order in customer.purchases if is_past(order)]
        at = [order.placed_at for order in self.purchases]
        self.gaps = [(after - before).total_seconds() / 86_400 for before, after in zip(at, at[1:], strict=False)]
        self.spend = self._spend(customer) if self.orders else ZERO

    def _spend(self, customer: Customer) -> Decimal | None:
        rates, reporting = customer.state.rates, customer.state.world.reporting_currency
        total = ZERO
        if customer.lacks_rate(self.orders):
            return None
        for event in customer.events:
            if event.day <= self.day and event.kind in SPENDING:
                reported = event.reported(rates, reporting)
                if reported is None:
                    return None
                for name, sign in (("gross_sales", 1), ("discounts", -1), ("returns", -1)):
                    total += sign * reported.get(name, ZERO)
        return total

    @property
    def recency_days(self) -> int:
        """Return the days since the last purchase, else since the last order."""
        last = (self.purchases or self.orders)[-1]
        return (self.day - business_day(last.placed_at, self.zone)).days

    def lifecycle(self, population: float) -> str:
        """Return new, active, at_risk or lost by the lapse points, never_bought without a purchase."""
        if not self.purchases:
            return "never_bought"
        gap = max(median(self.gaps), 1.0) if self.gaps else population
        if self.recency_days <= 2 * gap:
            return "new" if len(self.purchases) == 1 else "active"
        return "at_risk" if self.recency_days <= 4 * gap else "lost"
