"""Costs of goods: the unit cost of a SKU on a day, and what the units of an event cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.oracle.amounts import ZERO, rounded
from tests.oracle.days import business_day
from tests.oracle.revenue import Event
from tests.oracle.state import State

__all__ = ["Cost", "cost_of", "unit_cost"]


class Cost:
    """Cost of the goods of an event. None where a unit cost or a rate is missing."""

    def __init__(self, *, is_missing: bool, amount: Decimal | None, reported: Decimal | None) -> None:
        self.is_missing, self.amount, self.reported = is_missing, amount, reported


def unit_cost(state: State, sku: str, day: date) -> tuple[Decimal, str] | None:
    """Return the unit cost that was stated last by the end of a day, else that of the first day with one."""
    zone = state.world.time_zone
    days = {business_day(row["updated_at"], zone): row for row in state.products.get(sku, [])}
    known = [(stated_on, row) for stated_on, row in sorted(days.items()) if row["unit_cost"] is not None]
    chosen = [row for stated_on, row in known if stated_on <= day][-1:] or [row for _, row in known][:1]
    return (chosen[0]["unit_cost"], str(chosen[0]["currency"])) if chosen else None


def cost_of(state: State, event: Event) -> Cost:
    """Return the cost of an event, rounded once in the currency in which it is stated."""
    if event.costed is None or not event.costed[1]:
        return Cost(is_missing=False, amount=ZERO, reported=ZERO)
    sku, units, day = event.costed
    known = unit_cost(state, sku, day)
    if known is None:
        is_service = state.is_service(sku)
        return Cost(is_missing=not is_service, amount=ZERO, reported=ZERO)
    cost, currency = known
    stated = rounded(cost * units, currency)

    def converted(target: str) -> Decimal | None:
        rate = state.rates.rate(currency, target, event.day)
        return None if rate is None else rounded(stated * rate, target)

    own = stated if currency == event.currency else converted(event.currency)
    return Cost(is_missing=False, amount=own, reported=converted(state.world.reporting_currency))
