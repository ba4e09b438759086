"""Fulfilment page: progress and age of orders, late orders, carriers, warehouses and backorders."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from orderhouse.serve import carriers
from shared import kpis
from shared.access import Version
from shared.layout import drawing, empty, figures, section, start
from shared.listing import listing
from shared.people import open_page
from shared.periods import Period, pick_period
from shared.tables import column, table, word

from app_pages import fulfilment_lines, fulfilment_risk

KPIS = [
    "on_time_shipment_rate",
    "on_time_delivery_rate",
    "otif",
    "in_full_rate",
    "fill_rate",
    "backorder_rate",
    "order_cycle_hours",
]
# Cancelled orders, and orders whose shipments no feed reports, are left out.
FUNNEL = """
    select
        count(*) as placed,
        count(*) filter (confirmed_at is not null) as confirmed,
        count(*) filter (shipped_quantity > 0) as shipped_in_part,
        count(*) filter (fulfilment_status in ('shipped', 'part_delivered', 'delivered')) as shipped_in_full,
        count(*) filter (delivered_at is not null) as delivered,
        count(*) filter (order_status = 'closed') as closed
    from ops.orders
    where placed_date between ? and ? and order_status <> 'cancelled' and is_shipment_tracked
"""
AGEING = """
    select stage,
        case when days < 1 then 'Under 1' when days < 3 then '1–3' when days < 7 then '3–7'
            when days < 14 then '7–14' else 'Over 14' end as age,
        count(*) as orders
    from (
        select stage, date_diff('second', placed_at, ?) / 86400.0 as days from ops.orders
        where stage not in ('closed', 'delivered', 'cancelled', 'returned') and is_shipment_tracked
    ) as open_orders
    group by all
"""
AGES = ["Under 1", "1–3", "3–7", "7–14", "Over 14"]
LATE = """
    select orders.order_id, orders.stage, orders.channel, orders.ship_country, orders.placed_at,
        orders.current_promised_at, orders.promise_is_date_only,
        exceptions.opened_at, orders.open_quantity, orders.due_amount, orders.due_amount_reporting, orders.currency,
        exceptions.exception_id
    from ops.exceptions as exceptions
    join ops.orders as orders on orders.order_id = exceptions.order_id
    where exceptions.code = 'late' and exceptions.is_in_worklist
"""
BY_WAREHOUSE = """
    select coalesce(warehouse_id, 'not assigned') as warehouse, sum(open_quantity) as open,
        sum(held_quantity) as held,
        sum(allocated_quantity) as allocated, sum(backordered_quantity) as backordered,
        sum(not_tracked_quantity) as not_tracked, count(distinct order_id) as orders
    from ops.order_lines where open_quantity > 0 and requires_shipping
    group by all order by open desc, warehouse
"""
BACKORDERS = """
    select lines.sku, any_value(products.name) as product, sum(lines.backordered_quantity) as backordered,
        count(distinct lines.order_id) as orders,
        min(lines.placed_at) as oldest_at, any_value(positions.incoming_quantity) as incoming,
        any_value(positions.next_incoming_at) as next_incoming_at
    from ops.order_lines as lines
    left join marts.dim_products as products on products.sku = lines.sku
    left join marts.fct_inventory_positions as positions on positions.sku = lines.sku
        and positions.position_level = 'network'
    where lines.backordered_quantity > 0
    group by lines.sku
"""


def progress(version: Version, period: Period) -> None:
    """Draw the progress of the orders of the period, and the age of open orders."""
    steps = version.row(FUNNEL, (period.first, period.last))
    ages = version.rows(AGEING, (version.as_of,))
    left, right = st.columns(2)
    with (
        left,
        section(
            "Progress of orders",
            f"Orders placed {period}. Each step counts the orders that have reached it. An order with nothing "
            "to deliver is closed without the steps before.",
        ),
    ):
        if steps["placed"]:
            frame = charts.frame_of(list(steps.items()), "step", "orders")
            st.altair_chart(charts.ranked(frame, "step", "orders", "Orders"))
        else:
            empty("No order was placed in this period, or the source reports no shipments.")
    with (
        right,
        section(
            "Age of open orders in days", "Days since the order was placed, at the clock of this version, by stage."
        ),
    ):
        drawing(ages, charts.shares(ages, "stage", "age", "orders", "Orders", AGES), "No order is open.")


def on_time(version: Version, period: Period) -> None:
    """Draw daily on-time delivery by channel."""
    daily = kpis.series_of(version, ["on_time_delivery_rate"], period, "channel")
    chart = charts.lines_over_time(
        daily,
        "business_date",
        "value",
        "On time",
        series="dimension_value",
        per_cent=True,
        final_until=kpis.final_until(version, "on_time_delivery_rate"),
    )
    drawing(daily, chart, "No delivery was promised for this period, or deliveries are not tracked.")


def late(version: Version) -> None:
    """List the orders past their deadline. A picked row opens the order."""
    listed = listing(
        version,
        LATE,
        (),
        {
            "order_id": column("Order"),
            "stage": word("Stage"),
            "opened_at": column("Late since", "End of the promise.", day_if="promise_is_date_only"),
            "current_promised_at": column("Promised", day_if="promise_is_date_only"),
            "placed_at": column("Placed"),
            "channel": column("Channel"),
            "ship_country": column("Country"),
            "open_quantity": column("Open units", "Ordered units that are neither cancelled nor shipped.", digits=0),
            "due_amount": column("Due", is_amount=True, sort="due_amount_reporting"),
            "currency": column("Currency"),
        },
        key="late_orders",
        noun="orders that are late now",
        unique="exception_id",
        sort="opened_at",
        prefix="late_",
        nothing="No order that is late now waits in the worklist.",
        opens="Open the order",
        height=420,
    )
    if listed.opened:
        open_page("orders", {"order": listed.opened["order_id"]})


version = start(
    "Fulfilment", "Progress of orders from placed to delivered, and the orders that are late or wait for stock."
)
with section(
    "Late now",
    "Orders that are not delivered and past their current promise, the latest since first. Orders that came after the "
    "first promise are delivered late: they are in the on-time rates. Those that were snoozed or resolved on the page "
    "Exceptions are left out.",
):
    late(version)
period = pick_period(version)
st.caption(f"{period}, against {period.previous}. Lists show the state at the clock of this version.")
with section("Key figures"):
    figures(kpis.figures_of(version, KPIS, period))
progress(version, period)
with section(
    "On time by channel", "Share of orders with a first delivery attempt by the first promise, by the promised day."
):
    on_time(version, period)
with section(
    "May become late",
    "Open parcels, and orders of which nothing has left, while the first promise can still be kept: the highest amount "
    "at risk first. The probability is a prediction from comparable promises that have ended.",
):
    fulfilment_risk.at_risk(version)
with section(
    "How good are the probabilities?",
    "Each prediction uses what had ended before its week. Points are tenths of the predictions. On the dashed line as "
    "many were late as predicted; the bars are three standard errors, and three points at least.",
):
    fulfilment_risk.accuracy(version)
with section("Carriers", f"Parcels that left {period}, by business day, without cancelled ones."):
    table(
        version.rows(carriers.scorecard("carrier"), (period.first, period.last) * 2),
        {
            "name": column("Carrier"),
            "parcels": column("Parcels", digits=0),
            "delivered_rate": column("Delivered", "Share of the parcels that are delivered.", per_cent=True),
            "on_time_rate": column(
                "On time", "Share of the attempted parcels with a first attempt by the first promise.", per_cent=True
            ),
            "median_hours": column(
                "Median transit", "Half of the delivered parcels took less.", unit="hours", digits=1
            ),
            "problems": column(
                "Problems", "Parcels whose latest scan is a delay, a failed attempt or an exception.", digits=0
            ),
            "lost": column("Lost", digits=0),
            "carried_back": column("Returned", "Parcels that the carrier brought back.", digits=0),
        },
        key="carriers",
        nothing="No parcel left in this period.",
    )
with section(
    "Open units by warehouse",
    "Units that need shipping and have not left. Each is held, allocated, backordered or not tracked.",
):
    table(
        version.rows(BY_WAREHOUSE),
        {
            "warehouse": column("Warehouse"),
            "orders": column("Orders", digits=0),
            "open": column("Open", digits=0),
            "allocated": column("Allocated", digits=0),
            "backordered": column("Backordered", digits=0),
            "held": column("Held", digits=0),
            "not_tracked": column("Not tracked", digits=0),
        },
        key="warehouses",
        nothing="No open units.",
    )
with section(
    "Open lines",
    "Lines with units that need shipping and have not left, the oldest order first. Route them to a warehouse, or "
    "cancel their open units: the ticked ones, or all that match.",
):
    fulfilment_lines.lines(version)
opened = None
with section("Backorders", "Open units without stock, by SKU, with incoming units."):
    opened = listing(
        version,
        BACKORDERS,
        (),
        {
            "sku": column("SKU"),
            "product": column("Product"),
            "backordered": column("Backordered", unit="units", digits=0),
            "orders": column("Orders", digits=0),
            "oldest_at": column("Oldest order"),
            "incoming": column("Incoming", unit="units", digits=0),
            "next_incoming_at": column("Next arrival"),
        },
        key="backorders",
        noun="SKUs",
        unique="sku",
        sort="-backordered",
        prefix="backorders_",
        nothing="No unit is backordered.",
        opens="Open the SKU",
        height=420,
    ).opened
if opened:
    open_page("inventory", {"sku": opened["sku"]})
