"""Decision on all open lines: from which warehouse each of their units is to leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orderhouse.predict.routing.components import components
from orderhouse.predict.routing.improving import improve
from orderhouse.predict.routing.limits import DECISION_SECONDS
from orderhouse.predict.routing.policy import Policy
from orderhouse.predict.routing.start import nearest
from orderhouse.predict.routing.world import Take, World, claims, covers, figures

__all__ = ["Decided", "decide"]


@dataclass(frozen=True)
class Decided:
    """Plan of a world.

    Attributes:
        plan: Units by line and warehouse.
        gaps: Share by which the plan of each line's part could still be better, by line; 0 where it is the best one.
        seconds: Deterministic seconds that the solver took.
    """

    plan: Mapping[Take, int]
    gaps: Mapping[int, float]
    seconds: float


def decide(world: World, policy: Policy, seconds: float = DECISION_SECONDS) -> Decided:
    """Return the plan of a policy. It serves as many units of each SKU as there are, first placed first.

    Parts that share no scarce stock are solved one after another, so that a later part sees the cover that earlier
    ones leave.

    Args:
        world: The world.
        policy: The policy.
        seconds: Limit in deterministic seconds of the solver. A part gets its share by its number of lines, and what
            earlier parts left over.
    """
    units_of = claims(world)
    start = nearest(world, units_of)
    if not policy.aims:
        return Decided(start, dict.fromkeys((number for number, _ in start), 0.0), 0.0)
    parts = components(world, units_of)
    left = {sku: dict(places) for sku, places in world.stock.items()}
    plan: dict[Take, int] = {}
    gaps: dict[int, float] = {}
    spent, share = 0.0, seconds / max(sum(map(len, parts)), 1)
    allowed = 0.0
    for part in parts:
        allowed += share * len(part)
        now = World(world.lines, left, world.lanes, world.demand, world.sending)
        grades = {sku: covers(now, sku) for sku in {world.lines[number].sku for number in part}}
        numbers = set(part)
        of_part = {take: units for take, units in start.items() if take[0] in numbers}
        solved = improve(now, part, units_of, policy.aims, grades, of_part, allowed - spent)
        spent += solved.seconds
        plan |= solved.plan
        gaps |= dict.fromkeys(part, solved.gap)
        for (number, warehouse), units in solved.plan.items():
            left[world.lines[number].sku][warehouse] -= units
    return Decided(plan, gaps, spent)


def totals(world: World, decided: Decided) -> dict[str, int]:
    """Return what the whole plan gives by each aim, with the cover that there was before it."""
    return figures(world, decided.plan, {sku: covers(world, sku) for sku in world.stock})
