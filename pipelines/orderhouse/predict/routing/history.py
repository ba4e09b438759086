"""Past orders and stock of a published version, for a replay."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.predict.routing.inputs import read_lanes
from orderhouse.predict.routing.proposing import currency_of
from orderhouse.predict.routing.replaying import Past, PastLine

__all__ = ["read_past"]

MOST_DAYS = 400
LINES = """
    select lines.placed_date, lines.order_id, lines.line_id, lines.sku,
        lines.ordered_quantity - lines.cancelled_quantity, orders.ship_country, lines.first_promise_ends_at
    from marts.fct_order_lines as lines join marts.fct_orders as orders on lines.order_id = orders.order_id
    where lines.placed_date between $first and $last and lines.requires_shipping and lines.is_stock_tracked
        and lines.ordered_quantity > lines.cancelled_quantity
    order by lines.placed_at, lines.order_id, lines.line_id
"""
STOCK = """
    select sku, warehouse_id, sum(quantity)::bigint from marts.fct_stock_replay
    where business_date < $first and warehouse_id <> 'unassigned' group by all order by all
"""
MOVEMENTS = """
    select business_date, sku, warehouse_id, sum(quantity)::bigint from marts.fct_stock_replay
    where business_date between $first and $last and warehouse_id <> 'unassigned'
        and (placed_date is null or placed_date not between $first and $last)
    group by all having sum(quantity) <> 0 order by all
"""


def read_past(connection: duckdb.DuckDBPyConnection, first: date, last: date) -> Past:
    """Return the orders placed on some business days, and the stock that there was.

    Raises:
        OrderhouseError: The days are not in order or too many, or nothing was placed on them.
    """
    if last < first:
        raise OrderhouseError(f"--to {last} is before --from {first}. Name the first day first.")
    if (last - first).days >= MOST_DAYS:
        raise OrderhouseError(f"A replay takes {MOST_DAYS} days at most. Name fewer.")
    span = {"first": first, "last": last}
    lines: dict[date, list[PastLine]] = defaultdict(list)
    for day, *values in connection.execute(LINES, span).fetchall():
        lines[day].append(PastLine(*values))
    if not lines:
        raise OrderhouseError(f"No order with tracked stock was placed from {first} to {last}. Name other days.")
    stock = {(sku, place): units for sku, place, units in connection.execute(STOCK, {"first": first}).fetchall()}
    movements: dict[date, dict[tuple[str, str], int]] = defaultdict(dict)
    for day, sku, place, units in connection.execute(MOVEMENTS, span).fetchall():
        movements[day][sku, place] = units
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    currency, digits = currency_of(connection)
    return Past(days, lines, stock, movements, read_lanes(connection), digits, currency)
