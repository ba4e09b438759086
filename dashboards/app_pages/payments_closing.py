"""Closed months: their restatements since, the records behind these, and the closing of a month that is over."""

from __future__ import annotations

import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.serve.closing import close_month
from orderhouse.storage.warehouse import run_lock
from shared import acting, address
from shared.access import Version
from shared.formats import count, instant
from shared.people import signed_in
from shared.tables import FILE, column, table

__all__ = ["close", "closed_months"]

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
# Months that are over, have revenue and are not closed.
CLOSABLE = """
    select distinct strftime(business_date, '%Y-%m') as month from marts.fct_revenue_daily
    where date_trunc('month', business_date) < date_trunc('month', ?::date)
        and strftime(business_date, '%Y-%m') not in (select month from marts.fct_closed_months)
    order by month desc
"""
# Answer to a closing, for the next drawing of the page.
CLOSED = "closed_month_answer"
FIGURES = ("revenue", "journal", "orders")


def closed_months(version: Version) -> None:
    """Show the closed months, the restatements of the chosen one, and the records behind a picked restatement."""
    for each in acting.closings(version):
        st.warning(f"Pending until the next run: {acting.pending_line(version, each)}", icon=":material/schedule:")
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
                is_amount=True,
            ),
        },
        key="closed_months",
        nothing="No month is closed.",
        height="content",
    )
    if found.is_empty():
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        months = found["month"].to_list()
        month = address.one("closed_month", "Month", months, months[0], written=str, width=160)
        figure = address.segment("figure", "Figures", FIGURES, "revenue")
    _restatements(version, month, figure)


def _restatements(version: Version, month: str, figure: str) -> None:
    """List what is another figure now, the largest difference first. An opened row shows its records."""
    total = version.row(COUNT, (month, figure))["n"]
    picked = table(
        version.rows(RESTATED, (month, figure, LIMIT)),
        {
            "business_date": column("Day"),
            "clock_or_account": column("Clock or account", "Recognition clock of revenue, or account of the journal."),
            "measure": column("Measure"),
            "subject_id": column("Subject", "Order, return, payout or SKU."),
            "closed_amount": column("Closed", "As known when the month was closed.", is_amount=True),
            "current_amount": column("Now", is_amount=True),
            "difference_amount": column("Difference", "Now less closed.", is_amount=True),
            "difference_amount_reporting": column("Difference", unit=version.currency, is_amount=True),
            "currency": column("Currency"),
            "channel": column("Channel"),
            "country": column("Country"),
            "category": column("Category"),
        },
        key="restatements",
        nothing=f"Nothing in the {figure} figures of {month} has changed since it was closed.",
        of=total,
        select="Largest difference first. Open a row to see the records that caused it.",
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


def close(version: Version) -> None:
    """Offer the months that can be closed. The next run takes the action in."""
    person = signed_in()
    if not person.role.may("close_month"):
        st.info(f"Your role, {person.role.name}, may not close months.", icon=":material/lock:")
        return
    said = st.session_state.pop(CLOSED, None)
    if said:
        st.success(said, icon=":material/lock:")
    waiting = {each.month for each in acting.closings(version)}
    months = [
        month for month in version.rows(CLOSABLE, (version.business_date,))["month"].to_list() if month not in waiting
    ]
    if not months:
        st.caption("No month with revenue is over and open.")
        return
    with st.form("close_month", border=True):
        month = st.selectbox("Month to close", months, key="month_to_close", width=200)
        is_sure = st.checkbox("I have checked the figures of this month.", key="close_checked")
        is_sent = st.form_submit_button("Close the month", icon=":material/lock_clock:")
    if is_sent and not is_sure:
        st.warning("Check the figures of the month first, and tick the box.")
    elif is_sent:
        _close(version, str(month))


def _close(version: Version, month: str) -> None:
    person = signed_in()
    try:
        with run_lock(version.settings, "close"):
            action = close_month(version.settings, month, person.name, person.role.recorded_name, record=person.record)
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    at = instant(action.closed_at, version.time_zone)
    st.session_state[CLOSED] = f"{action.month} was closed at {at}. The next run takes the action in."
    st.rerun()
