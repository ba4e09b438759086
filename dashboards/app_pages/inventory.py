"""Inventory: positions, what runs out, what to reorder, and the ledger of one SKU."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import streamlit as st
from shared import charts
from shared.access import Version
from shared.formats import compact, count, label, short_money
from shared.layout import Figure, badge, column, empty, figures, section, start, table, word

LIMIT = 500
LEDGER_DAYS = 180
TOTALS = """
    select count(*) as skus, sum(on_hand_quantity) as on_hand, sum(backordered_quantity) as backordered,
        sum(stock_value_amount) filter (currency = ?) as stock_value,
        count(*) filter (stockout_risk = 'out_of_stock') as out_of_stock,
        count(*) filter (reorder_quantity > 0) as to_reorder
    from marts.fct_inventory_positions where position_level = 'network'
"""
RISKS = """
    select stockout_risk, count(*) as skus from marts.fct_inventory_positions
    where position_level = 'network' group by stockout_risk
    order by case stockout_risk
        when 'out_of_stock' then 0 when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4
    end
"""
CLASSES = """
    select abc_class, xyz_class, count(*) as skus from marts.fct_inventory_positions
    where position_level = 'network' group by all
"""
POSITIONS = """
    select positions.*, products.name as product, products.category, products.supplier
    from marts.fct_inventory_positions as positions
    left join marts.dim_products as products on products.sku = positions.sku
    where positions.position_level = ?
        and (? = '' or contains(lower(positions.sku || ' ' || coalesce(products.name, '')), lower(?)))
        and (? is null or positions.stockout_risk = ?) and (not ? or positions.reorder_quantity > 0)
    order by positions.stock_value_amount desc nulls last, positions.sku, positions.warehouse_id
    limit ?
"""
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
QUANTITIES: dict[str, Any] = {
    "on_hand_quantity": column("On hand", "The last count and every movement after it.", digits=0),
    "allocated_quantity": column("Allocated", "Set aside for open order lines.", digits=0),
    "available_quantity": column("Available", "On hand less allocated.", digits=0),
    "backordered_quantity": column("Backordered", "Open units that no stock covers.", digits=0),
    "incoming_quantity": column("Incoming", "Still to come on purchase orders.", digits=0),
    "next_incoming_at": column("Next arrival"),
    "available_to_promise_quantity": column(
        "To promise", "Available to promise: what can be sold without breaking a promise.", digits=0
    ),
    "demand_per_day_28d": column("Demand a day", "Units a day over the last 28 days.", digits=2),
    "days_of_cover": column("Cover", "How long what is available lasts at that demand.", unit="days", digits=1),
    "stockout_risk": word("Risk", "Whether it runs out before more can come; none if nobody asks for it."),
    "reorder_point": column("Reorder at", "Demand over the lead time plus safety stock.", digits=0),
    "reorder_quantity": column(
        "Reorder", "Suggested quantity; nothing if the level is above the reorder point.", digits=0
    ),
    "abc_class": column("ABC", "A: the SKUs that make 80 % of net sales, B the next 15 %, C the rest."),
    "xyz_class": column("XYZ", "How steady demand is: X steady, Y varying, Z erratic."),
}


def network(version: Version) -> None:
    """Show the totals, the risks and the classes."""
    totals = version.row(TOTALS, (version.currency,))
    figures(
        [
            Figure("SKUs", compact(totals["skus"]), "SKUs with a stock position."),
            Figure(
                "On hand", compact(totals["on_hand"]), "Units over all warehouses; negative levels count as they are."
            ),
            Figure(
                "Stock value",
                short_money(totals["stock_value"], version.currency),
                "Units on hand at weighted average cost; positions costed in another currency are left out.",
            ),
            Figure("Out of stock", count(totals["out_of_stock"]), "SKUs in demand with nothing available."),
            Figure("Backordered", compact(totals["backordered"]), "Open units that no stock covers."),
            Figure("To reorder", count(totals["to_reorder"]), "SKUs at or below their reorder point."),
        ]
    )
    left, right = st.columns(2)
    with left, section("Stock-out risk", "SKUs by whether they run out before more can come."):
        st.altair_chart(charts.ranked(version.rows(RISKS), "stockout_risk", "skus", "SKUs"))
    with (
        right,
        section("ABC and XYZ classes", "SKUs by share of net sales (A most) and steadiness of demand (X steadiest)."),
    ):
        st.altair_chart(
            charts.grid(
                version.rows(CLASSES),
                "xyz_class",
                "abc_class",
                "skus",
                ("Steadiness of demand", "Share of net sales", "SKUs"),
                y_descending=False,
            )
        )


def positions(version: Version) -> str | None:
    """List positions; return the SKU picked."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "SKU or product",
            key="find",
            bind="query-params",
            icon=":material/search:",
            placeholder="Part of either",
            width=300,
        )
        level = st.segmented_control(
            "Level",
            ["network", "warehouse"],
            default="network",
            required=True,
            format_func=label,
            key="level",
            bind="query-params",
        )
        risks = version.rows(RISKS)["stockout_risk"].drop_nulls().to_list()
        risk = st.selectbox(
            "Risk", risks, index=None, format_func=label, key="risk", bind="query-params", placeholder="All", width=160
        )
        reorder = st.toggle("To reorder only", key="reorder", bind="query-params")
    search = (search or "").strip()
    found = version.rows(POSITIONS, (level or "network", search, search, risk, risk, reorder, LIMIT))
    picked = table(
        found,
        {
            "sku": column("SKU"),
            "product": column("Product"),
            **({"warehouse_id": column("Warehouse")} if level == "warehouse" else {}),
            **QUANTITIES,
            "supplier": column("Supplier"),
            "lead_time_days": column("Lead time", unit="days", digits=0),
            "stock_value_amount": column("Value", "At weighted average cost.", digits=2),
            "currency": column("Currency"),
        },
        key="positions",
        nothing="No position matches.",
        select="Pick a row to see its ledger. Highest value first.",
        height=420,
    )
    return picked["sku"] if picked else None


def one_sku(version: Version, sku: str) -> None:
    """Draw the ledger of one SKU at one warehouse, and show its positions."""
    held = version.rows(
        "select * from marts.fct_inventory_positions where sku = ? order by position_level, warehouse_id", (sku,)
    )
    if held.is_empty():
        empty(f"Version {version.number} has no position of {sku}.")
        return
    whole = held.row(0, named=True)
    with st.container(horizontal=True):
        badge(whole["stockout_risk"], "Risk")
        badge(whole["abc_class"], "ABC")
        badge(whole["xyz_class"], "XYZ")
    table(
        held,
        {"warehouse_id": column("Warehouse"), **QUANTITIES},
        key="sku_positions",
        nothing="No position.",
        height="content",
    )
    places = [place for place in _fullest_first(held) if place]
    if not places:
        empty("No warehouse holds it.")
        return
    place = st.segmented_control("Warehouse", places, default=places[0], required=True, key="place")
    ledger = version.rows(LEDGER, (sku, place, version.business_date - timedelta(days=LEDGER_DAYS)))
    if ledger.is_empty():
        empty(f"No movement of {sku} in the last {LEDGER_DAYS} days.")
        return
    st.altair_chart(
        charts.levels(
            ledger,
            "business_date",
            "closing",
            "moved",
            ("Closing level (units)", "Net movement (units)"),
            mark=None if len(places) > 1 else whole["reorder_point"],
        )
    )
    table(
        ledger.sort("business_date", descending=True),
        {
            "business_date": column("Day"),
            "opening": column("Opening", digits=0),
            "received": column("Received", digits=0),
            "shipped": column("Shipped", digits=0),
            "unshipped": column("Unshipped", "Came back from shipments that were cancelled.", digits=0),
            "restocked": column("Restocked", "Returned and sellable again.", digits=0),
            "adjusted": column("Adjusted", digits=0),
            "transferred": column("Transferred", digits=0),
            "counted": column("Count gap", "What a count found against what the movements said.", digits=0),
            "closing": column("Closing", "Opening plus and less everything in between.", digits=0),
        },
        key="ledger",
        nothing="No movement.",
    )


def _fullest_first(held: pl.DataFrame) -> list[str]:
    return held.filter(position_level="warehouse").sort("on_hand_quantity", descending=True)["warehouse_id"].to_list()


def pick_sku(version: Version, picked: str | None) -> str | None:
    """Remember the SKU in the address, so that the page can be linked to."""
    if picked and st.query_params.get("sku") != picked:
        st.query_params["sku"] = picked
    return picked or st.query_params.get("sku")


version = start("Inventory", "What is on hand, what is promised, what runs out and what to buy.")
if version.row("select count(*) as n from marts.fct_inventory_positions")["n"] == 0:
    empty("No source covers stock, so there are no positions: stock is not tracked.")
    st.stop()
network(version)
chosen = None
with section("Positions", "One row per SKU over the whole network, or per SKU and warehouse."):
    chosen = positions(version)
sku = pick_sku(version, chosen)
with section(
    f"Ledger of {sku}" if sku else "Ledger",
    "Opening + received − shipped + unshipped + restocked + adjusted + transferred + count gap = closing, every day.",
):
    if sku:
        one_sku(version, sku)
    else:
        empty("Pick a position above to see its ledger.")
