"""Quarantine section of the data quality page: broken rules, records, repairs, and decisions about one record."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from orderhouse.invocation import as_typed_here
from shared import address
from shared.access import Row, Version
from shared.layout import empty
from shared.listing import listing
from shared.tables import FILE, column, table, word

from app_pages import data_quality_repairing

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
"""
RECORD = "select * from quality.quarantine where quarantine_id = ?"
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
    listed = listing(
        version,
        QUARANTINE,
        (feed, feed, state, state, rule, rule),
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
        noun="quarantined records",
        unique="quarantine_id",
        sort="-received_at",
        ties="path, record",
        prefix="quarantine_",
        nothing="No quarantined row matches the filters.",
        opens="See the record as received, and decide about it",
        height=420,
    )
    if listed.opened:
        st.query_params["record"] = listed.opened["quarantine_id"]
    chosen = st.query_params.get("record")
    if chosen:
        record = version.row(RECORD, (chosen,))
        if record["quarantine_id"]:
            _show_record(version, record)
        else:
            empty(f"Version {version.number} has no record {chosen} in quarantine.")


def _filters(version: Version, feed: str | None) -> tuple[str | None, str | None]:
    """Show the filters above a chart of the broken rules, and return the chosen state and rule."""
    with st.container(horizontal=True):
        state = address.choice("state", "State", STATES, width=200)
        rules = version.rows(RULES, (feed, feed, state, state))
        rule = address.choice("rule", "Rule", rules["rule"].to_list(), written=str, width=320)
    if rules.height:
        st.altair_chart(charts.ranked(rules, "rule", "records", "Records"))
    return state, rule


def _show_record(version: Version, record: Row) -> None:
    """Show a record as received, the decision about it, the decisions that are possible, and the commands."""
    st.markdown(f"**Record {record['record']} of `{record['path']}`**")
    if record["repair_made_by"]:
        st.caption(f"{record['repair_made_by']} {DECISIONS[record['repair_kind']]}: {record['repair_why']}")
    st.code(
        record["row_json"] or "The record could not be read. Its text is in the vault.",
        language="json",
        wrap_lines=True,
    )
    data_quality_repairing.offer(version, record)
    with st.expander("The same on the command line", icon=":material/terminal:"):
        st.code(as_typed_here("\n".join(_commands(record))), language="bash")


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
