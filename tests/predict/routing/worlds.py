"""Random small worlds of open lines, stock and lanes."""

from __future__ import annotations

from hypothesis import strategies as st
from orderhouse.predict.routing.world import Lane, Line, World

__all__ = ["worlds"]

COUNTRIES = ("DE", "GB")


@st.composite
def worlds(draw: st.DrawFn, orders: int = 6, warehouses: int = 3, skus: int = 3, units: int = 4) -> World:
    """Draw a world. Stock may be below zero, missing or short, lanes unknown, and promises past."""
    places = [f"w{number}" for number in range(draw(st.integers(1, warehouses)))]
    goods = [f"s{number}" for number in range(draw(st.integers(1, skus)))]
    lines = []
    for order in range(draw(st.integers(1, orders))):
        country = draw(st.sampled_from((*COUNTRIES, None)))
        hours = draw(st.sampled_from((None, -5.0, 20.0, 50.0)))
        for line in range(draw(st.integers(1, 3))):
            lines.append(
                Line(f"o{order}", str(line), draw(st.sampled_from(goods)), draw(st.integers(1, units)), country, hours)
            )
    stock = {
        sku: {place: draw(st.integers(-1, units + 2)) for place in places if draw(st.booleans())}
        for sku in goods
        if draw(st.integers(0, 9))
    }
    lanes = {
        (place, country): Lane(draw(st.sampled_from((None, 10.0, 30.0, 60.0))), draw(st.integers(0, 9)))
        for place in places
        for country in (*COUNTRIES, None)
        if draw(st.integers(0, 9))
    }
    demand = {(sku, place): draw(st.floats(0, 3)) for sku in goods for place in places}
    sending = frozenset((line.order_id, place) for line in lines for place in places if draw(st.integers(0, 9)) == 0)
    return World(tuple(lines), stock, lanes, demand, sending)
