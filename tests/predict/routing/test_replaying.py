"""Replays: what a policy would have given, in worlds whose answers are known."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from orderhouse.predict.routing.policy import parse_policy
from orderhouse.predict.routing.replaying import Past, PastLine, replay
from orderhouse.predict.routing.world import Lane

FIRST = date(2026, 3, 1)
NEAREST = parse_policy("nearest")


def _line(order: str, sku: str, units: int = 1, promise: datetime | None = None) -> PastLine:
    return PastLine(order, sku, sku, units, "DE", promise)


def test_a_line_waits_for_stock_and_is_cancelled_when_none_comes() -> None:
    past = Past(
        days=[FIRST + timedelta(days=number) for number in range(4)],
        lines={FIRST: [_line("o", "a", 2), _line("p", "b")], FIRST + timedelta(days=3): [_line("q", "b")]},
        stock={("a", "north"): 1},
        movements={FIRST + timedelta(days=1): {("a", "north"): 5}},
        lanes={("north", "DE"): Lane(24, 500)},
    )
    found = replay(past, parse_policy("fewest-parcels"), patience_days=2)
    assert (found.orders, found.units, found.parcels, found.cost) == (3, 4, 2, 1000)
    assert (found.cancelled_units, found.waiting_units) == (1, 1)


def test_a_parcel_is_on_time_if_its_lane_keeps_every_promise_in_it() -> None:
    end_of_day = datetime(2026, 3, 2)
    past = Past(
        days=[FIRST],
        lines={
            FIRST: [
                _line("kept", "a", 1, end_of_day + timedelta(hours=24)),
                _line("missed", "a", 1, end_of_day + timedelta(hours=23)),
                _line("not promised", "a"),
            ]
        },
        stock={("a", "north"): 9},
        movements={},
        lanes={("north", "DE"): Lane(24, 500)},
    )
    found = replay(past, NEAREST)
    assert (found.parcels, found.promised, found.on_time) == (3, 2, 1)


def test_levels_below_zero_and_taken_stock_serve_nobody() -> None:
    next_day = FIRST + timedelta(days=1)
    past = Past(
        days=[FIRST, next_day],
        lines={FIRST: [_line("o", "a", 3)]},
        stock={("a", "north"): 2, ("a", "south"): -4},
        movements={FIRST: {("a", "north"): -1, ("a", "south"): 3}},
        lanes={},
    )
    found = replay(past, NEAREST)
    assert (found.parcels, found.waiting_units) == (1, 2)


def test_routing_beats_the_nearest_warehouse_on_parcels_and_lateness() -> None:
    """Compare the policies in a world with known lane times, in which orders of several SKUs compete for near stock."""
    past = _simulated()
    nearest = replay(past, NEAREST)
    on_time = replay(past, parse_policy("on-time"))
    fewest = replay(past, parse_policy("fewest-parcels"))
    late = nearest.promised - nearest.on_time
    assert fewest.parcels < on_time.parcels < nearest.parcels
    assert on_time.promised - on_time.on_time < late
    for each in (on_time, fewest):
        assert each.cancelled_units <= nearest.cancelled_units
        assert (each.orders, each.units) == (nearest.orders, nearest.units)


def _simulated() -> Past:
    draw = random.Random(11)  # noqa: S311 - no secret
    countries, places = ("DE", "GB", "US"), ("ber", "ldn", "pdx")
    hours = {("ber", "DE"): 24, ("ldn", "GB"): 24, ("pdx", "US"): 24, ("ber", "GB"): 60, ("ldn", "DE"): 60}
    lanes: dict[tuple[str, str | None], Lane] = {
        (place, country): Lane(hours.get((place, country), 120), 400 + 10 * hours.get((place, country), 120))
        for place in places
        for country in countries
    }
    days = [FIRST + timedelta(days=number) for number in range(12)]
    skus = [f"s{number}" for number in range(25)]
    lines = {}
    for day in days:
        end = datetime.combine(day, datetime.min.time()) + timedelta(days=1)
        lines[day] = [
            PastLine(f"{day} {number}", str(line), draw.choice(skus), draw.randint(1, 2), country, promise)
            for number in range(25)
            for country in (draw.choice(countries),)
            for promise in (draw.choice((None, end + timedelta(hours=30), end + timedelta(hours=70))),)
            for line in range(draw.randint(1, 3))
        ]
    stock = {(sku, place): draw.randint(0, 8) for sku in skus for place in places}
    movements = {day: {(draw.choice(skus), draw.choice(places)): 6 for _ in range(12)} for day in days}
    return Past(days, lines, stock, movements, lanes)
