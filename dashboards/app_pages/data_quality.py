"""Data quality page: rows in, freshness, control totals, drift, gaps, audit, quarantine, repairs and files."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from orderhouse.serve.queries import FILE_COUNTS
from shared import address
from shared.access import Version
from shared.formats import count, per_cent
from shared.layout import Figure, figures, section, start
from shared.listing import listing
from shared.tables import FILE, column, table, word

from app_pages import data_quality_feeds, data_quality_quarantine

FILES = """
    select status, feed, source, parse_filename(path) as file_name,
        path, received_at, rows_in, accepted, duplicate, quarantined, repaired,
        discarded, rows_in - accepted - duplicate - quarantined as missing, control_status,
        reason, ignored_columns, format, size_bytes, is_superseded, batch_id, substr(file_id, 1, 12) as file,
        concat_ws('|', file_id, source, feed, path, batch_id, received_at) as load
    from quality.files
    where (? is null or feed = ?)
        and (not ? or status <> 'loaded' or quarantined > 0 or control_status = 'failed')
"""
AUDIT = """
    select
        case when passed then 'passed' when severity = 'error' then 'failed' else 'warned' end as outcome,
        case when passed then null when severity = 'error' then 'Not published until it passes'
            else 'Published with a warning' end as consequence,
        passed, severity, name, kind, failed_rows, detail
    from quality.audit
    order by passed, case severity when 'error' then 0 else 1 end, kind, name
"""


def headline(version: Version) -> None:
    """Show the number of rows by outcome, and whether the numbers add up for every file."""
    totals = version.row(FILE_COUNTS)
    rows_in = totals["rows_in"]
    share = per_cent(totals["quarantined"] / rows_in if rows_in else None, 2)
    figures(
        [
            Figure(
                "Rows in",
                count(rows_in),
                "Rows of all feeds, without superseded loads. A record can give rows of several feeds.",
            ),
            Figure("Accepted", count(totals["accepted"]), "New rows, stored in their feed."),
            Figure("Duplicate", count(totals["duplicate"]), "Rows that were stored already. They count once."),
            Figure(
                "Quarantined",
                count(totals["quarantined"]),
                f"Rows that broke a rule: {share} of all rows. Each is kept with its file, line and reasons.",
            ),
            Figure(
                "Files",
                count(totals["files"]),
                f"Received files. {totals['rejected_files']} of them were refused.",
            ),
        ]
    )
    if totals["unbalanced"]:
        wrong = "1 file does" if totals["unbalanced"] == 1 else f"{totals['unbalanced']} files do"
        st.error(
            f"{wrong} not add up: rows in differ from accepted + duplicate + quarantined.",
            icon=":material/error:",
        )
    elif rows_in:
        st.success("Rows in = accepted + duplicate + quarantined, for every file.", icon=":material/check_circle:")


def files(version: Version, feed: str | None) -> None:
    """List the files, newest first."""
    only_bad = address.flag("wrong", "Only files with problems")
    listing(
        version,
        FILES,
        (feed, feed, only_bad),
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
            "repaired": column(
                "Repaired", "Accepted and duplicate rows that came out of quarantine by a repair.", digits=0
            ),
            "discarded": column("Discarded", "Quarantined rows left out by a decision.", digits=0),
            "missing": column("Missing", "Rows in less accepted, duplicate and quarantined. Always zero.", digits=0),
            "control_status": word("Control totals", "Comparison of the file with the totals that its sender states."),
            "reason": column("Reason"),
            "ignored_columns": column("Ignored columns", "Columns that are in no contract."),
            "size_bytes": column("Size", unit="bytes", digits=0),
            "is_superseded": column("Superseded", "A later load of the same file has replaced this one."),
            "batch_id": column("Batch"),
            "file": column("SHA-256", "First characters of the SHA-256 of the file."),
            "path": FILE["path"],
        },
        key="files",
        unique="load",
        sort="-received_at",
        ties="path, feed",
        prefix="files_",
        nothing="No file matches the filters.",
        height=420,
    )


def audit(version: Version) -> None:
    """Show how many checks passed, and list the checks, failures first."""
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
            "consequence": column("Consequence", "Consequence of a check that did not pass."),
            "detail": column("Detail"),
        },
        key="audit",
        nothing="This version has no record of its audit.",
    )


version = start(
    "Data quality", "Every received row with its origin and its outcome. Rows that break a rule are kept in quarantine."
)
with section("Rows in"):
    headline(version)
known = version.rows("select distinct feed from quality.files where feed is not null order by feed")["feed"].to_list()
with section("Freshness", "Newest file and next due file of each feed. Overdue feeds come first."):
    data_quality_feeds.freshness(version)
with section("Control totals", "Totals that senders state for their files, compared with the received rows."):
    data_quality_feeds.controls(version)
with section("Drift", "Differences between a file and the files received before it."):
    data_quality_feeds.drift(version)
with section("Gaps", "Missing numbers in numbered ids and file names."):
    data_quality_feeds.gaps(version)
with section("Audit", "Checks of this version before its publication."):
    audit(version)
feed = address.choice("feed", "Feed", known, nothing="All feeds", width=240)
with section("Quarantine", "Records that broke a rule of the contract of their feed. Personal values are tokens."):
    data_quality_quarantine.quarantine(version, feed)
with section("Repairs", "Decisions about quarantined rows: who, when and why. They are never changed or deleted."):
    data_quality_quarantine.repairs(version, feed)
with section("Files"):
    files(version, feed)
