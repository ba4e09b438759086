"""Form of one schedule, the lines that it writes into `schedules.yaml`, and what it would send now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import streamlit as st
from orderhouse.access.access_file import load_access
from orderhouse.errors import OrderhouseError
from orderhouse.messages.configuration import load_configuration
from orderhouse.schedules.checking import check_channel, role_for
from orderhouse.schedules.due import next_due
from orderhouse.schedules.figures import FIGURES
from orderhouse.schedules.saving import as_yaml, may_change, save_schedule, schedule_of
from orderhouse.schedules.schedule import KINDS, Schedule
from orderhouse.schedules.schedules_file import ALL, FORMATS, load_schedules, owners_known
from orderhouse.serve.destinations import check_destination
from shared.access import Version
from shared.formats import label
from shared.layout import section
from shared.people import signed_in

from app_pages.schedules_list import NEW, sees, written
from app_pages.schedules_one import preview

__all__ = ["builder"]


def builder(version: Version, name: str) -> None:
    """Show the form of a schedule, or of a new one."""
    if st.button("Back", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.pop("edit", None)
        if name == NEW:
            del st.query_params["schedule"]
        st.rerun()
    person = signed_in()
    roles = [each for each in load_access(version.settings).roles if may_change(person.role, each)]
    known = {each.name: each for each in load_schedules(version.settings) if sees(person.role, each)}
    seen = known.get(name)
    if not roles or (seen is not None and seen.role not in roles) or (seen is None and name != NEW):
        st.info("Your role may not write this schedule.", icon=":material/lock:")
        return
    with section("What goes out?", "Under the rights of the role: its rows and columns, and no tokens of people."):
        body = _what(version, seen, roles)
    with section("When, and to whom?", "The file has addresses of people of the house, and the store has none."):
        body |= _when(version, seen)
        chosen = seen.name if seen else st.text_input("Name", "new_schedule", key="schedule_name", width=260)
    try:
        schedule = schedule_of(version.settings, chosen, body)
        role_for(version.settings, schedule)
    except OrderhouseError as error:
        st.error(f"It cannot be saved yet. {error.message}", icon=":material/edit_note:")
        return
    try:
        check_channel(load_configuration(version.settings), schedule)
        if schedule.destination is not None:
            check_destination(version.settings, schedule.destination)
    except OrderhouseError as error:
        st.warning(f"It cannot be saved yet. {error.message}", icon=":material/edit_note:")
    else:
        _save(version, schedule, seen)
    with section("What would it send now?", "By the published version. Nothing is sent or stored."):
        preview(version, schedule)


def _save(version: Version, schedule: Schedule, seen: Schedule | None) -> None:
    """Offer to save a schedule that has no mistake."""
    person = signed_in()
    due = next_due(schedule.cron, version.time_zone, datetime.now(UTC))
    st.caption(f"Next due {written(due, version.time_zone)} ({version.time_zone}).")
    if st.button("Save", icon=":material/save:", type="primary", key="save_schedule"):
        save_schedule(version.settings, schedule, seen=seen, actor=person.name, role=person.role)
        st.query_params.pop("edit", None)
        st.query_params["schedule"] = schedule.name
        st.rerun()
    st.code(as_yaml(schedule), language="yaml", wrap_lines=True)


def _what(version: Version, seen: Schedule | None, roles: list[str]) -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input("Title", seen.title if seen else "New schedule", key="schedule_title", width=320)
        own = seen.role if seen else signed_in().role.name
        role = st.selectbox(
            "Role", roles, roles.index(own) if own in roles else 0, key="schedule_role", width=180,
            help="Whose rows and columns it has.",
        )  # fmt: skip
        kind = st.selectbox(
            "What", KINDS, KINDS.index(seen.kind) if seen else 0, format_func=label, key="schedule_kind", width=180
        )
        formats = FORMATS.get(kind, ())
        format = None
        if formats:
            old = formats.index(seen.format) if seen and seen.format in formats else 0
            format = st.selectbox("Format", formats, old, format_func=label, key=f"schedule_format_{kind}", width=140)
    body: dict[str, Any] = {"title": title.strip(), "role": role, kind: _source(version, kind, seen)}
    if format is not None:
        body["format"] = format
    if kind == "table":
        where = st.text_input(
            "Where", seen.where or "" if seen else "", key="schedule_where", help="Condition on the rows, in SQL."
        )
        if where.strip():
            body["where"] = where.strip()
    return body


def _source(version: Version, kind: str, seen: Schedule | None) -> Any:
    before = seen.source if seen and seen.kind == kind else ""
    if kind == "worklist":
        owners = st.multiselect(
            "Teams", owners_known(), seen.owners if seen else (), key="schedule_owners", placeholder="All teams",
            format_func=label, help="Whose exceptions it has.",
        )  # fmt: skip
        return owners or ALL
    if kind == "figure":
        names = list(FIGURES)
        return st.selectbox(
            "Figure", names, names.index(before) if before in names else 0, key="schedule_figure", width=360,
            format_func=lambda name: FIGURES[name].title,
        )  # fmt: skip
    if kind == "table":
        tables = version.tables()
        at = tables.index(before) if before in tables else 0
        return st.selectbox("Table", tables, at, key="schedule_table", width=360)
    return st.text_area("Query", before or "select * from ops.orders limit 100", key="schedule_query").strip()


def _when(version: Version, seen: Schedule | None) -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cron = st.text_input(
            "Due", seen.cron if seen else "0 8 * * 1-5", key="schedule_cron", width=180,
            help=f"Minute, hour, day, month and weekday, in {version.time_zone}.",
        )  # fmt: skip
        channel = st.text_input("Channel", seen.channel if seen else "email", key="schedule_channel", width=140)
        language = st.text_input(
            "Language", (seen.language or "") if seen else "", key="schedule_language", width=140, placeholder="en"
        )
        is_sent = st.toggle("Send also if empty", seen.sends_empty if seen else False, key="schedule_empty")
    recipients = st.text_area(
        "Recipients", "\n".join(seen.recipients) if seen else "", key="schedule_recipients",
        placeholder="One e-mail address a line", height=90,
    )  # fmt: skip
    destination = st.text_input(
        "Destination", (seen.destination or "") if seen else "", key="schedule_destination",
        placeholder="A folder or s3:// address that export_destinations names; for reports",
    )  # fmt: skip
    body: dict[str, Any] = {"cron": cron.strip(), "channel": channel.strip()}
    if recipients.split():
        body["recipients"] = recipients.replace(",", " ").split()
    if destination.strip():
        body["destination"] = destination.strip()
    if language.strip():
        body["language"] = language.strip()
    if is_sent:
        body["if_empty"] = "send"
    if seen is not None and not seen.is_enabled:
        body["enabled"] = False
    return body
