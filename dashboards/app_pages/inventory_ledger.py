"""Ledger section of the inventory page: positions and daily movements of one SKU."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import streamlit as st
from orderhouse import charts
from shared.access import Version
from shared.layout import badge, empty
from shared.tables import Column, column, table, word

__all__ = ["PROPOSED", "QUANTITIES", "RISK", "show"]

LEDGER_DAYS = 180
# No risk is known without demand, which the page says in so many words.
RISK = "case positions.stockout_risk when 'none' then 'no_demand' else positions.stockout_risk end"
# What to reorder is proposed beside the positions, which know no forecast.
PROPOSED = "proposals.reorder_point as reorder_point, proposals.reorder_quantity as reorder_quantity"
POSITIONS = f"""
    select positions.* replace ({RISK} as stockout_risk, {PROPOSED}), proposals.stock_out_date
    from marts.fct_inventory_positions as positions
    join marts.fct_reorder_proposals as proposals using (sku, warehouse_id)
    where sku = ? order by position_level, warehouse_id
"""  # noqa: S608 - a fixed expression
LEDGER = """
    select business_date, sum(closing_quantity) as closing, sum(closing_quantity - opening_quantity) as moved,
        sum(received_quantity) as received,
        sum(shipped_quantity) as shipped, sum(unshipped_quantity) as unshipped,
        sum(restocked_quantity) as restocked, sum(adjusted_quantity) as adjusted,
        sum(transferred_quantity) as transferred, sum(count_adjustment_quantity) as counted,
        sum(opening_quantity) as opening
    from marts.fct_inventory_ledger where sku = ? and warehouse_id = ? and business_date >= ?
    group by business_date order by business_date
"""
# Columns of a position, here and in the list of all positions.
QUANTITIES: dict[str, Column] = {
    "on_hand_quantity": column("On hand", "Last count plus all movements after it.", digits=0),
    "allocated_quantity": column("Allocated", "Units assigned to open order lines.", digits=0),
    "available_quantity": column("Available", "On hand less allocated.", digits=0),
    "backordered_quantity": column("Backordered", "Open units without stock.", digits=0),
    "incoming_quantity": column("Incoming", "Units still expected on purchase orders.", digits=0),
    "next_incoming_at": column("Next arrival"),
    "available_to_promise_quantity": column(
        "To promise", "Available to promise: available less backordered, plus incoming units.", digits=0
    ),
    "demand_per_day_28d": column("Demand a day", "Units per day over the last 28 days.", digits=2),
    "days_of_cover": column("Cover", "Days that the available units last at this demand.", unit="days", digits=1),
    "stockout_risk": word("Risk", "Risk of running out before incoming units arrive.", sort="risk_rank"),
    "reorder_point": column("Reorder at", "Reorder point: demand over the lead time plus safety stock.", digits=0),
    "reorder_quantity": column(
        "Reorder",
        "Suggested quantity, in whole packs. Zero while the units at hand and due are above the reorder point.",
        digits=0,
    ),
    "stock_out_date": column("Runs out", "Day on which stock is expected to run out, within 56 days."),
    "abc_class": column("ABC", "A: SKUs that make the first 80 % of net sales. B: the next 15 %. C: the rest."),
    "xyz_class": column("XYZ", "Steadiness of demand. X: steady. Y: varying. Z: erratic."),
}


def show(version: Version, sku: str) -> None:
    """Show the positions of one SKU, and its ledger at one warehouse."""
    held = version.rows(POSITIONS, (sku,))
    if held.is_empty():
        empty(f"Version {version.number} has no position of {sku}.")
        return
    network = held.row(0, named=True)
    with st.container(horizontal=True):
        badge(network["stockout_risk"], "Risk")
        badge(network["abc_class"], "ABC")
        badge(network["xyz_class"], "XYZ")
    table(
        held,
        {"warehouse_id": column("Warehouse"), **QUANTITIES},
        key="sku_positions",
        nothing="No position.",
        height="content",
    )
    places = [place for place in _fullest_first(held) if place]
    if not places:
        empty("No warehouse holds this SKU.")
        return
    place = st.segmented_control("Warehouse", places, default=places[0], required=True, key="place")
    _ledger(version, sku, place, network["reorder_point"] if len(places) == 1 else None)


def _ledger(version: Version, sku: str, place: str, reorder_point: float | None) -> None:
    """Draw the level and the movements of a SKU at a warehouse, above the rows of its ledger."""
    ledger = version.rows(LEDGER, (sku, place, version.business_date - timedelta(days=LEDGER_DAYS)))
    if ledger.is_empty():
        empty(f"No movement of {sku} in the last {LEDGER_DAYS} days.")
        return
    titles = ("Closing level (units)", "Net movement (units)")
    st.altair_chart(charts.levels(ledger, "business_date", "closing", "moved", titles, mark=reorder_point))
    table(
        ledger.sort("business_date", descending=True),
        {
            "business_date": column("Day"),
            "opening": column("Opening", digits=0),
            "received": column("Received", digits=0),
            "shipped": column("Shipped", digits=0),
            "unshipped": column("Unshipped", "Units of shipments that were cancelled.", digits=0),
            "restocked": column("Restocked", "Returned units that can be sold again.", digits=0),
            "adjusted": column("Adjusted", digits=0),
            "transferred": column("Transferred", digits=0),
            "counted": column("Count gap", "Difference between a count and the movements before it.", digits=0),
            "closing": column("Closing", "Opening plus all movements of the day.", digits=0),
        },
        key="ledger",
        nothing="No movement.",
    )


def _fullest_first(held: pl.DataFrame) -> list[str]:
    return held.filter(position_level="warehouse").sort("on_hand_quantity", descending=True)["warehouse_id"].to_list()
