"""Today page: the worst problems first, what is due by the end of the day, KPIs against targets, feeds and alerts."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from orderhouse.serve.worklist import AT_STAKE, RANK
from shared.access import Version
from shared.layout import drawing, section, start
from shared.people import open_page
from shared.periods import pick_period
from shared.tables import column, table, word

from app_pages import today_due, today_feeds, today_kpis, today_views

EXCEPTIONS = f"""
    select
        code, severity, any_value(what_to_do) as what_to_do, any_value(owner) as owner, count(*) as open_count,
        {AT_STAKE} as amount_at_stake_reporting,
        max(age_hours) / 24 as oldest_days
    from ops.exceptions
    where is_in_worklist
    group by code, severity
    order by {RANK}, amount_at_stake_reporting desc nulls last, open_count desc, code
"""  # noqa: S608 - fixed text
STAGES = """
    select stage, count(*) as orders
    from ops.orders
    where stage not in ('closed', 'delivered', 'cancelled', 'returned') and is_shipment_tracked
    group by stage order by orders desc, stage
"""


def attention(version: Version) -> None:
    """List the exceptions in the worklist by code, the worst first. An opened row leads to its list."""
    picked = table(
        version.rows(EXCEPTIONS),
        {
            "code": column("Exception"),
            "severity": word("Severity"),
            "open_count": column(
                "Open", "Orders, SKUs and other subjects with this exception in the worklist.", digits=0
            ),
            "amount_at_stake_reporting": column(
                "At stake",
                "In the reporting currency, at the rate of the day on which each began. Empty where a rate is missing.",
                unit=version.currency,
                is_amount=True,
            ),
            "oldest_days": column("Oldest", "Age of the exception that has been open longest.", unit="days", digits=1),
            "what_to_do": column("What to do"),
            "owner": column("Owner", "Team that works on the list."),
        },
        key="exceptions_by_code",
        nothing="No exceptions are in the worklist.",
        select="Highest severity first, then the greatest amount. Open a row to see its list.",
        height="content",
    )
    if picked:
        open_page("exceptions", {"code": picked["code"]})


def in_progress(version: Version) -> None:
    """Draw the number of unfinished orders by stage."""
    stages = version.rows(STAGES)
    drawing(stages, charts.ranked(stages, "stage", "orders", "Orders"), "No order is in progress.")


version = start("Today", "What needs a person now? The worst comes first. Amounts are in the reporting currency.")
with section(
    "What is wrong?",
    "Exceptions in the worklist by code, without snoozed and resolved ones. An order can have several.",
):
    attention(version)
with section(
    "What is due today?", "Work that is due by the end of the business day of this version's clock, or already waits."
):
    today_due.due(version)
today_views.views(version)
with section("Are we on target?", "KPIs of complete days. The comparison is with the target, never with a guess."):
    today_kpis.tiles(version, pick_period(version, default=1))
left, right = st.columns(2)
with left, section("Are the feeds in time?", "Freshness of every feed at the clock of this version, and open alerts."):
    today_feeds.feeds(version)
with (
    right,
    section("Where are the open orders?", "Orders that are neither finished nor cancelled, shipments tracked."),
):
    in_progress(version)
