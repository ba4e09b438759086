"""Reasons of returns, by token, and their text for roles that may see it."""

from __future__ import annotations

import streamlit as st
from shared import revealing
from shared.access import Version
from shared.columns import column
from shared.listing import listing

__all__ = ["reasons"]

# A token of the URL is revealed only if a return of the role has it.
KNOWN = "select count(*) as n from marts.fct_returns where reason_token = ?"
REASONS = """
    select coalesce(reason_token, 'none') as reason, count(distinct return_id) as returns,
        sum(returned_quantity) as returned,
        count(distinct sku) as skus, max(opened_at) as newest_at
    from marts.fct_returns group by reason_token
"""


def reasons(version: Version) -> None:
    """List the reasons by their number of returns, and offer to reveal the picked one."""
    listed = listing(
        version,
        REASONS,
        (),
        {
            "reason": column("Reason", "Token of the text; `none` where no reason was given."),
            "returns": column("Returns", digits=0),
            "returned": column("Units back", digits=0),
            "skus": column("SKUs", digits=0),
            "newest_at": column("Newest"),
        },
        key="return_reasons",
        noun="reasons",
        unique="reason",
        sort="-returns",
        nothing="No return has been received.",
        opens="Read the reason, if your role may",
    )
    if listed.opened:
        st.query_params["reason"] = listed.opened["reason"]
    chosen = st.query_params.get("reason")
    if chosen and version.row(KNOWN, (chosen,))["n"]:
        revealing.offer(version, chosen)
