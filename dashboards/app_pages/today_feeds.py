"""Section of the Today page: feeds that are late or quiet, and open alerts."""

from __future__ import annotations

from datetime import datetime

import streamlit as st
from orderhouse.monitoring.alerts import open_alerts
from shared.access import Version
from shared.formats import instant
from shared.people import open_page, signed_in
from shared.tables import column, table, word

__all__ = ["feeds"]

FRESHNESS = """
    select source, feed, freshness_status, last_received_at, due_at, quiet_days
    from quality.freshness
    order by case freshness_status when 'overdue' then 0 when 'quiet' then 1 when 'fresh' then 2 else 3 end,
        due_at nulls last, last_received_at nulls last, source, feed
"""


def feeds(version: Version) -> None:
    """Show the open alerts, and every feed with its freshness, the late ones first."""
    # Alerts name files and sources of all rows.
    if signed_in().role.opens("data_quality"):
        _alerts(version)
    picked = table(
        version.rows(FRESHNESS),
        {
            "feed": column("Feed"),
            "source": column("Source"),
            "freshness_status": word("Status", "Overdue: the next file is late. Quiet: no event for too long."),
            "last_received_at": column("Newest file"),
            "due_at": column("Next due"),
        },
        key="feeds_today",
        nothing="No file has been received, and none is expected.",
        select="Open a row to see data quality.",
        height="content",
    )  # fmt: skip
    if picked:
        open_page("data_quality", {})


def _alerts(version: Version) -> None:
    found = open_alerts(version.settings)
    if not found:
        st.success("No alert is open.", icon=":material/check_circle:")
    for alert in found:
        since = instant(datetime.fromisoformat(alert.since), version.time_zone)
        st.error(f"{alert.message} Since {since}.", icon=":material/notifications_active:")
