"""Clock and definitions of the displayed version, and the versions that are kept."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version as installed

import polars as pl
import streamlit as st
from orderhouse.serve.publishing import list_versions
from orderhouse.storage.build_record import CLOCK_POLICIES, load_record
from shared.access import Version
from shared.formats import instant, label
from shared.layout import Figure, figures
from shared.notices import basis
from shared.tables import column, table

__all__ = ["clock", "versions"]


def clock(version: Version) -> None:
    """Show the clock, its policy, zone, currency, release and home."""
    record = load_record(version.settings)
    policy = record.clock_policy if record else ""
    meaning = f"Each run takes {CLOCK_POLICIES[policy]}." if policy in CLOCK_POLICIES else None
    figures(
        [
            Figure("Clock", instant(version.as_of, version.time_zone), "Lateness and ages are measured from it."),
            Figure("Clock policy", label(policy), meaning),
            Figure("Business days in", version.time_zone),
            Figure("Reports in", version.currency),
            Figure("Release", installed("orderhouse"), f"Home: {version.settings.home}"),
        ]
    )
    st.caption(basis(version.settings, version))


def versions(version: Version) -> None:
    """List the versions that are kept."""
    found = pl.DataFrame(
        [
            {
                "number": each.number,
                "state": "Current" if each.is_current else "Kept",
                "published_at": _utc(each.published_at),
                "as_of": _utc(each.as_of),
                "batch_id": each.batch_id,
                "rows": sum(each.rows.values()),
                "megabytes": each.size_bytes / 1e6,
                "build_id": each.build_id,
            }
            for each in list_versions(version.settings)
        ]
    )
    table(
        found,
        {
            "number": column("Version", digits=0),
            "state": column("State"),
            "published_at": column("Published"),
            "as_of": column("Clock"),
            "batch_id": column("Batch", "Newest batch of received rows in it.", digits=0),
            "rows": column("Rows", "In all tables.", digits=0),
            "megabytes": column("Size", unit="MB", digits=1),
            "build_id": column("Build"),
        },
        key="versions_kept",
        nothing="No version is kept.",
        height="content",
    )


def _utc(text: str) -> datetime:
    """Return an instant of text as UTC without zone, as the tables have it."""
    return datetime.fromisoformat(text).replace(tzinfo=None)
