"""Quarantine section of the data quality page: broken rules, records, repairs, and the commands for a record."""

from __future__ import annotations

import streamlit as st
from shared import charts
from shared.access import Row, Version
from shared.formats import label
from shared.layout import empty
from shared.tables import FILE, column, table, word

__all__ = ["quarantine", "repairs"]

LIMIT = 300
STATES = ("open", "patched", "patch_failed", "repaired", "discarded", "superseded")
RULES = """
    select replace(rule, '|', ': ') as rule, count(*) as records from (
        select unnest(from_json(rules, '["varchar"]')) as rule from quality.quarantine
        where (? is null or feed = ?) and (? is null or state = ?)
    ) as broken
    group by all order by records desc, rule limit 15
"""
QUARANTINE = """
    select quarantine_id, state, feed, source, parse_filename(path) as file_name,
        path, record, reasons, rules, received_at, row_json,
        repair_id, repair_kind, repair_made_by, repair_made_at, repair_why
    from quality.quarantine
    where (? is null or feed = ?) and (? is null or state = ?)
        and (? is null or list_contains(from_json(rules, '["varchar"]'), replace(?, ': ', '|')))
    order by received_at desc, path, record limit ?
"""
REPAIRS = """
    select made_at, made_by, kind, state, parse_filename(path) as file_name, path, record, feed, fields_before,
        fields, why, reasons, replayed_at, repair_id
    from quality.repairs where (? is null or feed = ?) order by made_at desc, path, record limit ?
"""
DECISIONS = {
    "patch": "repaired the row",
    "record_patch": "repaired the record",
    "discard": "discarded the row",
    "withdraw": "withdrew a decision",
}


def quarantine(version: Version, feed: str | None) -> None:
    """Show the broken rules, the records that broke them with their states, and the commands for a picked record."""
    if not version.row("select count(*) as n from quality.quarantine")["n"]:
        empty("Nothing is in quarantine.")
        return
    state, rule = _filters(version, feed)
    picked = table(
        version.rows(QUARANTINE, (feed, feed, state, state, rule, rule, LIMIT)),
        {
            "state": word("State", "Open rows wait for a decision. Repaired rows are in their feed."),
            "feed": column("Feed"),
            "file_name": FILE["file_name"],
            "record": column("Record", "Number of the line or record in the file."),
            "reasons": column("Reasons", "Broken rules. After a failed repair: rules that are still broken."),
            "received_at": column("Received"),
            "source": column("Source"),
            "repair_made_by": column("Decided by"),
            "repair_why": column("Reason for the decision"),
            "quarantine_id": column("Id", "Argument of `orderhouse quarantine show`."),
            "path": FILE["path"],
        },
        key="quarantine",
        nothing="No quarantined row matches the filters.",
        select="Pick a row to see the record as received, and the commands for it.",
    )
    if picked:
        _show_record(picked)


def _filters(version: Version, feed: str | None) -> tuple[str | None, str | None]:
    """Show the filters above a chart of the broken rules, and return the chosen state and rule."""
    with st.container(horizontal=True):
        state = st.selectbox(
            "State",
            STATES,
            index=None,
            format_func=label,
            key="state",
            bind="query-params",
            placeholder="All",
            width=200,
        )
        rules = version.rows(RULES, (feed, feed, state, state))
        rule = st.selectbox("Rule", rules["rule"].to_list(), index=None, key="rule", placeholder="All", width=320)
    if rules.height:
        st.altair_chart(charts.ranked(rules, "rule", "records", "Records"))
    return state, rule


def _show_record(record: Row) -> None:
    """Show a quarantined record as received, the decision about it, and the commands for it."""
    if record["repair_made_by"]:
        st.caption(f"{record['repair_made_by']} {DECISIONS[record['repair_kind']]}: {record['repair_why']}")
    st.code(
        record["row_json"] or "The record could not be read. Its text is in the vault.",
        language="json",
        wrap_lines=True,
    )
    st.code("\n".join(_commands(record)), language="bash")


def _commands(record: Row) -> list[str]:
    """Return the commands for a record in its present state."""
    known = record["quarantine_id"]
    look = f"orderhouse quarantine show {known}"
    match record["state"]:
        case "superseded":
            return [look]
        case "patched":
            return [look, f"orderhouse quarantine replay {known}"]
        case "repaired" if record["repair_kind"] == "patch":
            return [look, f"orderhouse quarantine discard {record['repair_id']} --why TEXT"]
        case _:
            return [
                look,
                f"orderhouse quarantine repair {known} --set column=value --why TEXT",
                f"orderhouse quarantine discard {known} --why TEXT",
            ]


def repairs(version: Version, feed: str | None) -> None:
    """List the decisions about quarantined rows, the latest first."""
    table(
        version.rows(REPAIRS, (feed, feed, LIMIT)),
        {
            "made_at": column("Decided"),
            "made_by": column("Decided by"),
            "kind": word("Decision"),
            "state": word("State"),
            "file_name": FILE["file_name"],
            "record": column("Record"),
            "feed": column("Feed"),
            "fields_before": column("Before"),
            "fields": column("After", "Personal values are tokens."),
            "why": column("Why"),
            "reasons": column("Reasons", "Rules that are still broken."),
            "replayed_at": column("Replayed"),
            "repair_id": column("Id", "Argument of `orderhouse quarantine discard`, which withdraws the decision."),
            "path": FILE["path"],
        },
        key="repairs",
        nothing="No decision about a quarantined row is recorded.",
    )
