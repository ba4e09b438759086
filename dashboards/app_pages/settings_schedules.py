"""Schedules and sensors of Dagster: what starts by itself, when it last did, and when it will."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import streamlit as st
from orderhouse.invocation import as_typed_here
from orderhouse.storage.schedule_record import Instigator, load_schedules
from shared.access import Version
from shared.formats import label
from shared.tables import column, table, word

__all__ = ["schedules"]


def schedules(version: Version) -> None:
    """List the schedules and sensors as Dagster last recorded them."""
    found, is_alive = load_schedules(version.settings)
    if not is_alive:
        st.warning(
            as_typed_here("Dagster does not run here, so nothing starts by itself. `orderhouse up` starts it."),
            icon=":material/schedule:",
        )
    schema = {name: pl.String for name in ("name", "kind", "state", "rhythm", "outcome", "message", "about")}
    table(
        pl.DataFrame(
            [_row(each, is_alive=is_alive) for each in found],
            schema={**schema, "last_at": pl.Datetime, "next_at": pl.Datetime},
        ),
        {
            "name": column("Name"),
            "kind": column("Kind"),
            "state": word("State"),
            "rhythm": column("When", "Cron schedule in UTC, or the time between two looks."),
            "last_at": column("Last tick"),
            "outcome": word("It came to", "Skipped: it looked, and started no run."),
            "next_at": column("Next tick"),
            "message": column("Why"),
            "about": column("About"),
        },
        key="schedules",
        nothing="Dagster has not run in this home yet.",
        height="content",
    )


def _row(each: Instigator, *, is_alive: bool) -> dict[str, object]:
    state = "stopped" if not each.is_running else "running" if is_alive else "waiting"
    return {
        "name": label(each.name),
        "kind": each.kind,
        "state": state,
        "rhythm": each.rhythm,
        "outcome": each.outcome,
        "message": each.message,
        "about": each.about,
        "last_at": _utc(each.last_at),
        "next_at": _utc(each.next_at) if is_alive else None,
    }


def _utc(text: str | None) -> datetime | None:
    """Return an instant of text as UTC without zone, as the tables have it."""
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None
