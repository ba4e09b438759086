"""Routing of many open orders at once: processor seconds, gap, parcels and lateness of each policy beside the nearest.

Run as `python -m tests.benchmarks.routing [ORDERS]`; 1,000 orders by default.
"""

from __future__ import annotations

import random
import sys
import time

from orderhouse.predict.routing.deciding import Decided, decide, totals
from orderhouse.predict.routing.policy import NAMED_POLICIES, NEAREST, parse_policy
from orderhouse.predict.routing.world import Lane, Line, World

ORDERS = 1_000
SEED = 20_261_201
WAREHOUSES = ("ber", "ldn", "lys", "pdx")
# Hours that nine of ten parcels do not exceed, and cost in cents, from each warehouse to each country.
HOURS = {
    "DE": (30, 80, 54, 150), "GB": (78, 28, 76, 140), "FR": (56, 74, 30, 150), "US": (150, 140, 150, 50),
    "SE": (70, 96, 90, 160), "IT": (66, 98, 52, 160),
}  # fmt: skip
LINES_PER_ORDER = (1, 1, 2, 2, 3)
PROMISES = (None, 36.0, 60.0, 84.0, 120.0)


def crowd(orders: int) -> World:
    """Return open orders that want 60 popular SKUs and 240 others, and stock for about all of them, unevenly spread."""
    draw = random.Random(SEED)  # noqa: S311 - no secret
    skus = [f"s{number:03}" for number in range(300)]
    weights = [8] * 60 + [1] * 240
    lines = []
    for number in range(orders):
        country, hours = draw.choice(list(HOURS)), draw.choice(PROMISES)
        wanted = dict.fromkeys(draw.choices(skus, weights, k=draw.choice(LINES_PER_ORDER)))
        lines += [
            Line(f"o{number:05}", str(line), sku, draw.randint(1, 3), country, hours)
            for line, sku in enumerate(wanted, 1)
        ]
    asked = {sku: sum(line.quantity for line in lines if line.sku == sku) for sku in skus}
    stock = {
        sku: {place: draw.randint(0, 2 * asked[sku] // 3 + 2) for place in WAREHOUSES if draw.random() < 0.8}
        for sku in skus
    }
    lanes: dict[tuple[str, str | None], Lane] = {
        (place, country): Lane(hours, 400 + 5 * hours)
        for country, row in HOURS.items()
        for place, hours in zip(WAREHOUSES, row, strict=True)
    }
    demand = {(sku, place): draw.random() * 2 for sku in skus for place in WAREHOUSES}
    return World(tuple(lines), stock, lanes, demand)


def told(world: World, name: str, decided: Decided, seconds: float) -> str:
    """Return what a policy gives, in one line."""
    found = totals(world, decided)
    gap = "gap      -" if name == NEAREST else f"gap {max(decided.gaps.values(), default=0.0):6.1%}"
    return (
        f"{name:15} {seconds:6.2f} s  {gap}  {found['parcels']:5,} parcels  {found['date']:5,} units late  "
        f"cost {found['cost'] / 100:10,.2f}"
    )


def main(orders: int) -> None:
    """Decide on the same orders under every policy."""
    world = crowd(orders)
    units = sum(line.quantity for line in world.lines)
    decide(crowd(2), parse_policy("on-time"))  # imports and first solve
    print(f"{orders:,} open orders, {len(world.lines):,} lines, {units:,} units")
    for name in (NEAREST, *NAMED_POLICIES):
        began = time.process_time()
        decided = decide(world, parse_policy(name))
        print(told(world, name, decided, time.process_time() - began))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS)
