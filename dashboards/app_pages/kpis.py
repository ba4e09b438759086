"""KPIs page: the catalogue with values and targets, and one KPI with its history, distribution and rows."""

from __future__ import annotations

import streamlit as st
from shared.layout import section, start
from shared.periods import pick_period

from app_pages import kpis_catalogue, kpis_distribution, kpis_history, kpis_rows

version = start("KPIs", "What do we measure, how is it computed, who owns it, and where is it off its target?")
period = pick_period(version, default=28)
st.caption(f"{period}, against {period.previous}. Amounts in {version.currency}. Targets of sums are for the period.")
chosen = st.query_params.get("kpi")
if chosen and kpis_catalogue.known(version, chosen):
    kpi = kpis_catalogue.one(version, chosen, period)
    with section("How did it develop?", "By business day. Days that still change are marked."):
        kpis_history.history(version, kpi, period)
    if kpi["distribution"]:
        with section("How is it spread?", "Durations by days, from the whole-hour buckets of all days of the period."):
            kpis_distribution.spread(version, kpi, period)
    with section(
        "Which rows make it?",
        "The figure of one day is derived again from the received rows, and taken apart, as `orderhouse explain` does.",
    ):
        kpis_rows.explain(version, kpi, period)
else:
    if chosen:
        st.warning(f"This version has no KPI {chosen}. The catalogue lists all.", icon=":material/search_off:")
    with section("Which KPIs are off their target?", "Missed targets first, then those without a target."):
        kpis_catalogue.catalogue(version, period)
