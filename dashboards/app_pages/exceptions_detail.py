"""One exception of the worklist: what is wrong, what to do, its actions, and the way to the next one."""

from __future__ import annotations

import streamlit as st
from shared import acting, received
from shared.access import Row, Version
from shared.columns import column
from shared.formats import count, instant, label, money
from shared.layout import back, badge, empty
from shared.people import open_page
from shared.presence import show_readers

from app_pages import exceptions_acting, exceptions_requests
from app_pages.exceptions_filters import Matching

__all__ = ["show"]

NEIGHBOURS = """
    select * from (
        select exception_id, lag(exception_id) over worst as previous_id, lead(exception_id) over worst as next_id,
            row_number() over worst as place, count(*) over () as total
        from ({rows})
        window worst as (order by rank, amount_at_stake_reporting desc nulls last, opened_at, exception_id)
    ) where exception_id = ?
"""


def show(version: Version, exception_id: str, matching: Matching) -> None:
    """Show one exception, with the way to its neighbours among those that match the filters."""
    _steps(version, exception_id, matching)
    found = version.row("select * from ops.exceptions where exception_id = ?", (exception_id,))
    if found["exception_id"] is None:
        st.title("Exception", anchor=False)
        empty("This exception is no longer open.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(f"{label(found['code'])}: {found['subject_id']}", anchor=False, width="content")
        badge(found["severity"])
    show_readers(f"exception {exception_id}")
    acting.show_answers()
    stake = found["amount_at_stake"]
    facts = [
        f"Since {instant(found['opened_at'], version.time_zone)}" if found["opened_at"] else "",
        f"At stake {money(stake, found['currency'])}" if stake is not None else "",
        f"Owner {label(found['owner'])}",
        f"Assigned to {found['assignee']}" if found["assignee"] else "Assigned to nobody",
        f"Snoozed until {found['snoozed_until']}" if found["is_snoozed"] else "",
        f"Resolved by {found['resolved_by']}" if found["resolved_by"] else "",
    ]
    st.caption(" · ".join(fact for fact in facts if fact))
    st.markdown(f"{found['detail'] or ''}\n\n**What to do:** {found['what_to_do']}")
    exceptions_requests.offer(version, found)
    situation = acting.of_exceptions(version, [exception_id]).get(exception_id)
    if situation is not None:
        if situation.state.pending:
            lines = "\n".join(f"- {acting.pending_line(version, each)}" for each in situation.state.pending)
            st.warning(f"Pending until the next run:\n\n{lines}", icon=":material/schedule:")
        exceptions_acting.single(situation, f"{label(found['code'])} of {found['subject_id']}")
    with st.container(horizontal=True):
        if found["order_id"] and st.button("Open the order", icon=":material/receipt_long:"):
            open_page("orders", {"order": found["order_id"]})
        if found["sku"] and st.button("Open the SKU", icon=":material/inventory_2:"):
            open_page("inventory", {"sku": found["sku"]})
    _received(version, found)


def _steps(version: Version, exception_id: str, matching: Matching) -> None:
    """Show the way back, to the previous and to the next exception."""
    place = version.row(NEIGHBOURS.format(rows=matching.sql), (*matching.parameters, exception_id))
    with st.container(horizontal=True, vertical_alignment="center"):
        back("All exceptions", "exception")
        for title, icon, other in (
            ("Previous", "navigate_before", place["previous_id"]),
            ("Next", "navigate_next", place["next_id"]),
        ):
            if st.button(title, icon=f":material/{icon}:", disabled=other is None):
                st.query_params["exception"] = other
                st.rerun()
        if place["place"] is not None:
            st.caption(f"{count(place['place'])} of {count(place['total'])}", width="content")


def _received(version: Version, found: Row) -> None:
    """Show what operators did about the exception, and the requests of the customer that it is about."""
    sql = """
        select * from ops.actions
        where (subject_kind = 'exception' and subject_id = ?) or (order_id = ? and kind = ?)
        order by occurred_at desc, action_id
    """
    request = exceptions_requests.REQUESTS.get(found["code"])
    received.show(
        version,
        version.rows(sql, (found["exception_id"], found["order_id"], request)),
        "Nobody has acted on this exception.",
        {"line_id": column("Line"), "quantity": column("Units", digits=0)} if request else {},
    )
