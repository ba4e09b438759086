"""Firings of rules, the newest first, with their steps."""

from __future__ import annotations

import polars as pl
import streamlit as st
from orderhouse.operations.store import open_store
from orderhouse.rules.firings import count_firings, list_firings
from shared import address
from shared.access import Version
from shared.formats import count, stored_instant
from shared.tables import column, table

__all__ = ["fired"]

PER_PAGE = 100


def fired(version: Version) -> None:
    """List firings, filtered by rule and order."""
    store = open_store(version.settings)
    counts = count_firings(store)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rule = address.choice("fired_rule", "Rule", sorted(counts), written=str)
        order = address.text("fired_order", "Order", placeholder="Its id", width=240) or None
    total = counts.get(rule, 0) if rule else sum(counts.values())
    pages = max(1, -(-total // PER_PAGE))
    page = 1 if order else address.number("page", 1, pages, "page")
    found = list_firings(store, rule=rule, order_id=order, limit=PER_PAGE, after=(page - 1) * PER_PAGE)
    if found and not order:
        first = (page - 1) * PER_PAGE
        st.markdown(f"**{count(first + 1)}–{count(first + len(found))} of {count(total)}** firings, the newest first")
    rows = [
        {
            "fired_at": stored_instant(each.fired_at, version.time_zone), "rule": each.rule, "subject": each.subject,
            "order_id": each.order_id, "state": each.state, "steps": each.told,
        }
        for each in found
    ]  # fmt: skip
    names = ("fired_at", "rule", "subject", "order_id", "state", "steps")
    opened = table(
        pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String)),
        {
            "fired_at": column("When"),
            "rule": column("Rule"),
            "subject": column("What"),
            "order_id": column("Order"),
            "state": column("State"),
            "steps": column("Steps"),
        },
        key="firings",
        nothing="Nothing has fired.",
        select="Open a firing to see its order.",
        height=640,
    )
    if pages > 1 and not order:
        widget = f"firings.page.{page}"
        st.pagination(
            pages, default=page, key=widget, on_change=lambda: address.write("page", st.session_state[widget], 1)
        )
    if opened and opened["order_id"]:
        st.switch_page("app_pages/orders.py", query_params={"order": opened["order_id"]})
