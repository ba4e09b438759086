"""Last runs of every step, as commands and schedules recorded them."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import streamlit as st
from orderhouse.storage.step_records import load_steps
from shared.access import Version
from shared.tables import column, table, word

__all__ = ["runs"]


def runs(version: Version) -> None:
    """List the steps with their last run, the newest first."""
    found = pl.DataFrame(
        [
            {
                "step": record.step,
                "outcome": record.outcome,
                "began_at": _utc(record.began_at),
                "ended_at": _utc(record.ended_at),
                "succeeded_at": _utc(record.succeeded_at),
                "runs": record.runs,
                "failures": record.failures,
                "message": record.message or None,
            }
            for record in load_steps(version.settings).values()
        ],
        schema_overrides={name: pl.Datetime for name in ("began_at", "ended_at", "succeeded_at")}
        | {"message": pl.String},
    )
    if found.height:
        found = found.sort("began_at", "step", descending=[True, False])
    table(
        found,
        {
            "step": column("Step"),
            "outcome": word("Outcome"),
            "began_at": column("Began"),
            "ended_at": column("Ended"),
            "succeeded_at": column("Last success"),
            "runs": column("Runs", digits=0),
            "failures": column("Failures", digits=0),
            "message": column("What it said"),
        },
        key="steps",
        nothing="Nothing has run in this home yet.",
        height="content",
    )
    st.caption(
        "While `orderhouse up` runs, Dagster starts runs by its schedule and when files arrive. Its page has each run."
    )


def _utc(text: str | None) -> datetime | None:
    """Return an instant of text as UTC without zone, as the tables have it."""
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None
