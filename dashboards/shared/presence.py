"""Line that says who else has the same order open, renewed while the page is shown."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from uuid import uuid4

import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.operations.presence import RENEWAL_SECONDS, arrive

from shared.people import signed_in

__all__ = ["show_readers"]

log = logging.getLogger(__name__)


@st.fragment(run_every=RENEWAL_SECONDS)
def show_readers(subject: str) -> None:
    """Record that this session shows a subject, and name the other people who have it open."""
    person = signed_in()
    session = st.session_state.setdefault("session_id", uuid4().hex)
    try:
        others = arrive(person.settings, subject=subject, session=session, person=person.name, role=person.role.name)
    except OrderhouseError as error:  # a hint that fails must not hide the order
        log.warning("presence: %s", error)
        return
    # A page that is loaded again is a new session. Its old one renews nothing, and ends with its lease.
    came: dict[str, str] = st.session_state.setdefault("came_to", {})
    since = came.setdefault(subject, datetime.now(UTC).isoformat(timespec="microseconds"))
    names = dict.fromkeys(
        "you in another window" if each.person == person.name else f"{each.person} ({each.role})"
        for each in others
        if each.person != person.name or each.seen_at > since
    )
    if names:
        st.caption(f":material/group: Open too: {', '.join(names)}")
