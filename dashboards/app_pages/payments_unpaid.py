"""Ageing of unpaid orders: amounts by days past the term, and the orders."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from shared.access import Version
from shared.columns import column, word
from shared.formats import count, money
from shared.layout import Figure, empty, figures
from shared.listing import listing
from shared.people import open_page

__all__ = ["ageing"]

AGES = ["Up to 7 days", "8–30 days", "31–60 days", "61–90 days", "Over 90 days"]
TOTALS = """
    select count(*) as orders, count(*) - count(owed_to_us_amount_reporting) as missing_rates,
        case when count(*) = count(owed_to_us_amount_reporting) then sum(owed_to_us_amount_reporting) end as owed
    from ops.orders where is_unpaid
"""
BY_AGE = """
    select payment_terms, age, count(*) as orders, sum(owed_to_us_amount_reporting) as owed
    from (
        select orders.payment_terms, orders.owed_to_us_amount_reporting, case
            when days <= 7 then 'Up to 7 days' when days <= 30 then '8–30 days' when days <= 60 then '31–60 days'
            when days <= 90 then '61–90 days' else 'Over 90 days' end as age
        from ops.orders as orders, lateral (select date_diff('second', orders.unpaid_at, ?) / 86400.0 as days)
        where orders.is_unpaid
    ) as aged
    group by all order by all
"""
ORDERS = """
    select order_id, payment_terms, payment_status, stage, owed_to_us_amount, currency, owed_to_us_amount_reporting,
        unpaid_at, date_diff('second', unpaid_at, ?) / 86400.0 as age_days, customer_id, channel, source
    from ops.orders where is_unpaid
"""


def ageing(version: Version) -> None:
    """Show the amount owed, its age, and the orders. An opened row leads to the order."""
    totals = version.row(TOTALS)
    if not totals["orders"]:
        empty("No order is unpaid after its term.")
        return
    figures(
        [
            Figure("Unpaid orders", count(totals["orders"]), "Orders whose customer still owes money after the term."),
            Figure(
                "Owed to us",
                money(totals["owed"], version.currency),
                "In the reporting currency, at the rate of the day of each order. Empty where a rate is missing.",
            ),
        ]
    )
    if totals["missing_rates"]:
        st.warning(
            f"Unpaid orders without an exchange rate: {count(totals['missing_rates'])}. They are not in the chart."
        )
    aged = version.rows(BY_AGE, (version.as_of,)).drop_nulls("owed")
    if aged.height:
        st.altair_chart(charts.shares(aged, "payment_terms", "age", "owed", f"Owed ({version.currency})", AGES))
    _list(version)


def _list(version: Version) -> None:
    listed = listing(
        version,
        ORDERS,
        (version.as_of,),
        {
            "order_id": column("Order"),
            "owed_to_us_amount": column(
                "Owed to us", "In the currency of the order.", is_amount=True, sort="owed_to_us_amount_reporting"
            ),
            "currency": column("Currency"),
            "owed_to_us_amount_reporting": column("Owed to us", unit=version.currency, is_amount=True),
            "age_days": column("Past the term", unit="days", digits=1),
            "unpaid_at": column("Due until", "End of the term of payment."),
            "payment_terms": word("Terms"),
            "payment_status": column("Payment"),
            "stage": word("Stage"),
            "customer_id": column("Customer"),
            "channel": column("Channel"),
            "source": column("Source"),
        },
        key="unpaid_orders",
        unique="order_id",
        sort="-owed_to_us_amount_reporting",
        ties="unpaid_at",
        nothing="No order is unpaid after its term.",
        opens="Open the order",
    )
    if listed.opened:
        open_page("orders", {"order": listed.opened["order_id"]})
