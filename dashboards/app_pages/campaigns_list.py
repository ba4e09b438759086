"""List of the campaigns with their states and messages."""

from __future__ import annotations

import polars as pl
import streamlit as st
from orderhouse.campaigns.results import Listed, list_campaigns
from orderhouse.campaigns.starting import ACTION
from shared.access import Version
from shared.formats import stored_instant
from shared.people import signed_in
from shared.tables import column, table, word

__all__ = ["NEW", "campaigns", "may_act"]

NEW = "new"
WITHHELD = ("suppressed", "expired", "failed", "held")


def may_act() -> bool:
    """Tell if the person may start and stop campaigns."""
    return signed_in().role.may(ACTION)


def campaigns(version: Version) -> None:
    """List the campaigns; an opened one is shown with its audience."""
    found = list_campaigns(version.settings)
    if may_act() and st.button("New campaign", icon=":material/add:", key="new_campaign"):
        st.query_params["campaign"] = NEW
        st.rerun()
    opened = table(
        pl.DataFrame([_row(version, each) for each in found], schema=SCHEMA),
        {
            "title": column("Campaign"),
            "state": word("State"),
            "start": column("Start", "When it started, or starts by itself."),
            "members": column("Members", "People who were frozen when it started, of all arms.", digits=0),
            "sent": column("Sent", "Messages that were accepted by their channel.", digits=0),
            "waiting": column("Waiting", "Messages that are still to go.", digits=0),
            "withheld": column(
                "Not sent", "Messages that were withheld, failed, expired, or have no channel.", digits=0
            ),
            "priority": column("Priority", "Of campaigns that start together, the greatest goes first.", digits=0),
        },
        key="campaigns",
        nothing="There is no campaign yet.",
        select="Open a campaign to see its audience, and to start, pause or stop it.",
        height="content",
    )
    if opened:
        st.query_params["campaign"] = opened["campaign_id"]
        st.rerun()


SCHEMA = {
    "campaign_id": pl.String, "title": pl.String, "state": pl.String, "start": pl.String, "members": pl.Int64,
    "sent": pl.Int64, "waiting": pl.Int64, "withheld": pl.Int64, "priority": pl.Int64,
}  # fmt: skip


def _row(version: Version, each: Listed) -> dict[str, object]:
    started = each.started
    planned = stored_instant(each.start_at.isoformat(), version.time_zone) if each.start_at else None
    counts = each.messages
    return {
        "campaign_id": each.campaign_id,
        "title": each.title or each.campaign_id,
        "state": each.state.replace(" ", "_"),
        "start": stored_instant(started.started_at, version.time_zone) if started else planned,
        "members": started.members_count if started else None,
        "sent": counts.get("sent", 0),
        "waiting": counts.get("pending", 0) + counts.get("sending", 0),
        "withheld": sum(counts.get(state, 0) for state in WITHHELD),
        "priority": each.priority,
    }
