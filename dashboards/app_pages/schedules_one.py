"""One schedule: what it would send now, its last due times, and its buttons."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import streamlit as st
from orderhouse.access.access_file import load_access
from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.operations.store import open_store
from orderhouse.schedules.figures import FIGURES
from orderhouse.schedules.preview import digest_now, rows_now
from orderhouse.schedules.running import ask_for_run
from orderhouse.schedules.saving import as_yaml, delete_schedule, may_change, save_schedule
from orderhouse.schedules.schedule import Schedule
from orderhouse.schedules.schedules_file import load_schedules
from orderhouse.schedules.states import list_runs
from orderhouse.serve.publishing import find_version
from shared.access import Version
from shared.layout import back, badge, drawing, empty, section
from shared.people import signed_in
from shared.tables import column, table, word

from app_pages.schedules_list import NEW, sees, written

__all__ = ["one", "preview"]

SHOWN_ROWS = 50
SHOWN_RUNS = 20


def one(version: Version, name: str) -> None:
    """Show a schedule of the file."""
    back("All schedules", "schedule")
    known = {each.name: each for each in load_schedules(version.settings) if sees(signed_in().role, each)}
    schedule = known.get(name)
    if schedule is None:
        st.warning(f"T{nearest_sentence('schedule', name, [*known, NEW])[1:]}")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(schedule.title, anchor=False)
        badge("active" if schedule.is_enabled else "off")
    _buttons(version, schedule)
    with section("What would it send now?", "By the published version. Nothing is sent or stored."):
        preview(version, schedule)
    with section("What became of it?", "The last due times, the newest first."):
        _runs(version, schedule)
    st.code(as_yaml(schedule), language="yaml", wrap_lines=True)


def preview(version: Version, schedule: Schedule) -> None:
    """Show what a schedule would send now, with the rights of its role."""
    try:
        role = load_access(version.settings).role_named(schedule.role)
        source = find_version(version.settings, version.number)
        if schedule.kind == "worklist":
            text = digest_now(version.settings, schedule, role, source)
            st.markdown(f"**{text.title}**")
            st.code(text.text, language=None, wrap_lines=True)
            return
        rows = rows_now(version.settings, schedule, role, source, most=SHOWN_ROWS)
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    if schedule.kind == "figure":
        figure = FIGURES[schedule.source]
        st.caption(figure.about)
        drawing(rows, figure.draw(rows, version.currency), "There are no rows.")
    elif rows.is_empty():
        empty("There are no rows.")
    else:
        st.caption(f"The first {SHOWN_ROWS} rows at most, with instants in UTC.")
        st.dataframe(rows, hide_index=True, key="schedule_preview", placeholder="–")


def _buttons(version: Version, schedule: Schedule) -> None:
    person = signed_in()
    may = may_change(person.role, schedule.role)
    tip = None if may else "Your role may not change or run this schedule."
    with st.container(horizontal=True):
        if st.button(
            "Run now", icon=":material/play_arrow:", key="run_schedule", disabled=not (may and schedule.is_enabled),
            help=tip or "It runs within a minute while `orderhouse up` runs.",
        ):  # fmt: skip
            ask_for_run(version.settings, schedule.name, actor=person.name, role=person.role.name)
            st.toast("It is due now, and runs within a minute.")
        turn = "Switch off" if schedule.is_enabled else "Switch on"
        if st.button(turn, icon=":material/power_settings_new:", key="switch_schedule", disabled=not may, help=tip):
            changed = replace(schedule, is_enabled=not schedule.is_enabled)
            save_schedule(version.settings, changed, seen=schedule, actor=person.name, role=person.role)
            st.rerun()
        if st.button("Change", icon=":material/edit:", key="edit_schedule", disabled=not may, help=tip):
            st.query_params["edit"] = "1"
            st.rerun()
        with st.popover("Delete", icon=":material/delete:", disabled=not may):
            st.markdown("It is taken out of the file. The record of its runs stays.")
            if st.button("Delete it", type="primary", key="delete_schedule"):
                delete_schedule(version.settings, schedule, actor=person.name, role=person.role)
                del st.query_params["schedule"]
                st.rerun()


def _runs(version: Version, schedule: Schedule) -> None:
    runs = list_runs(open_store(version.settings), schedule.name, SHOWN_RUNS)
    table(
        pl.DataFrame(
            [(written(run.due_at, version.time_zone), run.state, run.version, run.sentence) for run in runs],
            schema={"due": pl.String, "state": pl.String, "version": pl.Int64, "sentence": pl.String},
            orient="row",
        ),
        {
            "due": column("Due"),
            "state": word("Outcome"),
            "version": column("Version", "Published version that it was made of.", digits=0),
            "sentence": column("What became of it"),
        },
        key="schedule_runs",
        nothing="It was not due yet.",
        height="content",
    )
