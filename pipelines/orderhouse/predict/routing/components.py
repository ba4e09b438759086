"""Division of open lines into parts that share no scarce stock and can be solved apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from orderhouse.predict.routing.world import World

__all__ = ["components"]


def components(world: World, units_of: Sequence[int]) -> list[list[int]]:
    """Return the numbers of the lines of each part, in the order of each part's first line.

    Lines of one order belong together, because they share parcels. Orders belong together if they want a SKU of which
    some warehouse cannot serve all of them. Of any other SKU every warehouse that has it has enough for everybody, and
    the choice of one order takes nothing from another.
    """
    parents = list(range(len(world.lines)))

    def _root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    first_of: dict[tuple[str, str], int] = {}
    scarce = _scarce_skus(world, units_of)
    for number, line in enumerate(world.lines):
        if not units_of[number]:
            continue
        for key in [("order", line.order_id)] + ([("sku", line.sku)] if line.sku in scarce else []):
            other = _root(first_of.setdefault(key, number))
            here = _root(number)
            parents[max(other, here)] = min(other, here)
    parts: dict[int, list[int]] = defaultdict(list)
    for number, units in enumerate(units_of):
        if units:
            parts[_root(number)].append(number)
    return [parts[root] for root in sorted(parts)]


def _scarce_skus(world: World, units_of: Sequence[int]) -> set[str]:
    """Return the SKUs of which some warehouse has stock, but not enough for all lines."""
    wanted: dict[str, int] = defaultdict(int)
    for line, units in zip(world.lines, units_of, strict=True):
        wanted[line.sku] += units
    return {sku for sku, units in wanted.items() if any(0 < held < units for held in world.stock.get(sku, {}).values())}
