"""Overview page: KPIs against the previous period, trends, open exceptions and orders in progress."""

from __future__ import annotations

import streamlit as st
from shared import charts, kpis
from shared.access import Version
from shared.formats import label
from shared.layout import drawing, figures, section, start
from shared.periods import Period, pick_period
from shared.tables import column, table, word

HEADLINE = ["orders", "orders_recognised", "net_sales", "average_order_value"]
SERVICE = ["on_time_delivery_rate", "order_cycle_hours", "return_rate_units", "exception_rate"]

EXCEPTIONS = """
    select
        code, severity, any_value(what_to_do) as what_to_do, any_value(owner) as owner, count(*) as open_count,
        max(age_hours) / 24 as oldest_days, min(opened_at) as oldest_at
    from ops.exceptions
    group by code, severity
    order by case severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end,
        open_count desc, code
"""

STAGES = """
    select stage, count(*) as orders
    from ops.orders
    where stage not in ('closed', 'delivered', 'cancelled', 'returned') and is_shipment_tracked
    group by stage order by orders desc, stage
"""


def attention(version: Version) -> None:
    """List the open exceptions by code, highest severity first. A picked row opens its list."""
    found = version.rows(EXCEPTIONS)
    picked = table(
        found,
        {
            "severity": word("Severity"),
            "code": column("Exception"),
            "open_count": column("Open", "Orders and SKUs with this exception.", digits=0),
            "oldest_days": column("Oldest", "Age of the exception that has been open longest.", unit="days", digits=1),
            "what_to_do": column("What to do"),
            "owner": column("Owner", "Team that works on the list."),
        },
        key="exceptions_by_code",
        nothing="No exceptions are open.",
        select="Pick a row to open its list.",
    )
    if picked:
        st.switch_page("app_pages/exceptions.py", query_params={"code": label(picked["code"])})


def trends(version: Version, period: Period) -> None:
    """Draw daily net sales by channel, and daily on-time delivery."""
    sales = kpis.series_of(version, ["net_sales"], period, "channel")
    on_time = kpis.series_of(version, ["on_time_delivery_rate"], period)
    title = f"Net sales ({version.currency})"
    left, right = st.columns(2)
    with left, section("Net sales by channel", 'Net sales per business day, on the recognition clock "placed".'):
        chart = charts.columns_over_time(sales, "business_date", "value", title, series="dimension_value")
        drawing(sales, chart, "There are no sales in this period.")
    with (
        right,
        section(
            "On-time delivery",
            "Share of orders with a first delivery attempt by the first promise, by the promised day.",
        ),
    ):
        chart = charts.lines_over_time(on_time, "business_date", "value", "On time", per_cent=True)
        drawing(on_time, chart, "No delivery was promised for this period, or deliveries are not tracked.")


def in_progress(version: Version) -> None:
    """Draw the number of unfinished orders by stage."""
    stages = version.rows(STAGES)
    drawing(stages, charts.ranked(stages, "stage", "orders", "Orders"), "No order is in progress.")


version = start("Overview", "KPIs of the period, and the problems that need attention now.")
period = pick_period(version)
st.caption(f"{period}, against {period.previous}. Amounts in {version.currency}.")
figures(kpis.figures_of(version, HEADLINE, period))
figures(kpis.figures_of(version, SERVICE, period))
trends(version, period)
left, right = st.columns([3, 2])
with left, section("Needs attention", "Open exceptions by code, each with the next step and its owner."):
    attention(version)
with (
    right,
    section("Orders in progress", "Orders that are neither finished nor cancelled, of sources that report shipments."),
):
    in_progress(version)
