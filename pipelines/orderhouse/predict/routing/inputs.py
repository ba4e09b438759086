"""World of the open lines, from the tables that dbt built. Each number in it is defined there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import duckdb

from orderhouse.predict.routing.world import Lane, Line, World

__all__ = ["Lanes", "anything_to_route", "read_lanes", "read_world"]

Lanes = dict[tuple[str, str | None], Lane]

LINES = """
    select order_id, line_id, sku, quantity, ship_country, date_diff('second', $clock, promise_ends_at) / 3600.0
    from work.intermediate.int_routing_lines order by queue_number
"""
STOCK = """
    select sku, warehouse_id, available_quantity, demand_per_day from work.intermediate.int_routing_stock
    where available_quantity > 0 order by all
"""
PARCELS = "select order_id, warehouse_id from work.intermediate.int_routing_parcels order by all"
LANES = """
    select warehouse_id, ship_country, hours_p90,
        cast(round(coalesce(cost_amount_reporting, 0) * power(10, minor_digits)) as bigint)
    from marts.fct_lane_estimates cross join marts.as_of
    join seeds.currencies as currencies on currencies.currency = as_of.reporting_currency
    order by all
"""
ANYTHING = """
    select exists (
        select 1 from work.intermediate.int_routing_lines as lines
        join work.intermediate.int_routing_stock as stock on lines.sku = stock.sku and stock.available_quantity > 0
    )
"""


def read_world(connection: duckdb.DuckDBPyConnection, clock: datetime) -> World:
    """Return the open lines of the last build and what there is for them.

    Args:
        connection: The tables of the last build, with `work`.
        clock: Its clock, in UTC and without zone.
    """
    lines = tuple(Line(*row) for row in connection.execute(LINES, {"clock": clock}).fetchall())
    stock: dict[str, dict[str, int]] = defaultdict(dict)
    demand: dict[tuple[str, str], float] = {}
    for sku, warehouse, units, a_day in connection.execute(STOCK).fetchall():
        stock[sku][warehouse] = units
        demand[sku, warehouse] = a_day
    sending = frozenset(connection.execute(PARCELS).fetchall())
    return World(lines, dict(stock), read_lanes(connection), demand, sending)


def read_lanes(connection: duckdb.DuckDBPyConnection) -> Lanes:
    """Return time and cost of each lane; costs in minor units of the reporting currency."""
    rows: Iterable[tuple[str, str | None, float | None, int]] = connection.execute(LANES).fetchall()
    return {(warehouse, country): Lane(hours, cost) for warehouse, country, hours, cost in rows}


def anything_to_route(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether any open line has stock that it could be routed to. Tables of an earlier release have nothing."""
    try:
        row = connection.execute(ANYTHING).fetchone()
    except duckdb.CatalogException:
        return False
    return bool(row and row[0])
