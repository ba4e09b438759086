"""Decisions about one quarantined row on the page: repair it, leave it out, take a decision back, or replay it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import streamlit as st
from orderhouse.access.quarantine import refuse_role
from orderhouse.contracts import CONTRACTS
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import entries
from orderhouse.operations.repairing import Decision, decide
from orderhouse.repair.applying import Applied
from shared.access import Row, Version
from shared.formats import instant
from shared.people import signed_in

__all__ = ["offer"]

APPLIED = "applied_decision"
# Names for people of the actions in the audit log.
DONE = {"repair": "repaired", "discard": "left out", "withdraw": "taken back", "replay": "replayed"}


def offer(version: Version, record: Row) -> None:
    """Offer what the state of a row allows, to a role that may decide."""
    _show_applied()
    try:
        refuse_role(signed_in().role, decides=True)
        _say_decided(version, record)
    except OrderhouseError as error:
        st.caption(error.message)
        return
    is_in_force = record["repair_kind"] in ("patch", "record_patch", "discard")
    if record["state"] in ("open", "patch_failed", "discarded") and record["feed"] in CONTRACTS:
        _repair(record)
    if record["state"] == "patched":
        _send_button("Replay", "replay", record["quarantine_id"])
    if record["state"] in ("open", "patch_failed"):
        _with_reason("Leave it out", "discard", record["quarantine_id"])
    elif is_in_force and record["state"] in ("repaired", "patched", "discarded"):
        _with_reason("Take the decision back", "withdraw", record["repair_id"])


def _repair(record: Row) -> None:
    """Ask for new values of some columns, and the reason."""
    received = _values(record["row_json"])
    columns = list(CONTRACTS[record["feed"]].column_names())
    named = {rule.partition("|")[0] for rule in json.loads(record["rules"] or "[]")}
    broken = [name for name in columns if name in named]
    chosen = st.multiselect(
        "Columns to correct",
        columns,
        broken,
        key=f"repair_columns_{record['quarantine_id']}",
        placeholder="Choose columns",
    )
    with st.form(f"repair_{record['quarantine_id']}"):
        fields = {
            name: st.text_input(
                name,
                received.get(name, ""),
                key=f"repair_{name}",
                help="As the source would write it. Empty text empties the column.",
            )
            for name in chosen
        }
        why = st.text_input("Why?", key="repair_why", placeholder="Such as: the shop writes EURO")
        if st.form_submit_button("Repair the row", key="repair_form", icon=":material/build:", disabled=not chosen):
            _send("repair", record["quarantine_id"], fields, why)


def _with_reason(title: str, decision: Decision, subject: str) -> None:
    """Offer a decision that needs a reason and nothing else."""
    with st.popover(title, icon=":material/undo:" if decision == "withdraw" else ":material/block:"):
        why = st.text_input("Why?", key=f"{decision}_why")
        _send_button(title, decision, subject, why)


def _send_button(title: str, decision: Decision, subject: str, why: str = "") -> None:
    if st.button(title, key=f"decide_{decision}", type="primary"):
        _send(decision, subject, {}, why)


def _send(decision: Decision, subject: str, fields: Mapping[str, str], why: str) -> None:
    person = signed_in()
    try:
        st.session_state[APPLIED] = decide(
            person.settings,
            actor=person.name,
            role=person.role,
            decision=decision,
            subject=subject,
            fields=fields,
            why=why,
        )
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
    else:
        st.rerun()


def _show_applied() -> None:
    """Show what came of the last decision, once."""
    applied: Applied | None = st.session_state.pop(APPLIED, None)
    if applied is None:
        return
    for sentence in applied.sentences:
        st.success(sentence, icon=":material/check_circle:")
    for note in applied.notes:
        st.warning(note, icon=":material/warning:")
    if applied.has_written:
        st.info("The next run takes it in. Until then the pages show the row as it was.", icon=":material/schedule:")
    elif not applied.sentences:
        st.info("The decision is recorded. Nothing else has changed.", icon=":material/check_circle:")


def _say_decided(version: Version, record: Row) -> None:
    """Say what was decided since this version was published, which the version does not show."""
    ids = filter(None, (record["quarantine_id"], record["repair_id"]))
    for subject in ids:
        for entry in entries(version.settings, newest=5, subject=subject):
            decision = entry.action.removeprefix("quarantine_")
            at = datetime.fromisoformat(entry.at)
            if decision in DONE and decision != entry.action and at > version.published_at:
                st.warning(
                    f"{entry.actor} has {DONE[decision]} it at {instant(at, version.time_zone)}, after this version "
                    "was published. The next run shows it.",
                    icon=":material/schedule:",
                )
                return


def _values(row_json: str | None) -> dict[str, str]:
    """Return the values of a row as received that are no tokens, as text."""
    try:
        found = json.loads(row_json or "{}")
    except ValueError:
        return {}
    return {name: str(value) for name, value in found.items() if value is not None and not name.endswith("_token")}
