"""Audit log page: who signed in, looked at, revealed, exported and did what, with the check of the chain."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from typing import TypedDict

import polars as pl
import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import count_entries, entries, verify
from orderhouse.settings import Settings
from shared import address
from shared.formats import count, counted
from shared.layout import start
from shared.people import Person, signed_in
from shared.tables import column, table

PER_PAGE = 100
FIELDS = ("number", "at", "actor", "role", "action", "subject", "detail")


class Filters(TypedDict):
    """Texts that the rows have to contain."""

    actor: str | None
    action: str | None
    subject: str | None


def asked() -> Filters:
    """Show the filters, and return them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        actor = address.text("actor", "Who", placeholder="Part of the name", width=240)
        action = address.text("action", "Action", placeholder="Such as export", width=200)
        subject = address.text("subject", "What", placeholder="Part of it", width=240)
    return {"actor": actor or None, "action": action or None, "subject": subject or None}


def log(settings: Settings, filters: Filters, total: int) -> None:
    """List one page of rows, the newest first."""
    pages = max(1, -(-total // PER_PAGE))
    page = address.number("page", 1, pages, "page")
    first = (page - 1) * PER_PAGE
    found = entries(settings, newest=PER_PAGE, after=first, **filters)
    rows = [{name: getattr(entry, name) for name in FIELDS} for entry in found]
    if rows:
        st.markdown(f"**{count(first + 1)}–{count(first + len(rows))} of {count(total)}** rows, the newest first")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(FIELDS, pl.String) | {"number": pl.Int64})
    table(
        frame,
        {
            "number": column("Row", digits=0),
            "at": column("When (UTC)"),
            "actor": column("Who"),
            "role": column("Role"),
            "action": column("Action"),
            "subject": column("What"),
            "detail": column("Detail"),
        },
        key="log",
        nothing="No row matches. Without a sign-in, views of pages are not recorded, because nobody is told apart.",
        height=640,
    )
    if pages > 1:
        widget = f"log.page.{page}"
        st.pagination(
            pages, default=page, key=widget, on_change=lambda: address.write("page", st.session_state[widget], 1)
        )


def written(person: Person, filters: Filters, total: int) -> str:
    """Return all rows as JSON, one a line, and record that they were exported."""
    person.record("export", "audit log", rows=total)
    found = entries(person.settings, newest=True, **filters)
    return "".join(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in found)


version = start("Audit log", "Who signed in, looked at which page, revealed whom, exported and did what.")
try:
    filters = asked()
    total = count_entries(version.settings, **filters)
    with st.container(horizontal=True):
        if st.button("Verify", icon=":material/verified:", help="Compute the chain of hashes again."):
            checked = verify(version.settings)
            for problem in checked.problems:
                st.error(problem, icon=":material/error:")
            if not checked.problems:
                st.success(f"{counted(checked.rows, 'row')}, and every hash is right.", icon=":material/check_circle:")
        if signed_in().role.exports:
            st.download_button(
                "Download JSON",
                data=partial(written, signed_in(), filters, total),
                file_name="audit_log.ndjson",
                mime="application/x-ndjson",
                icon=":material/download:",
                on_click="ignore",
            )
    log(version.settings, filters, total)
except OrderhouseError as error:
    st.error(error.message, icon=":material/error:")
