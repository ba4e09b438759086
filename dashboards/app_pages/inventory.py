"""Inventory page: totals, risks and classes, positions, and the ledger of one SKU."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from shared import address
from shared.access import Version
from shared.formats import compact, count, short_money
from shared.layout import Figure, empty, figures, section, start
from shared.listing import listing
from shared.tables import column

from app_pages import inventory_ledger, inventory_purchases

TOTALS = """
    select count(*) as skus, sum(on_hand_quantity) as on_hand, sum(backordered_quantity) as backordered,
        sum(stock_value_amount) filter (currency = ?) as stock_value,
        count(*) filter (stockout_risk = 'out_of_stock') as out_of_stock,
        (
            select count(*) from marts.fct_reorder_proposals
            where position_level = 'network' and reorder_quantity > 0
        ) as to_reorder
    from marts.fct_inventory_positions where position_level = 'network'
"""
RISKS = f"""
    select {inventory_ledger.RISK} as stockout_risk, count(*) as skus from marts.fct_inventory_positions as positions
    where position_level = 'network' group by positions.stockout_risk
    order by case positions.stockout_risk
        when 'out_of_stock' then 0 when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4
    end
"""  # noqa: S608 - a fixed expression
CLASSES = """
    select abc_class, xyz_class, count(*) as skus from marts.fct_inventory_positions
    where position_level = 'network' group by all
"""
# Worst first: what has no available units, then by risk, then by the value of a day's demand.
POSITIONS = f"""
    select positions.* replace ({inventory_ledger.RISK} as stockout_risk, {inventory_ledger.PROPOSED}),
        products.name as product, products.category, products.supplier,
        concat_ws('|', positions.sku, positions.warehouse_id) as position,
        case positions.stockout_risk
            when 'out_of_stock' then 0 when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4
        end as risk_rank,
        positions.demand_per_day_28d * positions.average_cost_amount as demand_value,
        proposals.stock_out_date
    from marts.fct_inventory_positions as positions
    join marts.fct_reorder_proposals as proposals using (sku, warehouse_id)
    left join marts.dim_products as products on products.sku = positions.sku
    where positions.position_level = ?
        and (? = '' or contains(lower(positions.sku || ' ' || coalesce(products.name, '')), lower(?)))
        and (? is null or {inventory_ledger.RISK} = ?) and (not ? or proposals.reorder_quantity > 0)
"""  # noqa: S608 - a fixed expression


def network(version: Version) -> None:
    """Show the totals of the network."""
    totals = version.row(TOTALS, (version.currency,))
    figures(
        [
            Figure("SKUs", compact(totals["skus"]), "SKUs with a stock position."),
            Figure("On hand", compact(totals["on_hand"]), "Units in all warehouses. Negative levels are included."),
            Figure(
                "Stock value",
                short_money(totals["stock_value"], version.currency),
                "Units on hand at weighted average cost, without positions that have their cost in another currency.",
            ),
            Figure(
                "Out of stock",
                count(totals["out_of_stock"]),
                "SKUs without available units (on hand less allocated), also those that nobody asks for. The KPI "
                "Stock-out rate counts only SKUs with nothing on hand.",
            ),
            Figure("Backordered", compact(totals["backordered"]), "Open units without stock."),
            Figure("To reorder", count(totals["to_reorder"]), "SKUs at or below their reorder point."),
        ]
    )


def risks_and_classes(version: Version) -> None:
    """Draw the SKUs by stock-out risk, and by ABC and XYZ class."""
    left, right = st.columns(2)
    with left, section("Stock-out risk", "SKUs by the risk that they run out before incoming units arrive."):
        st.altair_chart(charts.ranked(version.rows(RISKS), "stockout_risk", "skus", "SKUs"))
    with (
        right,
        section(
            "ABC and XYZ classes", "SKUs by share of net sales (A highest) and steadiness of demand (X steadiest)."
        ),
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


def ask(version: Version) -> tuple[str, str, str | None, bool]:
    """Show the filters, and return the level, the searched text, the risk, and the flag of reorders."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = address.text("find", "SKU or product", placeholder="Part of either", width=300)
        level = address.segment("level", "Level", ["network", "warehouse"], "network")
        risks = version.rows(RISKS)["stockout_risk"].drop_nulls().to_list()
        risk = address.choice("risk", "Risk", risks, width=160)
        reorder = address.flag("reorder", "To reorder only")
    return level, search, risk, reorder


def positions(version: Version) -> str | None:
    """List the positions, and return the picked SKU."""
    level, search, risk, reorder = ask(version)
    listed = listing(
        version,
        POSITIONS,
        (level, search, search, risk, risk, reorder),
        {
            "sku": column("SKU"),
            "product": column("Product"),
            **({"warehouse_id": column("Warehouse")} if level == "warehouse" else {}),
            **inventory_ledger.QUANTITIES,
            "supplier": column("Supplier"),
            "lead_time_days": column("Lead time", unit="days", digits=0),
            "stock_value_amount": column("Value", "At weighted average cost.", is_amount=True),
            "currency": column("Currency"),
        },
        key="positions",
        noun="SKUs" if level == "network" else "positions",
        unique="position",
        sort="stockout_risk",
        ties="demand_value desc nulls last",
        nothing="No position matches the filters.",
        opens="See the ledger of the SKU",
        height=420,
    )
    return listed.opened["sku"] if listed.opened else None


def pick_sku(version: Version, picked: str | None) -> str | None:
    """Return the picked SKU, and keep it in the address, so that links lead to it."""
    if picked and st.query_params.get("sku") != picked:
        st.query_params["sku"] = picked
    return picked or st.query_params.get("sku")


version = start("Inventory", "Stock on hand, stock promised to orders, SKUs that run out, and what to reorder.")
if version.row("select count(*) as n from marts.fct_inventory_positions")["n"] == 0:
    empty("Stock is not tracked: no source covers stock, so there are no positions.")
    st.stop()
network(version)
chosen = None
with section("Positions", "One row per SKU for the whole network, or one per SKU and warehouse."):
    chosen = positions(version)
with section(
    "What is to be ordered?",
    "Orders to suppliers for the network: by the forecast where it was better in the backtest, else by the average.",
):
    inventory_purchases.proposals(version)
sku = pick_sku(version, chosen)
with section(
    f"Ledger of {sku}" if sku else "Ledger",
    "Every day: opening + received − shipped + unshipped + restocked + adjusted + transferred + count gap = closing.",
):
    if sku:
        inventory_ledger.show(version, sku)
    else:
        empty("Pick a position above to see its ledger.")
risks_and_classes(version)
