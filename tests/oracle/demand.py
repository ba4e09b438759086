"""Demand, sales and levels of a SKU over windows of whole business days that end with the clock's day."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from functools import cached_property
from statistics import pstdev

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.days import business_day
from tests.oracle.revenue import sale_amounts
from tests.oracle.state import State, lines_by_sku
from tests.oracle.stock import ledger

__all__ = ["NETWORK", "Demand"]

NETWORK = "network"
ABC_DAYS, XYZ_WEEKS, TURNOVER_DAYS, SELL_THROUGH_DAYS = 365, 13, 365, 90
Place = tuple[str, str]


class Demand:
    """Units that were ordered and kept (of the network) or shipped (from a warehouse), and their value."""

    def __init__(self, state: State) -> None:
        self.state = state
        world = state.world
        self.today = business_day(world.as_of, world.time_zone)
        self.units: dict[Place, Counter[date]] = defaultdict(Counter)
        self.sold = lines_by_sku(state)
        for sku, lines in self.sold.items():
            for order, line in lines:
                self.units[(sku, NETWORK)][business_day(order.placed_at, world.time_zone)] += line.kept_quantity
        self.days = ledger(state.movements, world.time_zone)
        for place, days in self.days.items():
            for day in days:
                self.units[place][day.business_date] += day.parts["shipped"] - day.parts["unshipped"]

    def ago(self, day: date) -> int:
        """Return how many days a day lies before the clock's."""
        return (self.today - day).days

    def _within(self, place: Place, days: int) -> list[int]:
        return [units for day, units in self.units[place].items() if 0 <= self.ago(day) < days]

    def per_day(self, sku: str, warehouse: str, days: int) -> float:
        """Return the units per day of a window."""
        return sum(self._within((sku, warehouse), days)) / days

    def deviation(self, sku: str, warehouse: str) -> float:
        """Return the standard deviation of the units of a day over 90 days."""
        units = self._within((sku, warehouse), 90)
        return pstdev([*units, *[0] * (90 - len(units))])

    def turnover(self, places: list[Place]) -> float | None:
        """Return the units shipped per year ÷ average level; none where the level is not above zero."""
        shipped = sum(sum(self._within(place, TURNOVER_DAYS)) for place in places)
        level_days = 0
        for place in places:
            for day in self.days.get(place, []):
                if self.ago(day.business_date) >= 0:
                    stays = min(self.ago(day.business_date) + 1, TURNOVER_DAYS)
                    level_days += (day.closing - day.opening) * stays
        return shipped * 365 / level_days if level_days > 0 else None

    def sell_through(self, places: list[Place]) -> float | None:
        """Return the units shipped ÷ (units at the start + received); none where there were none."""
        shipped = sum(sum(self._within(place, SELL_THROUGH_DAYS)) for place in places)
        supplied = 0
        for place in places:
            for day in self.days.get(place, []):
                ago = self.ago(day.business_date)
                if ago >= SELL_THROUGH_DAYS:
                    supplied += day.closing - day.opening
                elif ago >= 0:
                    supplied += day.parts["received"]
        return shipped / supplied if supplied > 0 else None

    def xyz_class(self, sku: str) -> str:
        """Return X, Y or Z by the variation of the units of a week as a share of their mean."""
        weeks = [0] * XYZ_WEEKS
        for day, units in self.units[(sku, NETWORK)].items():
            if 0 <= self.ago(day) < 7 * XYZ_WEEKS:
                weeks[self.ago(day) // 7] += units
        mean = sum(weeks) / XYZ_WEEKS
        if not mean:
            return "Z"
        variation = pstdev(weeks) / mean
        return "X" if variation <= 0.5 else "Y" if variation <= 1 else "Z"

    @cached_property
    def net_sales(self) -> dict[str, tuple[Decimal, bool]]:
        """Return net sales of the window by SKU in the reporting currency, and true where a rate is missing.

        Every line is an event and converted alone.
        """
        world, found = self.state.world, {}
        for sku, lines in self.sold.items():
            total, is_missing = ZERO, False
            for order, line in lines:
                day = business_day(order.placed_at, world.time_zone)
                if line.row["is_gift_card"] or not line.kept_quantity or not 0 <= self.ago(day) < ABC_DAYS:
                    continue
                rate = self.state.rates.rate(order.currency, world.reporting_currency, day)
                amounts = sale_amounts(line, 0, line.kept_quantity)
                is_missing = is_missing or rate is None
                for name, sign in (("gross_sales", 1), ("discounts", -1)):
                    total += ZERO if rate is None else sign * rounded(amounts[name] * rate, world.reporting_currency)
            found[sku] = (total, is_missing)
        return found

    @cached_property
    def abc_classes(self) -> dict[str, str]:
        """Return A for the SKUs that make up the first 80 % of net sales, B for the next 15 %, C for the rest."""
        ranked = sorted(self.net_sales, key=lambda sku: (-self.net_sales[sku][0], sku))
        total = sum((max(net, ZERO) for net, _ in self.net_sales.values()), ZERO)
        better, found = ZERO, {}
        for sku in ranked:
            net = self.net_sales[sku][0]
            is_a, is_b = better < total * Decimal("0.80"), better < total * Decimal("0.95")
            found[sku] = "C" if net <= 0 else "A" if is_a else "B" if is_b else "C"
            better += max(net, ZERO)
        return found
