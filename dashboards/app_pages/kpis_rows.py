"""Rows behind one day of a KPI, derived again from what was received. It takes seconds, so it runs when asked."""

from __future__ import annotations

from datetime import date

import polars as pl
import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.serve.explaining import Explanation, explain_kpi
from orderhouse.serve.worlds import open_world
from shared.access import Row, Version
from shared.formats import counted
from shared.layout import empty
from shared.people import signed_in
from shared.periods import Period
from shared.tables import column, table

__all__ = ["explain"]

DAYS = """
    select business_date from marts.fct_kpi_daily
    where kpi = ? and dimension = 'all' and business_date between ? and ? order by business_date desc
"""
MOST_PARTS = 500


def explain(version: Version, kpi: Row, period: Period) -> None:
    """Offer the days of the period, and show the parts of the chosen one once asked."""
    person = signed_in()
    if not (person.role.sees_everything and person.role.may("explain")):
        st.info(
            f"Your role, {person.role.name}, may not explain: an explanation lists rows of all feeds.",
            icon=":material/lock:",
        )
        return
    days = version.rows(DAYS, (kpi["kpi"], period.first, period.last))["business_date"].to_list()
    if not days:
        empty("No day of this period has a value.")
        return
    with st.form("explain_kpi", border=False):
        day = st.selectbox("Day", days, key="explain_day", width=200)
        is_asked = st.form_submit_button("Explain this day", icon=":material/troubleshoot:")
    if is_asked:
        _explain(version, kpi, day)


def _explain(version: Version, kpi: Row, day: date) -> None:
    person = signed_in()
    try:
        if person.signs_in:
            person.record("explain", f"{kpi['kpi']} on {day}")
        with st.status("Preparing the models…") as status, open_world(version.settings) as world:
            found = explain_kpi(
                world, kpi["kpi"], day.isoformat(), progress=lambda words: status.update(label=f"{words}…")
            )
            status.update(label="Derived again from the received rows.", state="complete")
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    _show(found)


def _show(found: Explanation) -> None:
    """Show whether the derived figure is the published one, and what contributes to it."""
    if found.is_equal:
        st.success(f"{found.cell}: {found.value}. Derived again from {found.scope}: equal.", icon=":material/check:")
    else:
        st.error(f"{found.cell}: {found.value}. Derived again from {found.scope}: NOT equal, {found.derived}.")
    if not found.parts:
        empty("It is no sum over orders, customers, SKUs or carts: all rows received decide it.")
        return
    if found.is_sum:
        totals = ", ".join(f"{name} {total}" for name, total in zip(found.figures, found.totals, strict=False))
        st.caption(f"{counted(len(found.parts), 'contribution')}, in sum {totals}.")
    table(
        _parts(found),
        {
            "part": column("Contribution"),
            **{name: column(name.replace("_", " ").capitalize()) for name in found.figures},
            "rows": column("Rows", "Feed, key, file and line of the received rows."),
        },
        key="kpi_parts",
        nothing="Nothing contributes.",
        of=len(found.parts),
    )


def _parts(found: Explanation) -> pl.DataFrame:
    """Return the contributions with their rows as `feed key file:line`."""
    parts = found.parts[:MOST_PARTS]
    rows = [
        "; ".join(f"{row.feed} {row.key} {row.path}:{row.record}" for row in [*part.rows, part.row] if row)
        for part in parts
    ]
    figures = {
        name: [str(part.figures[at]) if at < len(part.figures) else None for part in parts]
        for at, name in enumerate(found.figures)
    }
    return pl.DataFrame({"part": [part.subject for part in parts], **figures, "rows": rows})
