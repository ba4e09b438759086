"""Decisions on what a customer asks for: approve or decline it, from the exception that says it waits."""

from __future__ import annotations

import streamlit as st
from shared import acting, bulk
from shared.access import Row, Version
from shared.bulk import Kind

__all__ = ["REQUESTS", "offer"]

# Kind of action by which it was asked for, by the code of the exception.
REQUESTS = {
    "return_requested": "request_return",
    "cancel_requested": "request_cancel",
    "change_requested": "request_change",
}
DECISIONS = {
    "return_requested": {
        "approve_return": Kind("Approve the return", "assignment_return"),
        "decline_return": Kind("Decline the return", "assignment_late", needs_text=True),
    },
    "cancel_requested": {
        "cancel": Kind("Cancel the order", "cancel"),
        "decline": Kind("Decline the request", "block", needs_text=True),
    },
    "change_requested": {
        "approve": Kind("Approve the change", "task_alt"),
        "decline": Kind("Decline the request", "block", needs_text=True),
    },
}


def offer(version: Version, exception: Row) -> None:
    """Offer the decisions on the order of an exception about a request. Other exceptions offer none."""
    kinds, order_id = DECISIONS.get(exception["code"]), exception["order_id"]
    situation = acting.of_orders(version, [order_id]).get(order_id) if kinds else None
    if kinds is None or situation is None:
        return
    if situation.state.pending:
        lines = "\n".join(f"- {acting.pending_line(version, each)}" for each in situation.state.pending)
        st.warning(f"Pending on the order until the next run:\n\n{lines}", icon=":material/schedule:")
    bulk.offer_single(kinds, situation, f"order {order_id}")
