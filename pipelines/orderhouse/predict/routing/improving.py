"""Solution of large parts, neighbourhood by neighbourhood.

The model of hundreds of orders that compete for the same stock is not solved within seconds. Twenty of them are, while
the others keep what they have. Each step gives a plan that is at least as good, so one may stop after any of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from orderhouse.predict.routing.solving import Grades, Solved, gap_of, solve
from orderhouse.predict.routing.world import Take, World, figures

__all__ = ["improve"]

# 20 orders give as few parcels as 50 in a tenth of the time (decision 118).
NEIGHBOURS = 20
MOST_PASSES = 8
LEAST_SECONDS = 0.02


def improve(
    world: World,
    part: Sequence[int],
    units_of: Sequence[int],
    aims: Sequence[str],
    grades: Grades,
    start: Mapping[Take, int],
    seconds: float,
) -> Solved:
    """Return the best plan found for a part within a limit. The arguments are those of `solve`."""
    orders = _orders(world, part)
    if len(orders) <= NEIGHBOURS:
        return solve(world, part, units_of, aims, grades, start, seconds)
    each = max(seconds * NEIGHBOURS / len(orders) / MOST_PASSES, LEAST_SECONDS)
    bound, spent = _bound(world, orders, units_of, aims, grades, start, each)
    plan = dict(start)
    for number in range(MOST_PASSES):
        before = figures(world, plan, grades)
        for lines in _neighbourhoods(world, orders, number):
            if spent >= seconds:
                break
            others = {take: units for take, units in plan.items() if take[0] not in lines}
            own = {take: units for take, units in plan.items() if take[0] in lines}
            solved = solve(_without(world, others), sorted(lines), units_of, aims, grades, own, each)
            spent += solved.seconds
            plan = others | solved.plan
        if spent >= seconds or (number and figures(world, plan, grades) == before):
            break
    reached = figures(world, plan, grades)
    return Solved(plan, gap_of(reached, bound, aims), spent, bound)


def _bound(
    world: World,
    orders: Sequence[Sequence[int]],
    units_of: Sequence[int],
    aims: Sequence[str],
    grades: Grades,
    start: Mapping[Take, int],
    seconds: float,
) -> tuple[dict[str, int], float]:
    """Return what the part would give if each neighbourhood had all stock for itself: no plan can be better."""
    bound, spent = dict.fromkeys(aims, 0), 0.0
    for lines in _neighbourhoods(world, orders, 0):
        own = {take: units for take, units in start.items() if take[0] in lines}
        solved = solve(world, sorted(lines), units_of, aims, grades, own, seconds)
        spent += solved.seconds
        for aim in aims:
            bound[aim] += solved.bound[aim]
    return bound, spent


def _orders(world: World, part: Sequence[int]) -> list[list[int]]:
    """Return the lines of each order of a part, in the order of the first line."""
    found: dict[str, list[int]] = {}
    for number in part:
        found.setdefault(world.lines[number].order_id, []).append(number)
    return list(found.values())


def _neighbourhoods(world: World, orders: Sequence[Sequence[int]], number: int) -> Iterator[set[int]]:
    """Yield the lines of each neighbourhood: orders placed after one another, orders of the same SKU, or any orders."""
    kept = list(orders)
    if number == 1:
        kept.sort(key=lambda lines: (min(world.lines[each].sku for each in lines), lines[0]))
    elif number > 1:
        random.Random(number).shuffle(kept)  # noqa: S311 - the same order at every run, and no secret
    for first in range(0, len(kept), NEIGHBOURS):
        yield {line for lines in kept[first : first + NEIGHBOURS] for line in lines}


def _without(world: World, plan: Mapping[Take, int]) -> World:
    """Return the world with the stock that a plan leaves."""
    left = {sku: dict(places) for sku, places in world.stock.items()}
    for (number, warehouse), units in plan.items():
        left[world.lines[number].sku][warehouse] -= units
    return World(world.lines, left, world.lanes, world.demand, world.sending)
