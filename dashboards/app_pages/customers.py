"""Customers: segments, lifecycle, top spenders, new against returning, and how cohorts come back. Never names."""

from __future__ import annotations

from datetime import date

import streamlit as st
from shared import charts, kpis
from shared.access import Version
from shared.formats import compact, day, label, per_cent, short_money
from shared.layout import Figure, column, drawing, empty, figures, section, start, table, word
from shared.periods import pick_period

LIMIT = 200
KPIS = [
    "new_customers",
    "repeat_rate",
    "retention_90d",
    "customer_lifetime_value",
    "discount_share",
    "average_order_value",
]
TOTALS = """
    select count(*) as customers, count(*) filter (orders_count > 1) as returning,
        sum(net_spend_amount_reporting) as spend,
        count(*) filter (has_marketing_consent) as consenting
    from marts.dim_customers where orders_count > 0
"""
SNAPSHOT = "select max(snapshot_date) as newest from marts.fct_customer_segments where scheme = ?"
RFM = """
    select recency_score, frequency_score, count(*) as customers from marts.fct_customer_segments
    where scheme = 'rfm' and snapshot_date = ? group by all order by all
"""
SEGMENTS = """
    select segments.segment, count(*) as customers, sum(customers.orders_count) as orders,
        sum(customers.net_spend_amount_reporting) as spend,
        sum(customers.net_spend_amount_reporting) / nullif(sum(customers.orders_count), 0) as order_value
    from marts.fct_customer_segments as segments
    join marts.dim_customers as customers on customers.customer_key = segments.customer_key
    where segments.scheme = ? and segments.snapshot_date = ?
    group by segments.segment order by customers desc, segments.segment
"""
TOP = """
    select coalesce(customers.customer_id, 'guest') as customer, substr(customers.email_token, 1, 16) as token,
        customers.lifecycle, segments.segment,
        customers.orders_count, customers.net_spend_amount_reporting, customers.average_order_value_reporting,
            customers.return_rate,
        customers.discount_share, customers.preferred_channel, customers.country, customers.first_order_at,
            customers.last_order_at,
        coalesce(customers.customer_id, customers.email_token) as search
    from marts.dim_customers as customers
    left join marts.fct_customer_segments as segments
        on segments.customer_key = customers.customer_key and segments.scheme = 'rfm' and segments.snapshot_date = ?
    where customers.orders_count > 0 and (? is null or customers.lifecycle = ?)
    order by customers.net_spend_amount_reporting desc nulls last, customers.customer_key limit ?
"""
LIFECYCLE = """
    select lifecycle, count(*) as customers from marts.dim_customers
    where orders_count > 0 group by lifecycle order by customers desc, lifecycle
"""
COHORTS = """
    select date_trunc('month', business_date)::date as month,
        (sum(numerator) / sum(denominator))::double as retention
    from marts.fct_kpi_daily where kpi = 'retention_90d' and dimension = 'all'
    group by month having sum(denominator) > 0 order by month
"""
NEW_AND_RETURNING = """
    select orders.placed_date as business_date, case
        when orders.placed_at = customers.first_order_at then 'First order' else 'Later order' end as kind,
        count(*) as orders
    from ops.orders as orders
    join marts.dim_customers as customers on customers.customer_key = orders.customer_key
    where orders.placed_date between ? and ? and orders.order_status <> 'cancelled'
    group by all order by all
"""


def headline(version: Version) -> None:
    """Show how many customers there are and what they brought."""
    totals = version.row(TOTALS)
    number = totals["customers"] or 0
    figures(
        [
            Figure("Customers", compact(number), "Known by customer id, or guests by their e-mail's token."),
            Figure(
                "Ordered again",
                per_cent(totals["returning"] / number if number else None),
                "Customers with more than one order, of all with an order.",
            ),
            Figure(
                "Net spend",
                short_money(totals["spend"], version.currency),
                "Net value of all their orders, less returns.",
            ),
            Figure(
                "Consent",
                per_cent(totals["consenting"] / number if number else None),
                "Customers who agreed to marketing; audience exports hold only these.",
            ),
        ]
    )


def newest(version: Version, scheme: str) -> date | None:
    """Return the newest snapshot day of a scheme."""
    found: date | None = version.row(SNAPSHOT, (scheme,))["newest"]
    return found


def rfm(version: Version) -> None:
    """Draw the recency and frequency grid."""
    snapshot = newest(version, "rfm")
    if snapshot is None:
        empty("Customers have not been scored yet.")
        return
    cells = version.rows(RFM, (snapshot,))
    st.altair_chart(
        charts.grid(
            cells,
            "frequency_score",
            "recency_score",
            "customers",
            ("Frequency score (5 orders most)", "Recency score (5 most recent)", "Customers"),
        )
    )
    st.caption(f"Snapshot of {day(snapshot)}.")


def segments(version: Version) -> None:
    """List the segments of one scheme."""
    schemes = version.rows("select distinct scheme from marts.fct_customer_segments order by scheme")[
        "scheme"
    ].to_list()
    if not schemes:
        empty("Customers have not been segmented yet.")
        return
    scheme = (
        st.segmented_control(
            "Scheme",
            schemes,
            default="rfm" if "rfm" in schemes else schemes[0],
            required=True,
            format_func=label,
            key="scheme",
            bind="query-params",
            label_visibility="collapsed",
        )
        or schemes[0]
    )
    table(
        version.rows(SEGMENTS, (scheme, newest(version, scheme))),
        {
            "segment": word("Segment", "Every customer is in exactly one segment of a scheme."),
            "customers": column("Customers", digits=0),
            "orders": column("Orders", digits=0),
            "spend": column("Net spend", unit=version.currency, digits=2),
            "order_value": column("Per order", "Net spend divided by orders.", unit=version.currency, digits=2),
        },
        key="segments",
        nothing="No customer is in this scheme.",
    )


def lifecycle(version: Version) -> None:
    """Draw how many customers are in each phase of their lifecycle."""
    found = version.rows(LIFECYCLE)
    drawing(found, charts.ranked(found, "lifecycle", "customers", "Customers"), "No customer has ordered yet.")


def top(version: Version) -> None:
    """List who spent most; a picked row opens that customer's orders."""
    phases = version.rows("select distinct lifecycle from marts.dim_customers where lifecycle is not null order by 1")[
        "lifecycle"
    ].to_list()
    phase = st.selectbox(
        "Lifecycle",
        phases,
        index=None,
        format_func=label,
        key="lifecycle",
        bind="query-params",
        placeholder="All",
        width=200,
    )
    picked = table(
        version.rows(TOP, (newest(version, "rfm"), phase, phase, LIMIT)),
        {
            "customer": column("Customer", "Customer id as the shop gave it."),
            "token": column(
                "Token", "Start of the token that stands for the e-mail address; the address itself is in the vault."
            ),
            "lifecycle": word("Lifecycle"),
            "segment": column("RFM segment"),
            "orders_count": column("Orders", digits=0),
            "net_spend_amount_reporting": column("Net spend", unit=version.currency, digits=2),
            "average_order_value_reporting": column("Per order", unit=version.currency, digits=2),
            "return_rate": column("Returned", "Share that came back.", per_cent=True),
            "discount_share": column("Discount share", "Share taken off by discounts.", per_cent=True),
            "preferred_channel": column("Channel"),
            "country": column("Country"),
            "first_order_at": column("First order"),
            "last_order_at": column("Last order"),
        },
        key="top_customers",
        nothing="No customer has ordered yet.",
        select="Highest spend first. Pick a row to see the customer's orders.",
    )
    if picked and picked["search"]:
        st.switch_page("app_pages/orders.py", query_params={"q": picked["search"]})


def cohorts(version: Version) -> None:
    """Draw the share of each month's new customers who bought again within 90 days."""
    found = version.rows(COHORTS)
    if found.height < 2:
        empty("No two months of first orders are 90 days old yet.")
        return
    st.altair_chart(charts.lines_over_time(found, "month", "retention", "Bought again", per_cent=True))


version = start(
    "Customers",
    "Who buys, who comes back, and who is drifting away. People are tokens here; their data is in the vault.",
)
headline(version)
period = pick_period(version, default=90)
st.caption(f"{period}, against {period.previous}. Amounts in {version.currency}.")
figures(kpis.figures_of(version, KPIS, period))
with section("New and returning", "Orders that are not cancelled, by whether they were the customer's first."):
    orders = version.rows(NEW_AND_RETURNING, (period.first, period.last))
    if orders.is_empty():
        empty("No order was placed in this period.")
    else:
        st.altair_chart(charts.columns_over_time(orders, "business_date", "orders", "Orders", series="kind"))
left, right = st.columns(2)
with left, section("RFM grid", "Customers by recency and frequency, in fifths; monetary value is the third score."):
    rfm(version)
with right:
    with section("Segments"):
        segments(version)
    with section("Lifecycle", "New, active, at risk and lost, by each customer's own rhythm."):
        lifecycle(version)
with section("Top customers"):
    top(version)
with section(
    "Cohorts",
    "Share of each month's new customers who bought again within 90 days, once those are over.",
):
    cohorts(version)
