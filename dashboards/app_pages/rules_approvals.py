"""Approvals that rules wait for, and the decision about one."""

from __future__ import annotations

import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.operations.store import open_store
from orderhouse.rules.approvals import Approval, decide, waiting_approvals
from orderhouse.rules.sentences import steps_sentence
from orderhouse.rules.steps import stored_rule
from shared.access import Version
from shared.formats import money, stored_instant
from shared.layout import empty
from shared.people import signed_in

__all__ = ["approvals"]

SHOWN = 50


def approvals(version: Version) -> None:
    """Show the approvals that wait, the oldest first, with two buttons for who may decide."""
    role = signed_in().role
    found = waiting_approvals(version.settings, role=None if role.sees_everything else role)
    if not found:
        empty("Nothing waits for a decision.")
    for each in found[:SHOWN]:
        _one(version, each)
    if len(found) > SHOWN:
        st.caption(f"The oldest {SHOWN} of {len(found)}.")


def _one(version: Version, approval: Approval) -> None:
    person, firing = signed_in(), approval.firing
    with st.container(border=True):
        kept = stored_rule(open_store(version.settings), firing.rule, firing.rule_version)
        amount = "" if approval.amount is None else f" · {money(firing.value, version.currency)}"
        st.markdown(f"**{kept.title}** · {firing.subject}{amount}")
        st.caption(
            f"Waits for {approval.role} since {stored_instant(approval.asked_at, version.time_zone)}. Then: "
            f"{steps_sentence(kept.steps[firing.step + 1 :])}."
        )
        if person.role.name not in (approval.role, "admin") or approval.editor == person.name:
            why = "you saved the rule" if approval.editor == person.name else f"your role is {person.role.name}"
            st.caption(f"You cannot decide this: {why}.")
            return
        with st.container(horizontal=True, vertical_alignment="bottom"):
            reason = st.text_input("Reason", key=f"reason.{approval.approval_id}")
            for word, approves, icon in (("Approve", True, "check"), ("Decline", False, "close")):
                if st.button(word, icon=f":material/{icon}:", key=f"{word}.{approval.approval_id}"):
                    _decide(version, approval, approves, reason)


def _decide(version: Version, approval: Approval, approves: bool, reason: str) -> None:
    person = signed_in()
    try:
        decide(
            version.settings, approval.approval_id, actor=person.name, role=person.role, approves=approves,
            reason=reason or None,
        )  # fmt: skip
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    st.rerun()
