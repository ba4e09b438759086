"""Data quality: every file and what became of its rows, the quarantine, the audit, and how fresh each feed is."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st
from shared import charts
from shared.access import Version
from shared.formats import compact, instant, label, per_cent
from shared.layout import FILE, Figure, column, empty, figures, section, start, table, word

from app_pages import data_quality_feeds

LIMIT = 300
TOTALS = """
    select count(*) as files, sum(rows_in) as rows_in, sum(accepted) as accepted, sum(duplicate) as duplicate,
        sum(quarantined) as quarantined,
        count(*) filter (status = 'rejected') as rejected,
            count(*) filter (rows_in <> accepted + duplicate + quarantined) as unbalanced
    from quality.files where not is_superseded
"""
FILES = """
    select status, feed, source, parse_filename(path) as file_name,
        path, received_at, rows_in, accepted, duplicate, quarantined, repaired,
        discarded, rows_in - accepted - duplicate - quarantined as missing, control_status,
        reason, ignored_columns, format, size_bytes, is_superseded, batch_id, substr(file_id, 1, 12) as file
    from quality.files
    where (? is null or feed = ?)
        and (not ? or status <> 'loaded' or quarantined > 0 or control_status = 'failed')
    order by received_at desc, path, feed limit ?
"""
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
STATES = ("open", "patched", "patch_failed", "repaired", "discarded", "superseded")
REPAIRS = """
    select made_at, made_by, kind, state, parse_filename(path) as file_name, path, record, feed, fields_before,
        fields, why, reasons, replayed_at, repair_id
    from quality.repairs where (? is null or feed = ?) order by made_at desc, path, record limit ?
"""
AUDIT = """
    select
        case when passed then 'passed' when severity = 'error' then 'failed' else 'warned' end as outcome,
        case when passed then null when severity = 'error' then 'Not published until it holds'
            else 'Published all the same' end as consequence,
        passed, severity, name, kind, failed_rows, detail
    from quality.audit
    order by passed, case severity when 'error' then 0 else 1 end, kind, name
"""


def headline(version: Version) -> None:
    """Show that every row that came in is accounted for."""
    totals = version.row(TOTALS)
    rows_in = totals["rows_in"] or 0
    share = per_cent((totals["quarantined"] or 0) / rows_in if rows_in else None, 2)
    figures(
        [
            Figure("Rows in", compact(rows_in), "Records read from all files that are in force."),
            Figure("Accepted", compact(totals["accepted"]), "Rows taken in for the first time."),
            Figure("Duplicate", compact(totals["duplicate"]), "Rows whose content was already there; they count once."),
            Figure(
                "Quarantined",
                compact(totals["quarantined"]),
                f"Rows that broke a rule, {share} of all. They are kept, each with its file, line and reasons.",
            ),
            Figure(
                "Files", compact(totals["files"]), f"Loads of a file and feed; {totals['rejected']} refused as a whole."
            ),
        ]
    )
    if totals["unbalanced"]:
        st.error(
            f"{totals['unbalanced']} files do not add up: rows in differ from accepted + duplicate + quarantined.",
            icon=":material/error:",
        )
    elif rows_in:
        st.success("Rows in = accepted + duplicate + quarantined, for every file.", icon=":material/check_circle:")


def files(version: Version, feed: str | None) -> None:
    """List files, newest first."""
    only_bad = st.toggle("Only files with something wrong", key="wrong", bind="query-params")
    found = version.rows(FILES, (feed, feed, only_bad, LIMIT))
    table(
        found,
        {
            "status": word("Status"),
            "file_name": FILE["file_name"],
            "feed": column("Feed"),
            "source": column("Source"),
            "received_at": column("Received"),
            "rows_in": column("Rows in", digits=0),
            "accepted": column("Accepted", digits=0),
            "duplicate": column("Duplicate", digits=0),
            "quarantined": column("Quarantined", digits=0),
            "repaired": column("Repaired", "Of the accepted and duplicate rows.", digits=0),
            "discarded": column("Discarded", "Of the quarantined rows.", digits=0),
            "missing": column("Missing", "Rows in less the three others; always zero.", digits=0),
            "control_status": word("Control totals", "Whether it adds up to what its sender states."),
            "reason": column("Reason"),
            "ignored_columns": column("Ignored columns", "Columns that no contract asks for."),
            "size_bytes": column("Size", unit="bytes", digits=0),
            "is_superseded": column("Superseded", "A later load of the same file took its place."),
            "batch_id": column("Batch"),
            "file": column("SHA-256", "Start of the file's hash."),
            "path": FILE["path"],
        },
        key="files",
        nothing="No file matches.",
        of=version.row("select count(*) as n from quality.files")["n"] if not feed and not only_bad else None,
    )


def quarantine(version: Version, feed: str | None) -> None:
    """Show which rules were broken, the records that broke them and how each stands, and what to type about it."""
    if not version.row("select count(*) as n from quality.quarantine")["n"]:
        empty("Nothing is in quarantine.")
        return
    with st.container(horizontal=True):
        state = st.selectbox(
            "State",
            STATES,
            index=None,
            format_func=label,
            key="state",
            bind="query-params",
            placeholder="Any",
            width=200,
        )
        rules = version.rows(RULES, (feed, feed, state, state))
        rule = st.selectbox(
            "Rule", rules["rule"].to_list(), index=None, key="rule", placeholder="Every rule", width=320
        )
    if rules.height:
        st.altair_chart(charts.ranked(rules, "rule", "records", "Records"))
    picked = table(
        version.rows(QUARANTINE, (feed, feed, state, state, rule, rule, LIMIT)),
        {
            "state": word("State", "Open rows wait for somebody; repaired ones are in their feed."),
            "feed": column("Feed"),
            "file_name": FILE["file_name"],
            "record": column("Record", "Line or record number in the file."),
            "reasons": column("What is wrong", "Of a row whose repair failed: what is wrong still."),
            "received_at": column("Received"),
            "source": column("Source"),
            "repair_made_by": column("Decided by"),
            "repair_why": column("Why"),
            "quarantine_id": column("Id", "For `orderhouse quarantine show`."),
            "path": FILE["path"],
        },
        key="quarantine",
        nothing="No row in quarantine is like that.",
        select="Pick a row to see it as received, and the commands that put it right.",
    )
    if picked:
        show_record(picked)


def show_record(record: dict[str, Any]) -> None:
    """Show one quarantined record as received, what was decided about it, and the commands for it with its id."""
    if record["repair_made_by"]:
        decided = {"patch": "repaired", "discard": "discarded", "withdraw": "took a repair back"}
        st.caption(f"{record['repair_made_by']} {decided[record['repair_kind']]}: {record['repair_why']}")
    st.code(
        record["row_json"] or "The record could not be read; its text is in the vault.",
        language="json",
        wrap_lines=True,
    )
    st.code("\n".join(commands(record)), language="bash")


def commands(record: dict[str, Any]) -> list[str]:
    """What to type about a record, by its state."""
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
    """List what was decided about rows in quarantine, the latest first."""
    table(
        version.rows(REPAIRS, (feed, feed, LIMIT)),
        {
            "made_at": column("When"),
            "made_by": column("Who"),
            "kind": word("What"),
            "state": word("Came to"),
            "file_name": FILE["file_name"],
            "record": column("Record"),
            "feed": column("Feed"),
            "fields_before": column("Was"),
            "fields": column("Set to", "Personal values are tokens."),
            "why": column("Why"),
            "reasons": column("What is wrong still"),
            "replayed_at": column("Carried out"),
            "repair_id": column("Id", "For `orderhouse quarantine discard`, which takes it back."),
            "path": FILE["path"],
        },
        key="repairs",
        nothing="Nothing was decided about any row in quarantine.",
    )


def audit(version: Version) -> None:
    """Say whether the audit passed, and list its checks, failures first."""
    found = version.rows(AUDIT)
    failed = found.filter(~found["passed"])
    refused = failed.filter(severity="error").height
    colour: Literal["red", "orange", "green"] = "red" if refused else "orange" if failed.height else "green"
    st.badge(
        f"{found.height - failed.height} of {found.height} checks passed", icon=":material/fact_check:", color=colour
    )
    table(
        found,
        {
            "outcome": word("Outcome"),
            "name": column("Check"),
            "kind": column("Kind"),
            "failed_rows": column("Failed rows", digits=0),
            "consequence": column("Because of it", "Of checks that did not pass."),
            "detail": column("Detail"),
        },
        key="audit",
        nothing="The audit of this version left no record.",
    )


version = start(
    "Data quality", "Nothing is dropped and nothing is guessed: where every row came from, and what became of it."
)
st.caption(f"Batch {version.batch_id}, published {instant(version.published_at, version.time_zone)}.")
with section("Rows in"):
    headline(version)
known = version.rows("select distinct feed from quality.files where feed is not null order by feed")["feed"].to_list()
with section("Freshness", "When each feed came last and is due next; what is overdue first."):
    data_quality_feeds.freshness(version)
with section("Control totals", "What senders state of their files, against the rows as received."):
    data_quality_feeds.controls(version)
with section("Drift", "Where a file differs from those before it, in the order in which they came."):
    data_quality_feeds.drift(version)
with section("Gaps", "Numbers missing between ids, or names of files, that are numbered."):
    data_quality_feeds.gaps(version)
with section("Audit", "The checks that this version passed before it was published."):
    audit(version)
feed = st.selectbox(
    "Feed", known, index=None, format_func=label, key="feed", bind="query-params", placeholder="All feeds", width=240
)
with section("Quarantine", "Records that broke a rule of their feed's contract. Personal values are tokens."):
    quarantine(version, feed)
with section(
    "Repairs", "Who decided what about rows in quarantine, when and why. Nothing of it is ever changed or deleted."
):
    repairs(version, feed)
with section("Files"):
    files(version, feed)
