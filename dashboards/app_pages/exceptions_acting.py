"""Actions on exceptions: assign, note, snooze and resolve, for one exception or for many."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st
from shared import acting, bulk
from shared.access import Version
from shared.acting import Situation
from shared.bulk import Kind
from shared.listing import Listed
from shared.people import signed_in

from app_pages.exceptions_filters import Matching

__all__ = ["many", "single"]


def single(situation: Situation, title: str) -> None:
    """Offer the actions on one exception."""
    bulk.offer_single(KINDS, situation, title)


def many(version: Version, matching: Matching, listed: Listed) -> None:
    """Offer the actions on the ticked exceptions, or on all that match the filters."""
    sql = f"select exception_id from ({matching.sql}) order by exception_id"  # noqa: S608 - a fixed query
    bulk.offer(
        version, KINDS, ticked=listed.ticked, total=listed.total, noun="exceptions",
        subjects=(sql, matching.parameters), situations=acting.of_exceptions,
    )  # fmt: skip


def _assignee() -> dict[str, Any]:
    named = st.text_input("Assignee", signed_in().name, key="assignee_field", max_chars=200)
    return {"assignee": named.strip() or None}


def _day() -> dict[str, Any]:
    version: Version = st.session_state["version"]
    tomorrow = version.business_date + timedelta(days=1)
    return {"snoozed_until": st.date_input("Until", tomorrow, min_value=tomorrow, format="YYYY-MM-DD")}


KINDS = {
    "assign": Kind("Assign", "person_add", _assignee),
    "note": Kind("Note", "edit_note", text="Note"),
    "snooze": Kind("Snooze", "snooze", _day),
    "resolve": Kind("Resolve", "done_all"),
}
