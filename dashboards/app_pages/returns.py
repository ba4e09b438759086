"""Returns page: returned lines, one return with its refunds, reasons, and return rates."""

from __future__ import annotations

import streamlit as st
from shared import address, views
from shared.layout import section, start
from shared.periods import pick_period

from app_pages import returns_lines, returns_one, returns_rates, returns_reasons, returns_refunds

VIEWS = ("Returns", "Refunds due", "Rates", "Reasons")


def show_view() -> None:
    """Show the chosen view of the page."""
    version = start("Returns", "What comes back, what waits for inspection, what must be refunded, and why?")
    view = address.segment("returns_view", "View", VIEWS, "Returns", written=str, hides_heading=True)
    if view == "Refunds due":
        with section(
            "Whom do we owe money for goods?", "Returned or cancelled goods whose money has not been paid back in time."
        ):
            returns_refunds.due(version)
    elif view == "Rates":
        period = pick_period(version, default=90)
        st.caption(f"Orders placed {period}. Rates of young orders still rise: goods come back for weeks.")
        with section(
            "Is the return rate rising?", "Units returned ÷ units shipped, by the week in which orders were placed."
        ):
            returns_rates.over_time(version, period)
        with section("Which categories come back?", "Units returned ÷ units shipped, of orders that are old enough."):
            returns_rates.by_category(version, period)
        with section("Which SKUs come back?", "The most returned units first, of orders that are old enough."):
            returns_rates.by_sku(version, period)
    elif view == "Reasons":
        with section(
            "Why do goods come back?",
            "Customers write reasons in their own words, so they are personal: the pages show tokens. "
            "Equal reasons have equal tokens.",
        ):
            returns_reasons.reasons(version)
    else:
        with section("Which returns match?", "One row per returned line, the latest event first."):
            views.offer("returns", count=lambda query: returns_lines.count_of_view(version, query))
            returns_lines.lines(version)


chosen = st.query_params.get("return")
if chosen:
    returns_one.show(st.session_state["version"], chosen)
else:
    show_view()
