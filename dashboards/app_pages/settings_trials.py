"""Result of the dry run of a source: notes, rows by feed with what they break, sums, and the first rows."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import streamlit as st
from orderhouse.ingest.trial import FeedTrial, SourceTrial
from shared.formats import count, decimal, label, money
from shared.tables import column, table

__all__ = ["show_trial"]

ROWS = 10


def show_trial(trial: SourceTrial, *, shows_rows: bool) -> None:
    """Show the result of a dry run, with the first rows for a role that sees every column of them."""
    if trial.has_no_files:
        st.error("No path of the source names a file.", icon=":material/folder_off:")
    for note in trial.notes:
        st.warning(note, icon=":material/warning:")
    rows = [_row(feed, found) for feed, found in trial.feeds.items()]
    if rows and not trial.notes and not any(row["quarantined"] for row in rows):
        st.success("Every file can be read, and every row is accepted.", icon=":material/check_circle:")
    table(
        pl.DataFrame(rows),
        {
            "feed": column("Feed"),
            "rows_in": column("Rows", digits=0),
            "accepted": column("Accepted", digits=0),
            "quarantined": column("To quarantine", digits=0),
            "sums": column("Sums", "Amounts of the rows that will count, by currency."),
            "keys": column("Keys", "Rows that repeat an earlier one, and keys with different contents."),
            "problems": column("Problems", "Broken rules, each with one example and places."),
            "not_used": column("Columns not used"),
        },
        key="source_check",
        nothing=f"No rows: {', '.join(label(kind) for kind in trial.kinds) or 'no file was found'}.",
        height="content",
    )
    for feed, found in trial.feeds.items() if shows_rows else ():
        _first_rows(feed, found)


def _row(feed: str, found: FeedTrial) -> dict[str, object]:
    keys = found.keys
    sums = [f"{label(name)} {_sum(amount, currency)}" for (name, currency), amount in keys.sums.items()]
    repeats = [f"{count(keys.duplicates)} repeated rows"] if keys.duplicates else []
    repeats += [f"{count(keys.conflicts)} keys with different contents, of which one counts"] if keys.conflicts else []
    return {
        "feed": feed,
        "rows_in": found.rows_in,
        "accepted": found.accepted,
        "quarantined": found.quarantined.total(),
        "sums": "; ".join(sums),
        "keys": "; ".join(repeats),
        "problems": "; ".join(
            f"{count(number)} × {found.examples[rules]} ({', '.join(found.places[rules])})"
            for rules, number in found.quarantined.most_common()
        ),
        "not_used": ", ".join(found.ignored_columns),
    }


def _sum(amount: Decimal, currency: str) -> str:
    return money(amount, currency) if currency else decimal(amount, 2)


def _first_rows(feed: str, found: FeedTrial) -> None:
    """Show the first rows as they would be stored, without columns that are empty in all of them."""
    sample = found.sample.head(ROWS)
    filled = [name for name in sample.columns if sample[name].null_count() < sample.height]
    if filled:
        st.caption(f"The first rows of {label(feed).lower()}, as they would be stored")
        st.dataframe(sample.select(filled), hide_index=True, width="stretch", key=f"trial_{feed}")
