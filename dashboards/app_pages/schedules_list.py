"""List of the schedules with their last and next due times."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import streamlit as st
from orderhouse.access.roles import Role
from orderhouse.schedules.overview import Listed, overview
from orderhouse.schedules.saving import may_change
from orderhouse.schedules.schedule import Schedule
from shared.access import Version
from shared.formats import stored_instant
from shared.people import signed_in
from shared.tables import column, table, word

__all__ = ["NEW", "schedules", "sees", "written"]

NEW = "new"
SCHEMA = {
    "name": pl.String, "title": pl.String, "state": pl.String, "what": pl.String, "role": pl.String, "cron": pl.String,
    "next": pl.String, "last": pl.String, "outcome": pl.String, "sentence": pl.String,
}  # fmt: skip


def sees(role: Role, schedule: Schedule) -> bool:
    """Tell if a role sees a schedule: one of its own, or any if it sees everything."""
    return role.sees_everything or schedule.role == role.name


def schedules(version: Version) -> None:
    """List the schedules that the person sees; an opened one is shown with its preview."""
    role = signed_in().role
    found, zone = overview(version.settings)
    if may_change(role, role.name) and st.button("New schedule", icon=":material/add:", key="new_schedule"):
        st.query_params["schedule"] = NEW
        st.rerun()
    opened = table(
        pl.DataFrame([_row(each, zone) for each in found if sees(role, each.schedule)], schema=SCHEMA),
        {
            "title": column("Schedule"),
            "state": word("State"),
            "what": column("What"),
            "role": column("Role", "Whose rows and columns it has."),
            "cron": column("Due", "Minute, hour, day, month and weekday."),
            "next": column("Next"),
            "last": column("Last"),
            "outcome": word("Outcome", "What became of the last due time."),
            "sentence": column("What became of it"),
        },
        key="schedules",
        nothing="There is no schedule yet.",
        select=f"Open a schedule to see what it would send now. Times are those of {zone}.",
        height="content",
    )
    if opened:
        st.query_params["schedule"] = opened["name"]
        st.rerun()


def written(at: datetime | None, zone: str) -> str | None:
    """Write an instant in the business time zone."""
    return stored_instant(at.isoformat(), zone) if at else None


def _row(each: Listed, zone: str) -> dict[str, object]:
    return {
        "name": each.schedule.name,
        "title": each.schedule.title,
        "state": "active" if each.schedule.is_enabled else "off",
        "what": each.what,
        "role": each.schedule.role,
        "cron": each.schedule.cron,
        "next": written(each.next_at, zone),
        "last": written(each.last.due_at, zone) if each.last else None,
        "outcome": each.last.state if each.last else None,
        "sentence": each.last.sentence if each.last else None,
    }
