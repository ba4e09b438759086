"""Rows of the revenue mart as the oracle expects them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.costs import cost_of
from tests.oracle.revenue import AMOUNTS, Event
from tests.oracle.state import State
from tests.oracle.takebacks import revenue_events
from tests.oracle.versions import grouped

__all__ = ["revenue_daily"]

Cells = dict[tuple[Any, ...], dict[str, Any]]


def _key(event: Event) -> tuple[Any, ...]:
    return (event.day, event.clock, event.channel, event.country, event.category, event.currency)


def revenue_daily(state: State) -> Cells:
    """Return fct_revenue_daily."""
    return {key: _row(state, events) for key, events in grouped(revenue_events(state), _key).items()}


def _row(state: State, events: list[Event]) -> dict[str, Any]:
    reported = [event.reported(state.rates, state.world.reporting_currency) for event in events]
    costs = [cost_of(state, event) for event in events]
    missing_rates = sum(amounts is None for amounts in reported)
    missing_costs = sum(cost.is_missing for cost in costs)
    known = None if missing_rates else [amounts for amounts in reported if amounts is not None]
    own = [event.amounts for event in events]
    return {
        "orders_count": sum(event.orders for event in events),
        "units_quantity": sum(event.units for event in events),
        "returned_quantity": sum(event.returned_units for event in events),
        "events_count": len(events),
        "missing_rates_count": missing_rates,
        "missing_costs_count": missing_costs,
        **_amounts(own, None if missing_costs else [cost.amount for cost in costs], ""),
        **_amounts(known, None if missing_costs else [cost.reported for cost in costs], "_reporting"),
    }


def _amounts(
    amounts: list[dict[str, Decimal]] | None, costs: Iterable[Decimal | None] | None, suffix: str
) -> dict[str, Decimal | None]:
    """Return the sums of amounts and costs, none where any of them is unknown."""
    cost = _whole(costs)
    names = ("gross_sales", "discounts", "returns", "net_sales", "tax", "shipping", "total_sales", "refunds", "fees")
    found: dict[str, Decimal | None] = {f"{name}_amount{suffix}": None for name in names}
    net = None
    if amounts is not None:
        sums = {name: sum((each.get(name, ZERO) for each in amounts), ZERO) for name in AMOUNTS}
        net = sums["gross_sales"] - sums["discounts"] - sums["returns"]
        sums |= {"net_sales": net, "total_sales": net + sums["tax"] + sums["shipping"]}
        found |= {f"{name}_amount{suffix}": amount for name, amount in sums.items()}
    found[f"cost_of_goods_amount{suffix}"] = cost
    found[f"gross_margin_amount{suffix}"] = None if net is None or cost is None else net - cost
    return found


def _whole(values: Iterable[Decimal | None] | None) -> Decimal | None:
    if values is None:
        return None
    known = list(values)
    return None if None in known else sum((value for value in known if value is not None), ZERO)
