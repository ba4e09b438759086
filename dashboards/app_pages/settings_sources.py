"""Sources of the sources file, what was last received from each, and the check of one of them."""

from __future__ import annotations

import polars as pl
import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.trial import check_sources
from orderhouse.sources.config.sources_file import load_sources
from shared.access import DataMissing, Version
from shared.layout import empty
from shared.people import signed_in
from shared.tables import column, table

from app_pages.settings_trials import show_trial

__all__ = ["sources"]

RECEIVED = """
    select source, count(*) as files, max(received_at) as last_received_at, sum(quarantined) as quarantined,
        count(*) filter (status = 'rejected') as rejected
    from quality.files where not is_superseded group by source
"""
NO_FILES = pl.DataFrame(
    schema={
        "source": pl.String,
        "files": pl.Int64,
        "last_received_at": pl.Datetime,
        "quarantined": pl.Int64,
        "rejected": pl.Int64,
    }
)


def sources(version: Version) -> None:
    """List the sources, and offer to check the picked one."""
    declared = load_sources(version.settings.sources_file)
    st.caption(f"Declared in `{declared.path}`.")
    found = pl.DataFrame(
        [
            {
                "source": name,
                "format": source.format,
                "path": ", ".join(source.path),
                "covers": ", ".join(source.covers or []),
                "expected_every": ", ".join(f"{feed} {every}" for feed, every in source.expect_every.items()),
            }
            for name, source in declared.sources.items()
        ],
        schema=dict.fromkeys(("source", "format", "path", "covers", "expected_every"), pl.String),
    )
    picked = table(
        found.join(_received(version), on="source", how="left"),
        {
            "source": column("Source"),
            "format": column("Format"),
            "last_received_at": column("Newest file"),
            "files": column("Files", digits=0),
            "rejected": column("Refused", "Files that were refused as a whole.", digits=0),
            "quarantined": column("Quarantined", "Rows, repaired ones aside.", digits=0),
            "covers": column("Covers", "Feeds in which it is complete. Empty: those of its format or file names."),
            "expected_every": column("Expected every"),
            "path": column("Path"),
        },
        key="sources_declared",
        nothing="No source is declared.",
        select="Open a row to check the source.",
        height="content",
    )
    if picked:
        st.query_params["source"] = picked["source"]
    chosen = st.query_params.get("source")
    if chosen in declared.sources:
        _offer_check(version, str(chosen))


def _received(version: Version) -> pl.DataFrame:
    try:
        return version.rows(RECEIVED)
    except DataMissing:
        return NO_FILES


def _offer_check(version: Version, name: str) -> None:
    """Read and screen the files of a source when asked. Nothing is loaded."""
    st.subheader(f"Check of {name}", anchor=False)
    if not signed_in().role.opens("data_quality"):
        st.caption("A check shows reasons from rows, which your role does not see.")
        return
    if not st.button("Check now", icon=":material/fact_check:", help="Reads all its files again. Nothing is loaded."):
        empty("A check reads all files of the source again and loads nothing. It can take minutes.")
        return
    try:
        with st.spinner(f"Reading the files of {name}…", show_time=True):
            (trial,) = check_sources(version.settings, name)
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    show_trial(trial, shows_rows=False)
