"""Exceptions page: the worklist with its filters and actions; below it, totals by code and by currency.

A picked exception opens in `exceptions_detail`. The filters are in `exceptions_filters`, the forms in
`exceptions_acting`.
"""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from shared import views
from shared.access import Version
from shared.colours import SEVERITY_COLOURS
from shared.columns import column, word
from shared.formats import compact, days
from shared.layout import Figure, empty, figures, section, start
from shared.listing import listing
from shared.tables import table

from app_pages import exceptions_acting, exceptions_detail, exceptions_filters
from app_pages.exceptions_filters import Matching

REPORTING = "In reporting currency"
REPORTING_HELP = "At the rate of the day on which the exception began. Empty if the rate is missing."
BY_CODE = """
    select code, severity, count(*) as open_count from ops.exceptions
    group by code, severity order by open_count desc, code
"""
TOTALS = """
    select count(*) as open, count(distinct order_id) as orders, max(age_hours) / 24 as oldest,
        count(*) filter (severity in ('critical', 'high')) as urgent
    from ops.exceptions where {where}
"""
STAKES = """
    select code, currency, sum(amount_at_stake) as amount, count(*) as open,
        case when count(*) = count(amount_at_stake_reporting) then sum(amount_at_stake_reporting) end
            as amount_reporting
    from ops.exceptions where {where} and amount_at_stake is not null
    group by code, currency order by amount_reporting desc nulls last, amount desc, code, currency
"""


def worklist(version: Version, matching: Matching) -> None:
    """List the matching exceptions, and offer the actions on the ticked ones or on all."""
    listed = listing(
        version,
        matching.sql,
        matching.parameters,
        {
            "severity": word("Severity", sort="rank"),
            "code": column("Exception"),
            "subject_id": column("Order or SKU"),
            "assignee": column("Assignee"),
            "age_days": column("Age", unit="days", digits=1),
            "amount_at_stake": column("At stake", is_amount=True, sort="amount_at_stake_reporting"),
            "currency": column("Currency"),
            "detail": column("Detail"),
            "notes_count": column("Notes", digits=0),
            "snoozed_until": column("Snoozed until"),
            "owner": column("Owner"),
            "source": column("Source"),
        },
        key="worklist",
        unique="exception_id",
        sort="severity",
        ties="amount_at_stake_reporting desc nulls last, opened_at",
        noun="exceptions",
        nothing="No exception matches the filters.",
        opens="Open the exception",
        ticks=True,
        choosable=True,
    )
    if listed.total:
        exceptions_acting.many(version, matching, listed)
    if listed.opened:
        st.query_params["exception"] = listed.opened["exception_id"]
        st.rerun()


def headline(version: Version, matching: Matching) -> None:
    """Show the totals of the matching exceptions."""
    totals = version.row(TOTALS.format(where=matching.where), matching.parameters)
    figures(
        [
            Figure("Open", compact(totals["open"]), "Open exceptions that match the filters."),
            Figure(
                "Orders touched",
                compact(totals["orders"]),
                "Orders with a matching exception, orders of orphans included.",
            ),
            Figure("Critical or high", compact(totals["urgent"]), "Exceptions of the two highest severities."),
            Figure("Oldest", days(totals["oldest"]), "Age of the exception that has been open longest."),
        ]
    )


def overview(version: Version, matching: Matching) -> None:
    """Draw the open exceptions by code, beside the amounts at stake."""
    left, right = st.columns([2, 3])
    with left, section("By code", "All open exceptions, without the filters."):
        st.altair_chart(
            charts.ranked(
                version.rows(BY_CODE), "code", "open_count", "Open exceptions", colour="severity",
                colours=SEVERITY_COLOURS,
            )
        )  # fmt: skip
    with (
        right,
        section("At stake", "Amounts of the matching exceptions per currency. An order can have several exceptions."),
    ):
        table(
            version.rows(STAKES.format(where=matching.where), matching.parameters),
            {
                "code": column("Exception"),
                "amount": column("At stake", is_amount=True),
                "currency": column("Currency"),
                "amount_reporting": column(REPORTING, REPORTING_HELP, is_amount=True),
                "open": column("Open", digits=0),
            },
            key="at_stake",
            nothing="No amount is at stake.",
        )


def show(version: Version) -> None:
    """Show the worklist, or the exception that the address names."""
    chosen = st.query_params.get("exception")
    if chosen:
        exceptions_detail.show(version, chosen, exceptions_filters.from_address())
        return
    version = start(
        "Exceptions", "Open problems of orders and SKUs, with their age, the amount at stake and the next step."
    )
    if not version.row("select count(*) as n from ops.exceptions")["n"]:
        empty("No exceptions are open.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        matching = exceptions_filters.ask(version)
        views.offer("exceptions", count=lambda query: exceptions_filters.count(version, query))
    worklist(version, matching)
    headline(version, matching)
    overview(version, matching)


show(st.session_state["version"])
