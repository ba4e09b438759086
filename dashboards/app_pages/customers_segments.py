"""Segment sections of the customers page: RFM grid, segments and lifecycle."""

from __future__ import annotations

from datetime import date

import streamlit as st
from orderhouse import charts
from shared import address
from shared.access import Version
from shared.formats import day
from shared.layout import drawing, empty
from shared.tables import column, table, word

__all__ = ["lifecycle", "newest", "rfm", "segments"]

SNAPSHOT = "select max(snapshot_date) as newest from marts.fct_customer_segments where scheme = ?"
RFM = """
    select recency_score, frequency_score, count(*) as customers from marts.fct_customer_segments
    where scheme = 'rfm' and snapshot_date = ? and segment <> 'unscored' group by all order by all
"""
SEGMENTS = """
    select segments.segment, count(*) as customers, sum(customers.orders_count) as orders,
        case when count(*) = count(customers.net_spend_amount_reporting)
            then sum(customers.net_spend_amount_reporting) end as spend,
        spend / nullif(sum(customers.orders_count), 0) as order_value
    from marts.fct_customer_segments as segments
    join marts.dim_customers as customers on customers.customer_key = segments.customer_key
    where segments.scheme = ? and segments.snapshot_date = ?
    group by segments.segment order by customers desc, segments.segment
"""
LIFECYCLE = """
    select lifecycle, count(*) as customers from marts.dim_customers
    where orders_count > 0 group by lifecycle order by customers desc, lifecycle
"""


def newest(version: Version, scheme: str) -> date | None:
    """Return the day of the newest snapshot of a scheme."""
    found: date | None = version.row(SNAPSHOT, (scheme,))["newest"]
    return found


def rfm(version: Version) -> None:
    """Draw the customers by recency score and frequency score."""
    snapshot = newest(version, "rfm")
    if snapshot is None:
        empty("No customer has a score yet.")
        return
    cells = version.rows(RFM, (snapshot,))
    if cells.is_empty():
        empty("No customer has all three scores. Spend without an exchange rate has none.")
        return
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
    """List the segments of the chosen scheme."""
    schemes = version.rows("select distinct scheme from marts.fct_customer_segments order by scheme")[
        "scheme"
    ].to_list()
    if not schemes:
        empty("No customer is in a segment yet.")
        return
    default = "rfm" if "rfm" in schemes else schemes[0]
    scheme = address.segment("scheme", "Scheme", schemes, default, hides_heading=True)
    table(
        version.rows(SEGMENTS, (scheme, newest(version, scheme))),
        {
            "segment": word("Segment", "Each customer is in exactly one segment of a scheme."),
            "customers": column("Customers", digits=0),
            "orders": column("Orders", digits=0),
            "spend": column(
                "Net spend", "Net value of all orders, less returns.", unit=version.currency, is_amount=True
            ),
            "order_value": column(
                "Net spend per order",
                "Net spend (after returns) divided by all orders, also cancelled ones. The average order value is "
                "before returns and by purchase.",
                unit=version.currency,
                is_amount=True,
            ),
        },
        key="segments",
        nothing="No customer is in this scheme.",
    )


def lifecycle(version: Version) -> None:
    """Draw the number of customers by lifecycle phase."""
    found = version.rows(LIFECYCLE)
    drawing(found, charts.ranked(found, "lifecycle", "customers", "Customers"), "No customer has ordered yet.")
