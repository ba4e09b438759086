"""Customers page: new and returning customers, segments, lifecycle, top customers and cohorts.

Customers are tokens here. Their personal data is in the vault.
"""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from shared import address, kpis
from shared.access import Version
from shared.formats import compact, counted, per_cent, short_money
from shared.layout import Figure, back, empty, figures, section, start
from shared.listing import listing
from shared.people import open_page
from shared.periods import pick_period
from shared.tables import column, word

from app_pages import customers_segments, customers_value

KPIS = [
    "new_customers",
    "repeat_rate",
    "retention_90d",
    "customer_lifetime_value",
    "discount_share",
    "average_order_value",
]
TOTALS = """
    select count(*) as customers, count(*) filter (purchases_count > 1) as returning,
        case when count(*) = count(net_spend_amount_reporting) then sum(net_spend_amount_reporting) end as spend,
        count(*) filter (has_marketing_consent) as consenting
    from marts.dim_customers where purchases_count > 0
"""
TOP = """
    select coalesce(customers.customer_id, 'guest') as customer, substr(customers.email_token, 1, 16) as token,
        customers.lifecycle, segments.segment,
        customers.orders_count, customers.net_spend_amount_reporting, customers.average_order_value_reporting,
        customers.return_rate,
        customers.discount_share, customers.preferred_channel, customers.country, customers.first_order_at,
        customers.last_order_at,
        coalesce(customers.customer_id, customers.email_token) as search, customers.customer_key
    from marts.dim_customers as customers
    left join marts.fct_customer_segments as segments
        on segments.customer_key = customers.customer_key and segments.scheme = 'rfm' and segments.snapshot_date = ?
    where customers.orders_count > 0 and (? is null or customers.lifecycle = ?)
"""
UNIDENTIFIED = """
    select count(*) as orders from ops.orders as orders
    where not exists (
        select 1 from marts.dim_customers as customers where customers.customer_key = orders.customer_key
    )
"""
COHORTS = """
    select strftime(first_order_month, '%Y-%m') as cohort, months_after,
        sum(active_customers_count) / sum(customers_count)::double as retention
    from marts.fct_cohort_retention
    where is_mature and months_after between 1 and 12
    group by all order by all
"""
NEW_AND_RETURNING = """
    select orders.placed_date as business_date, case
        when customers.customer_key is null then 'Unidentified'
        when orders.placed_at = customers.first_order_at then 'First order' else 'Later order' end as kind,
        count(*) as orders
    from ops.orders as orders
    left join marts.dim_customers as customers on customers.customer_key = orders.customer_key
    where orders.placed_date between ? and ? and orders.order_status <> 'cancelled'
    group by all order by all
"""


def headline(version: Version) -> None:
    """Show the number of customers, their spend and their consent."""
    totals = version.row(TOTALS)
    number = totals["customers"] or 0
    figures(
        [
            Figure(
                "Customers who bought",
                compact(number),
                "Customers with a purchase: an order with recognised net sales above zero. Told apart by customer id, "
                "guests by the token of the e-mail address. Who only cancelled has never bought.",
            ),
            Figure(
                "Bought again",
                per_cent(totals["returning"] / number if number else None),
                "Share of the customers who bought and have more than one purchase.",
            ),
            Figure(
                "Net spend",
                short_money(totals["spend"], version.currency),
                "Net value of all their orders, less returns. Empty where a rate is missing.",
            ),
            Figure(
                "Consent",
                per_cent(totals["consenting"] / number if number else None),
                "Share of the customers who agreed to marketing. Audience exports contain only these.",
            ),
        ]
    )


def top(version: Version) -> None:
    """List the customers, the highest spend first. An opened row opens the orders of the customer."""
    phase = _pick_lifecycle(version)
    listed = listing(
        version,
        TOP,
        (customers_segments.newest(version, "rfm"), phase, phase),
        {
            "customer": column("Customer", "Customer id of the shop."),
            "token": column(
                "Token", "First characters of the token of the e-mail address. The address itself is in the vault."
            ),
            "lifecycle": word("Lifecycle"),
            "segment": column("RFM segment"),
            "orders_count": column("Orders", digits=0),
            "net_spend_amount_reporting": column(
                "Net spend", "Net value of all orders, less returns.", unit=version.currency, is_amount=True
            ),
            "average_order_value_reporting": column(
                "Average order value",
                "Net sales before returns divided by purchases, as the KPI of this name.",
                unit=version.currency,
                is_amount=True,
            ),
            "return_rate": column("Returned", "Returned units as a share of shipped units.", per_cent=True),
            "discount_share": column("Discount share", "Discounts as a share of gross sales.", per_cent=True),
            "preferred_channel": column("Channel"),
            "country": column("Country"),
            "first_order_at": column("First order"),
            "last_order_at": column("Last order"),
        },
        key="top_customers",
        noun="customers",
        unique="customer_key",
        sort="-net_spend_amount_reporting",
        nothing="No customer has ordered yet.",
        opens="See the orders of the customer",
        height=520,
    )
    if listed.opened and listed.opened["search"]:
        open_page("orders", {"q": listed.opened["search"]})


def _pick_lifecycle(version: Version) -> str | None:
    """Show the choice of a lifecycle phase, and return it."""
    sql = "select distinct lifecycle from marts.dim_customers where lifecycle is not null order by 1"
    phases: list[str] = version.rows(sql)["lifecycle"].to_list()
    return address.choice("lifecycle", "Lifecycle", phases, width=200)


def cohorts(version: Version) -> None:
    """Draw the share of each month's new customers who bought in each of the months after it."""
    found = version.rows(COHORTS)
    if found.is_empty():
        empty("The chart needs a whole month after a month of first orders.")
        return
    titles = ("Months after the first order", "Month of the first order", "Bought again")
    st.altair_chart(charts.grid(found, "months_after", "cohort", "retention", titles, per_cent=True))


version = start(
    "Customers",
    "New, returning and lost customers. Customers are shown as tokens. Their personal data is in the vault.",
)
if customer := st.query_params.get("customer"):
    back("All customers", "customer")
    with section(f"Customer {customer.partition(':')[2]}", "Expected purchases and value of one customer."):
        customers_value.one(version, customer)
    st.stop()
headline(version)
with section("Customers with an order", "Everybody who placed an order, also if it was cancelled."):
    top(version)
with section(
    "Expected value",
    "What customers are expected to buy after the last prediction, by how often, how recently and for how much they "
    "have bought. Bars divide the historic value bands by the predicted ones.",
):
    customers_value.values(version)
with section("How do customers develop?", "KPIs of complete days."):
    period = pick_period(version, default=90)
    st.caption(f"{period}, against {period.previous}. Amounts in {version.currency}.")
    figures(kpis.figures_of(version, KPIS, period))
    unidentified = version.row(UNIDENTIFIED)["orders"]
    if unidentified:
        st.caption(
            f"{counted(unidentified, 'order names', 'orders name')} neither a customer id nor an e-mail address: "
            "unidentified orders belong to no customer."
        )
with section("New and returning", "Orders that are not cancelled: first orders and later orders of a customer."):
    orders = version.rows(NEW_AND_RETURNING, (period.first, period.last))
    if orders.is_empty():
        empty("No order was placed in this period.")
    else:
        st.altair_chart(charts.columns_over_time(orders, "business_date", "orders", "Orders", series="kind"))
left, right = st.columns(2)
with (
    left,
    section(
        "RFM grid",
        "Customers by recency and frequency of their orders, in fifths. The third score, monetary value, is not shown.",
    ),
):
    customers_segments.rfm(version)
with right:
    with section("Segments"):
        customers_segments.segments(version)
    with section(
        "Lifecycle", "New, active, at risk and lost customers, measured by the usual time between their orders."
    ):
        customers_segments.lifecycle(version)
with section(
    "Cohorts",
    "Share of each month's new customers who bought again in the months after it. A month appears once it is over.",
):
    cohorts(version)
