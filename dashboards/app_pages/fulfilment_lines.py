"""List of open order lines with its filters, and the actions on the ticked lines or on all that match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from shared import acting, address, bulk, warehouses
from shared.access import Version
from shared.acting import Situation
from shared.bulk import Kind
from shared.columns import column
from shared.listing import listing
from shared.people import open_page

__all__ = ["lines"]

# States of open units, each a quantity of the line.
STATES = ("allocated", "backordered", "held", "not_tracked")
# Separates the two ids of a line in its name. No id has it.
SEPARATOR = "\x1f"
NOBODY = "not assigned"
OPEN = "open_quantity > 0 and requires_shipping"
LINES = f"""
    select concat_ws(chr(31), order_id, line_id) as row_id, order_id, line_id, sku,
        coalesce(warehouse_id, '{NOBODY}') as warehouse, open_quantity, held_quantity, allocated_quantity,
        backordered_quantity, not_tracked_quantity, placed_at, channel
    from ops.order_lines
    where {OPEN} and (? is null or coalesce(warehouse_id, '{NOBODY}') = ?)
        and (? = '' or upper(sku) = upper(?) or upper(order_id) = upper(?))
        and case ? when 'held' then held_quantity > 0 when 'allocated' then allocated_quantity > 0
            when 'backordered' then backordered_quantity > 0 when 'not_tracked' then not_tracked_quantity > 0
            else true end
"""  # noqa: S608 - a fixed condition
WAREHOUSES = f"select distinct coalesce(warehouse_id, '{NOBODY}') as word from ops.order_lines where {OPEN} order by 1"  # noqa: S608


def lines(version: Version) -> None:
    """List the open lines that match, and offer the actions on them. An opened row leads to its order."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state = address.choice("line_state", "Units", STATES, width=160)
        names = version.rows(WAREHOUSES)["word"].to_list()
        warehouse = address.choice("line_warehouse", "Warehouse", names, width=190)
        search = address.text("line_search", "Order or SKU", width=220)
    parameters = (warehouse, warehouse, search, search, search, state)
    listed = listing(
        version,
        LINES,
        parameters,
        {
            "order_id": column("Order"),
            "line_id": column("Line"),
            "sku": column("SKU"),
            "warehouse": column("Warehouse"),
            "open_quantity": column("Open", "Units that are neither cancelled nor shipped.", digits=0),
            "allocated_quantity": column("Allocated", digits=0),
            "backordered_quantity": column("Backordered", digits=0),
            "held_quantity": column("Held", digits=0),
            "not_tracked_quantity": column("Not tracked", digits=0),
            "placed_at": column("Placed"),
            "channel": column("Channel"),
        },
        key="open_lines",
        noun="open lines",
        unique="row_id",
        sort="placed_at",
        prefix="lines_",
        nothing="No open line matches.",
        opens="Open the order",
        ticks=True,
        height=420,
    )
    if listed.total:
        sql = f"select row_id from ({LINES}) order by order_id, line_id"  # noqa: S608 - a fixed query
        bulk.offer(
            version, KINDS, ticked=listed.ticked, total=listed.total, noun="lines",
            subjects=(sql, parameters), situations=_situations,
        )  # fmt: skip
    if listed.opened:
        open_page("orders", {"order": listed.opened["order_id"]})


def _situations(version: Version, names: Sequence[str]) -> Mapping[str, Situation]:
    """Return the situations of lines by their names."""
    keys = [(order_id, line_id) for name in names for order_id, _, line_id in (name.partition(SEPARATOR),)]
    found = acting.of_lines(version, keys)
    return {SEPARATOR.join(key): situation for key, situation in found.items()}


def _warehouse() -> dict[str, Any]:
    return {"warehouse_id": warehouses.ask(st.session_state["version"])}


KINDS = {
    "route": Kind("Route", "alt_route", _warehouse),
    "cancel_line": Kind("Cancel open units", "remove_circle"),
}
