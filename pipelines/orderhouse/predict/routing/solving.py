"""Solution of one part of the open lines by OR-tools CP-SAT, aim after aim.

The limit counts the solver's own deterministic seconds, by the work that it does. A limit by the clock on the wall
would give other proposals on a busier machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from ortools.sat.python import cp_model

from orderhouse.predict.routing.world import Take, World, figures

__all__ = ["Grades", "Solved", "gap_of", "solve"]

# Aims are joined into one weighted sum while it stays below this, far from what a double counts exactly.
GREATEST_SUM = 10**12
SEED = 20_261_201
LEAST_SECONDS = 0.01

Grades = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Solved:
    """Plan of one part.

    Attributes:
        plan: Units by line and warehouse.
        gap: Share by which the first aim that was not proved best could still be better; 0 if the plan is the best one.
        seconds: Deterministic seconds that the solver took.
        bound: Figures by aim that no plan of the part can be better than, compared in the order of the aims.
    """

    plan: dict[Take, int]
    gap: float
    seconds: float
    bound: dict[str, int]


@dataclass
class _Model:
    """Model of a part: variables of takes and parcels, and the sum of each aim with the greatest value it can have."""

    model: cp_model.CpModel
    takes: dict[Take, cp_model.IntVar]
    parcels: dict[tuple[str, str], cp_model.IntVar]
    sums: dict[str, cp_model.LinearExprT]
    most: dict[str, int]
    orders: dict[int, str]


def solve(
    world: World,
    numbers: Sequence[int],
    units_of: Sequence[int],
    aims: Sequence[str],
    grades: Grades,
    start: Mapping[Take, int],
    seconds: float,
) -> Solved:
    """Return the best plan found for some lines within a limit. It is never worse than the plan that it starts from.

    Args:
        world: The world.
        numbers: Numbers of the lines, which share stock with no other line.
        units_of: Units that each line of the world gets.
        aims: The aims, the most important first.
        grades: Grades of cover by SKU.
        start: A plan of these lines.
        seconds: Limit in deterministic seconds of the solver.
    """
    built = _build(world, numbers, units_of, grades)
    best, spent = dict(start), 0.0
    bound: dict[str, int] = {}
    is_proved = True
    waiting = list(aims)
    while waiting:
        group = _joined(waiting, built.most)
        waiting = waiting[len(group) :]
        solver = _solver(max((seconds - spent) / (2 if waiting else 1), LEAST_SECONDS))
        weights = _weights(group, built.most)
        _hint(built, best)
        built.model.minimize(sum(weight * built.sums[aim] for aim, weight in weights.items()))
        status = solver.solve(built.model)
        spent += solver.response_proto.deterministic_time
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            found = {take: solver.value(variable) for take, variable in built.takes.items() if solver.value(variable)}
            best = min(best, found, key=lambda plan: _value(world, plan, grades, aims))
        reached = figures(world, best, grades)
        if status == cp_model.OPTIMAL and is_proved:
            bound |= {aim: reached[aim] for aim in group}
        else:
            # Later aims were searched under figures that may not be the best, so nothing is proved of them.
            bound |= _parts(round(solver.best_objective_bound), weights) if is_proved else dict.fromkeys(group, 0)
            is_proved = False
        for aim in group:
            built.model.add(built.sums[aim] <= reached[aim])
    return Solved(best, gap_of(figures(world, best, grades), bound, aims), spent, bound)


def _value(world: World, plan: Mapping[Take, int], grades: Grades, aims: Sequence[str]) -> tuple[int, ...]:
    reached = figures(world, plan, grades)
    return tuple(reached[aim] for aim in aims)


def _build(world: World, numbers: Sequence[int], units_of: Sequence[int], grades: Grades) -> _Model:
    """Return the model: each line gets its units, no warehouse gives more than it has, and units need their parcel."""
    model = cp_model.CpModel()
    takes: dict[Take, cp_model.IntVar] = {}
    parcels: dict[tuple[str, str], cp_model.IntVar] = {}
    costs: dict[tuple[str, str], int] = {}
    wanted_of: dict[str, list[Take]] = {}
    for number in numbers:
        line, units = world.lines[number], units_of[number]
        for warehouse in world.holders(line):
            take = (number, warehouse)
            takes[take] = model.new_int_var(0, min(units, world.stock[line.sku][warehouse]), "")
            wanted_of.setdefault(line.sku, []).append(take)
            key = (line.order_id, warehouse)
            if key not in world.sending:
                if key not in parcels:
                    parcels[key] = model.new_bool_var("")
                    costs[key] = world.lane(warehouse, line).cost
                model.add(takes[take] <= min(units, world.stock[line.sku][warehouse]) * parcels[key])
        model.add(sum(takes[number, name] for name in world.holders(line)) == units)
    for sku, asked in wanted_of.items():
        for warehouse, held in world.stock[sku].items():
            of_place = [take for take in asked if take[1] == warehouse]
            if sum(units_of[number] for number, _ in of_place) > held > 0:
                model.add(sum(takes[take] for take in of_place) <= held)
    total = sum(units_of[number] for number in numbers)
    late = [take for take in takes if world.is_late(take[1], world.lines[take[0]])]
    graded = {take: grades[world.lines[take[0]].sku][take[1]] for take in takes}
    return _Model(
        model,
        takes,
        parcels,
        {
            "parcels": sum(parcels.values()),
            "date": sum(takes[take] for take in late),
            "cost": sum(costs[key] * parcel for key, parcel in parcels.items()),
            "cover": sum(grade * takes[take] for take, grade in graded.items() if grade),
        },
        {
            "parcels": len(parcels),
            "date": total if late else 0,
            "cost": sum(costs.values()),
            "cover": total * max(graded.values(), default=0),
        },
        {number: world.lines[number].order_id for number in numbers},
    )


def _joined(aims: Sequence[str], most: Mapping[str, int]) -> list[str]:
    """Return the first aims, as many as one weighted sum can hold; at least one."""
    size = 1

    def _fits(aim: str) -> bool:
        nonlocal size
        size *= most[aim] + 1
        return size <= GREATEST_SUM

    return list(takewhile(_fits, aims)) or list(aims[:1])


def _weights(group: Sequence[str], most: Mapping[str, int]) -> dict[str, int]:
    """Return weights by which one unit of an aim outweighs all that later aims can give."""
    weights, weight = {}, 1
    for aim in reversed(group):
        weights[aim] = weight
        weight *= most[aim] + 1
    return weights


def _hint(built: _Model, plan: Mapping[Take, int]) -> None:
    built.model.clear_hints()  # type: ignore[no-untyped-call]  # OR-tools says no types of it
    sends = {(built.orders[number], warehouse) for (number, warehouse), units in plan.items() if units}
    for take, variable in built.takes.items():
        built.model.add_hint(variable, plan.get(take, 0))
    for key, parcel in built.parcels.items():
        built.model.add_hint(parcel, key in sends)


def _solver(seconds: float) -> cp_model.CpSolver:
    """Return a solver that finds the same plan for the same model on every machine."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.random_seed = SEED
    solver.parameters.max_deterministic_time = seconds
    return solver


def _parts(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Return the figures of the aims in a weighted sum of them."""
    parts, left = {}, max(total, 0)
    for aim, weight in weights.items():
        parts[aim], left = divmod(left, weight)
    return parts


def gap_of(reached: Mapping[str, int], bound: Mapping[str, int], aims: Sequence[str]) -> float:
    """Return the share by which the first aim that is not at its bound could still be better."""
    for aim in aims:
        if reached[aim] > bound[aim]:
            return (reached[aim] - bound[aim]) / reached[aim]
    return 0.0
