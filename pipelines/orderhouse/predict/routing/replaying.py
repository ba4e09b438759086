"""Replay of past orders against the stock as it was, under one policy.

Each business day's orders are decided on together when the day ends, with what earlier days left waiting. Lines that no
stock comes for within the patience are cancelled. Reading the past from tables belongs in `history`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from orderhouse.predict.routing.deciding import decide
from orderhouse.predict.routing.limits import DAY_SECONDS
from orderhouse.predict.routing.policy import Policy
from orderhouse.predict.routing.world import Lane, Line, World

__all__ = ["PATIENCE_DAYS", "Outcome", "Past", "PastLine", "Told", "replay"]

PATIENCE_DAYS = 14

Told = Callable[[int, int], None]


def _say_nothing(days: int, of: int) -> None:
    """Do nothing after a day."""


@dataclass(frozen=True)
class PastLine:
    """An order line as it was placed: its units, where it went, and the end of its first promise, in UTC."""

    order_id: str
    line_id: str
    sku: str
    quantity: int
    country: str | None
    promise_ends_at: datetime | None


@dataclass(frozen=True)
class Past:
    """The days of a replay.

    Attributes:
        days: Business days, in order.
        lines: Lines by the day on which they were placed, first placed first.
        stock: Level of each SKU and warehouse before the first day.
        movements: What each day added by SKU and warehouse, without the parcels of these lines.
        lanes: Lanes by warehouse and country.
        digits: Digits of the minor units of their costs.
        currency: The reporting currency.
    """

    days: Sequence[date]
    lines: Mapping[date, Sequence[PastLine]]
    stock: Mapping[tuple[str, str], int]
    movements: Mapping[date, Mapping[tuple[str, str], int]]
    lanes: Mapping[tuple[str, str | None], Lane]
    digits: int = 2
    currency: str = ""


@dataclass
class Outcome:
    """What a policy would have given.

    Attributes:
        policy: Its name.
        orders: Orders of the replay.
        units: Their units.
        parcels: Parcels.
        promised: Parcels with a promise and a known time.
        on_time: Those of them that would probably have kept it.
        cost: Cost of the parcels in minor units.
        cancelled_units: Units cancelled for want of stock.
        waiting_units: Units that still waited for stock, and not too long, when the replay ended.
        worst_gap: Greatest gap of a day; 0 if each day's plan was the best one.
    """

    policy: str
    orders: int = 0
    units: int = 0
    parcels: int = 0
    promised: int = 0
    on_time: int = 0
    cost: int = 0
    cancelled_units: int = 0
    waiting_units: int = 0
    worst_gap: float = 0.0


@dataclass
class _Waiting:
    line: PastLine
    quantity: int
    since: date


@dataclass
class _State:
    levels: dict[tuple[str, str], int]
    waiting: list[_Waiting] = field(default_factory=list)


def replay(past: Past, policy: Policy, patience_days: int = PATIENCE_DAYS, told: Told = _say_nothing) -> Outcome:
    """Return what a policy would have given.

    Args:
        past: The days.
        policy: The policy.
        patience_days: Days after which a line without stock is cancelled.
        told: Called after each day with the number of days done and of all days.
    """
    state = _State(dict(past.stock))
    outcome = Outcome(policy.name)
    outcome.orders = len({line.order_id for lines in past.lines.values() for line in lines})
    outcome.units = sum(line.quantity for lines in past.lines.values() for line in lines)
    for number, day in enumerate(past.days, 1):
        for place, units in past.movements.get(day, {}).items():
            state.levels[place] = state.levels.get(place, 0) + units
        state.waiting += [_Waiting(line, line.quantity, day) for line in past.lines.get(day, ())]
        _decide_day(past, policy, day, state, outcome)
        kept = []
        for each in state.waiting:
            if (day - each.since).days >= patience_days:
                outcome.cancelled_units += each.quantity
            else:
                kept.append(each)
        state.waiting = kept
        told(number, len(past.days))
    outcome.waiting_units = sum(each.quantity for each in state.waiting)
    return outcome


def _decide_day(past: Past, policy: Policy, day: date, state: _State, outcome: Outcome) -> None:
    """Send what a day's stock allows, and count it."""
    clock = datetime.combine(day, time()) + timedelta(days=1)
    lines = tuple(
        Line(
            each.line.order_id,
            each.line.line_id,
            each.line.sku,
            each.quantity,
            each.line.country,
            None if each.line.promise_ends_at is None else (each.line.promise_ends_at - clock).total_seconds() / 3600,
        )
        for each in state.waiting
    )
    stock: dict[str, dict[str, int]] = defaultdict(dict)
    for (sku, warehouse), units in state.levels.items():
        if units > 0:
            stock[sku][warehouse] = units
    world = World(lines, stock, past.lanes)
    decided = decide(world, policy, DAY_SECONDS)
    parcels: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for (number, warehouse), units in decided.plan.items():
        line = lines[number]
        parcels[line.order_id, warehouse].append(line)
        state.levels[line.sku, warehouse] -= units
        state.waiting[number].quantity -= units
    state.waiting = [each for each in state.waiting if each.quantity]
    outcome.parcels += len(parcels)
    outcome.worst_gap = max((outcome.worst_gap, *decided.gaps.values()))
    for (_, warehouse), carried in parcels.items():
        lane = world.lane(warehouse, carried[0])
        outcome.cost += lane.cost
        if lane.hours_p90 is not None and any(line.hours_left is not None for line in carried):
            outcome.promised += 1
            outcome.on_time += not any(world.is_late(warehouse, line) for line in carried)
