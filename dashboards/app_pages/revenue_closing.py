"""Closing section of the revenue page: closed months, their restatements since, and the records behind these."""

from __future__ import annotations

import streamlit as st
from shared.access import Version
from shared.formats import count, label
from shared.tables import FILE, column, table

__all__ = ["closed_months"]

LIMIT = 300
MONTHS = """
    select month, closed_at, actor, role, case when is_frozen then 'stored' else 'waiting' end as status,
        restated_figures_count, restated_subjects_count, net_sales_difference_amount_reporting
    from marts.fct_closed_months order by month desc
"""
RESTATED = """
    select business_date, coalesce(recognition_clock, account) as clock_or_account, measure, channel, country,
        category, currency, subject_kind, subject_id, closed_amount, current_amount, difference_amount,
        difference_amount_reporting
    from marts.fct_restatements where month = ? and figure = ?
    order by abs(difference_amount) desc, business_date, clock_or_account, measure, subject_id limit ?
"""
COUNT = "select count(*) as n from marts.fct_restatements where month = ? and figure = ?"
CAUSES = """
    select feed, regexp_extract(path, '[^/]*$') as file_name, _record as record, received_at, path
    from marts.fct_restatement_causes where month = ? and subject_kind = ? and subject_id = ?
    order by received_at, feed, path, record limit ?
"""
FIGURES = ("revenue", "journal", "orders")


def closed_months(version: Version) -> None:
    """Show the closed months, the restatements of the chosen one, and the records behind a picked restatement."""
    found = version.rows(MONTHS)
    table(
        found,
        {
            "month": column("Month"),
            "closed_at": column("Closed"),
            "actor": column("By", "Who closed it."),
            "role": column("Role"),
            "status": column("Closed figures", "Stored by the run that received the closing."),
            "restated_figures_count": column(
                "Restated figures", "Figures that are others now, by day and subject.", digits=0
            ),
            "restated_subjects_count": column(
                "Restated orders", "Orders, returns, payouts and SKUs that they are of.", digits=0
            ),
            "net_sales_difference_amount_reporting": column(
                "Net sales",
                "Restated net sales, recognised when placed. Empty where a rate is missing.",
                unit=version.currency,
                digits=2,
            ),
        },
        key="closed_months",
        nothing="No month is closed. `orderhouse close MONTH` closes one that is over.",
        height="content",
    )
    if found.is_empty():
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        month = st.selectbox("Month", found["month"].to_list(), key="closed_month", bind="query-params", width=160)
        figure = st.segmented_control(
            "Figures", FIGURES, default="revenue", required=True, format_func=label, key="figure", bind="query-params"
        )
    _restatements(version, str(month), figure or "revenue")


def _restatements(version: Version, month: str, figure: str) -> None:
    """List what is another figure now, the largest difference first. A picked row shows its records."""
    total = version.row(COUNT, (month, figure))["n"]
    picked = table(
        version.rows(RESTATED, (month, figure, LIMIT)),
        {
            "business_date": column("Day"),
            "clock_or_account": column("Clock or account", "Recognition clock of revenue, or account of the journal."),
            "measure": column("Measure"),
            "subject_id": column("Subject", "Order, return, payout or SKU."),
            "closed_amount": column("Closed", "As known when the month was closed.", digits=2),
            "current_amount": column("Now", digits=2),
            "difference_amount": column("Difference", "Now less closed.", digits=2),
            "difference_amount_reporting": column("Difference", unit=version.currency, digits=2),
            "currency": column("Currency"),
            "channel": column("Channel"),
            "country": column("Country"),
            "category": column("Category"),
        },
        key="restatements",
        nothing=f"Nothing in the {figure} figures of {month} has changed since it was closed.",
        of=total,
        select="Largest difference first. Pick a row to see the records that caused it.",
    )
    if picked:
        _causes(version, month, picked["subject_kind"], picked["subject_id"])


def _causes(version: Version, month: str, kind: str, subject: str) -> None:
    """List the records received after the closing that touch a subject."""
    found = version.rows(CAUSES, (month, kind, subject, LIMIT))
    st.caption(f"Records received after {month} was closed that touch {kind} {subject}: {count(found.height)}.")
    table(
        found,
        {
            "feed": column("Feed", "Definitions: no record changed it, but a later release did."),
            "file_name": FILE["file_name"],
            "record": column("Line", "Line or record number in the file.", digits=0),
            "received_at": column("Received"),
            "path": FILE["path"],
        },
        key="restatement_causes",
        nothing="No record is known.",
        height="content",
    )
