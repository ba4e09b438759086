"""Whether feeds are as they should be: control totals, what changed from file to file, missing numbers, lateness.

Parts of the page about data quality. What is found is computed in dbt and said here in words.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import streamlit as st
from shared.access import Version
from shared.formats import day, instant, label
from shared.layout import FILE, column, table, word

__all__ = ["controls", "drift", "freshness", "gaps"]

LIMIT = 300
FRESHNESS = """
    select freshness.source, freshness.feed, expected_every, due_at, freshness_status, is_overdue, is_quiet,
        last_received_at, newest_event_at, newest_event_date, quiet_days, allowed_quiet_days, files_count,
        date_diff('second', last_received_at, ?::timestamp) / 3600 as age_hours
    from quality.freshness as freshness
    order by coalesce(freshness_status in ('overdue', 'quiet'), false) desc, is_overdue desc nulls last,
        due_at nulls last, last_received_at, source, feed
"""
CONTROLS = """
    select status, source, parse_filename(path) as file_name,
        path, measure, expected, actual, detail, origin, is_rejected, checked_at
    from quality.controls where is_current
    order by status, checked_at desc, path, measure limit ?
"""
DRIFT = """
    select received_at, severity, source, feed, kind, column_name, before_value, after_value,
        parse_filename(path) as file_name, path, detail
    from quality.drift
    order by received_at desc, severity desc, path, kind, column_name limit ?
"""
GAPS = """
    select source, feed, column_name, prefix, gap_from, gap_to, missing, in_quarantine, noticed_at
    from quality.sequence_gaps
    order by missing desc, source, feed, prefix, gap_from limit ?
"""


def freshness(version: Version) -> None:
    """Say which feeds are overdue or quiet, and list when each came last and is due next."""
    found = version.rows(FRESHNESS, (version.published_at.replace(tzinfo=None),))
    is_late = (pl.col("due_at") < datetime.now(UTC).replace(tzinfo=None)) | pl.col("is_overdue")
    late, quiet = found.filter(is_late), found.filter("is_quiet")
    for row in late.iter_rows(named=True):
        last = row["last_received_at"]
        came = f"The last one came {instant(last, version.time_zone)}." if last else "None has come yet."
        due = instant(row["due_at"], version.time_zone)
        st.warning(
            f"{label(row['feed'])} of {row['source']} is overdue: a file is expected every {row['expected_every']}. "
            f"{came} The next was due {due}.",
            icon=":material/schedule:",
        )
    for row in quiet.iter_rows(named=True):
        st.warning(
            f"{label(row['feed'])} of {row['source']} is quiet: nothing new since {day(row['newest_event_date'])}, "
            f"{row['quiet_days']} days before this version's clock. Its own rhythm allows "
            f"{row['allowed_quiet_days']:,.1f} days.",
            icon=":material/volume_off:",
        )
    if late.is_empty() and quiet.is_empty() and found["expected_every"].drop_nulls().len():
        st.success(
            "Every feed that is expected has come in time, and none is quieter than usual.",
            icon=":material/check_circle:",
        )
    table(
        found,
        {
            "freshness_status": word(
                "Status",
                "By the clock of this version, as in the audit. Overdue: the next file is late. "
                "Quiet: files may come, but nothing new has happened for longer than usual. "
                "Nothing is said of a feed that is not expected and has no rhythm.",
            ),
            "feed": column("Feed"),
            "source": column("Source"),
            "last_received_at": column("Newest file", "When the newest file was taken in."),
            "age_hours": column("Age", "When this version was published.", unit="hours", digits=1),
            "expected_every": column("Expected every", "As sources.yaml says (`expect_every`)."),
            "due_at": column("Next due"),
            "newest_event_at": column("Newest event", "Newest instant in its rows; rates have days, not instants."),
            "newest_event_date": column("Newest day", "Business day of the newest event, or of the newest rate."),
            "files_count": column("Files", digits=0),
        },
        key="freshness",
        nothing="No file has come in, and none is expected.",
        height="content",
    )


def controls(version: Version) -> None:
    """Show stated totals beside what was received, those that differ first."""
    found = version.rows(CONTROLS, (LIMIT,))
    failed = found.filter(status="failed")
    if failed.height:
        files = failed["path"].n_unique()
        number = "1 file is" if files == 1 else f"{files} files are"
        st.warning(f"{number} not as the control totals state. {failed['detail'][0]}", icon=":material/calculate:")
    elif found.height:
        st.success("Every file adds up to its control totals.", icon=":material/check_circle:")
    table(
        found,
        {
            "status": word("Status"),
            "source": column("Source"),
            "file_name": FILE["file_name"],
            "measure": column("Total of", "Rows, or the column that is summed."),
            "expected": column("Stated"),
            "actual": column("Received"),
            "detail": column("Outcome"),
            "is_rejected": column("Rejected", "The file was not taken because of it."),
            "checked_at": column("Checked"),
            "path": FILE["path"],
        },
        key="controls",
        nothing="No control totals are stated. Put them beside a file as <file>.control.json.",
    )


def drift(version: Version) -> None:
    """List in what files differ from those before them, newest first."""
    found = version.rows(DRIFT, (LIMIT,))
    table(
        found,
        {
            "received_at": column("Received"),
            "severity": word("Severity", "A warning asks for a look; the rest is worth knowing."),
            "feed": column("Feed"),
            "source": column("Source"),
            "kind": column("Finding"),
            "column_name": column("Column"),
            "before_value": column("Before", "In the files before it."),
            "after_value": column("After", "In this file."),
            "file_name": FILE["file_name"],
            "detail": column("In words"),
            "path": FILE["path"],
        },
        key="drift",
        nothing="Every file is like those before it: the same columns, kinds, words and about as many rows.",
        of=version.row("select count(*) as n from quality.drift")["n"],
    )


def gaps(version: Version) -> None:
    """List numbers that are missing from what is numbered, the largest gaps first."""
    found = version.rows(GAPS, (LIMIT,))
    missing = found["missing"].sum()
    if missing:
        st.warning(
            f"{missing:,} {'number is' if missing == 1 else 'numbers are'} missing from what is numbered: "
            "none of the files that came holds them.",
            icon=":material/format_list_numbered:",
        )
    table(
        found,
        {
            "source": column("Source"),
            "feed": column("Feed"),
            "column_name": column("Column"),
            "prefix": column("Prefix", "What stands before the number; of files, the pattern of their names."),
            "gap_from": column("From", digits=0),
            "gap_to": column("To", digits=0),
            "missing": column("Missing", "Numbers that never came.", digits=0),
            "in_quarantine": column("In quarantine", "Numbers that came and are in quarantine.", digits=0),
            "noticed_at": column("Noticed", "When both neighbours of the gap had come."),
        },
        key="gaps",
        nothing="No number is missing. What is numbered is declared in sources.yaml (`numbered`).",
        of=version.row("select count(*) as n from quality.sequence_gaps")["n"],
    )
