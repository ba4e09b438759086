"""Feed sections of the data quality page: freshness, control totals, drift and gaps.

dbt computes the findings.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import streamlit as st
from shared.access import Version
from shared.formats import count, counted, day, days, instant, label
from shared.tables import FILE, column, table, word

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
FAILED_FILES = "select count(distinct path) as n from quality.controls where is_current and status = 'failed'"
GAPS_IN_ALL = "select count(*) as gaps, coalesce(sum(missing), 0)::bigint as missing from quality.sequence_gaps"
GAPS = """
    select source, feed, column_name, prefix, gap_from, gap_to, missing, in_quarantine, noticed_at
    from quality.sequence_gaps
    order by missing desc, source, feed, prefix, gap_from limit ?
"""


def freshness(version: Version) -> None:
    """List the newest file and the next due file of each feed, below warnings of overdue and quiet feeds."""
    found = version.rows(FRESHNESS, (version.published_at.replace(tzinfo=None),))
    _warn_of_late_feeds(version, found)
    table(
        found,
        {
            "freshness_status": word(
                "Status",
                "Measured at the clock of this version, as in the audit. Overdue: the next file is late. "
                "Quiet: the newest event is older than usual, even if files arrive. "
                "A feed without an expected interval and without a rhythm has no status.",
            ),
            "feed": column("Feed"),
            "source": column("Source"),
            "last_received_at": column("Newest file", "Receipt of the newest file."),
            "age_hours": column(
                "Age", "Age of the newest file when this version was published.", unit="hours", digits=1
            ),
            "expected_every": column("Expected every", "Interval in sources.yaml (`expect_every`)."),
            "due_at": column("Next due"),
            "newest_event_at": column(
                "Newest event", "Newest instant in the rows. Exchange rates have days, not instants."
            ),
            "newest_event_date": column(
                "Newest day", "Business day of the newest event, or day of the newest exchange rate."
            ),
            "files_count": column("Files", digits=0),
        },
        key="freshness",
        nothing="No file has been received, and none is expected.",
        height="content",
    )


def _warn_of_late_feeds(version: Version, found: pl.DataFrame) -> None:
    """Warn of overdue and quiet feeds: overdue by the present time or by the clock of the version."""
    is_late = (pl.col("due_at") < datetime.now(UTC).replace(tzinfo=None)) | pl.col("is_overdue")
    late, quiet = found.filter(is_late), found.filter("is_quiet")
    for row in late.iter_rows(named=True):
        last = row["last_received_at"]
        came = f"The last one came {instant(last, version.time_zone)}." if last else "No file has come yet."
        due = instant(row["due_at"], version.time_zone)
        st.warning(
            f"{label(row['feed'])} of {row['source']} is overdue: a file is expected every {row['expected_every']}. "
            f"{came} The next was due {due}.",
            icon=":material/schedule:",
        )
    for row in quiet.iter_rows(named=True):
        st.warning(
            f"{label(row['feed'])} of {row['source']} is quiet: no new event since {day(row['newest_event_date'])}, "
            f"{counted(row['quiet_days'], 'day')} before this version's clock. Its usual rhythm allows "
            f"{days(row['allowed_quiet_days'])}.",
            icon=":material/volume_off:",
        )
    if late.is_empty() and quiet.is_empty() and found["expected_every"].drop_nulls().len():
        st.success(
            "Every expected feed is in time, and no feed is quieter than usual.",
            icon=":material/check_circle:",
        )


def controls(version: Version) -> None:
    """Compare the stated totals with the received rows, differences first."""
    found = version.rows(CONTROLS, (LIMIT,))
    failed = found.filter(status="failed")
    if failed.height:
        files = version.row(FAILED_FILES)["n"]
        number = "1 file differs from its" if files == 1 else f"{count(files)} files differ from their"
        st.warning(f"{number} control totals. {failed['detail'][0]}", icon=":material/calculate:")
    elif found.height:
        st.success("Every file agrees with its control totals.", icon=":material/check_circle:")
    table(
        found,
        {
            "status": word("Status"),
            "source": column("Source"),
            "file_name": FILE["file_name"],
            "measure": column("Total of", "Number of rows, or sum of a column."),
            "expected": column("Stated"),
            "actual": column("Received"),
            "detail": column("Outcome"),
            "is_rejected": column("Rejected", "The file was refused because of the difference."),
            "checked_at": column("Checked"),
            "path": FILE["path"],
        },
        key="controls",
        nothing="No control totals are stated. Put them beside a file as `<file>.control.json`.",
    )


def drift(version: Version) -> None:
    """List the differences between files and those before them, newest first."""
    found = version.rows(DRIFT, (LIMIT,))
    table(
        found,
        {
            "received_at": column("Received"),
            "severity": word("Severity", "A warning needs a check. The other findings are for information."),
            "feed": column("Feed"),
            "source": column("Source"),
            "kind": column("Finding"),
            "column_name": column("Column"),
            "before_value": column("Before", "Value in the earlier files."),
            "after_value": column("After", "Value in this file."),
            "file_name": FILE["file_name"],
            "detail": column("Detail"),
            "path": FILE["path"],
        },
        key="drift",
        nothing="No drift: every file has the columns, kinds, words and volume of the files before it.",
        of=version.row("select count(*) as n from quality.drift")["n"],
    )


def gaps(version: Version) -> None:
    """List the gaps in numbered ids and file names, the largest first."""
    found = version.rows(GAPS, (LIMIT,))
    in_all = version.row(GAPS_IN_ALL)
    missing = in_all["missing"]
    if missing:
        st.warning(
            f"{count(missing)} {'number is' if missing == 1 else 'numbers are'} missing from numbered ids or file "
            f"names: no received file contains {'it' if missing == 1 else 'them'}.",
            icon=":material/format_list_numbered:",
        )
    table(
        found,
        {
            "source": column("Source"),
            "feed": column("Feed"),
            "column_name": column("Column"),
            "prefix": column("Prefix", "Text before the number. For file names, their pattern."),
            "gap_from": column("From", digits=0),
            "gap_to": column("To", digits=0),
            "missing": column("Missing", "Numbers that were never received.", digits=0),
            "in_quarantine": column("In quarantine", "Numbers that were received and are in quarantine.", digits=0),
            "noticed_at": column("Noticed", "Receipt of both neighbours of the gap."),
        },
        key="gaps",
        nothing="No number is missing. Numbered ids and file names are declared in sources.yaml (`numbered`).",
        of=in_all["gaps"],
    )
