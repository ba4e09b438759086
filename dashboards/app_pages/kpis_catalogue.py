"""Catalogue of the KPIs with their values, targets, owners and formulas, and the heading of one of them."""

from __future__ import annotations

import polars as pl
import streamlit as st
from shared import kpis
from shared.access import Row, Version
from shared.formats import counted, label
from shared.layout import back, figures
from shared.periods import Period
from shared.tables import column, table, word

__all__ = ["catalogue", "known", "one"]

CATALOGUE = """
    select kpi, name, formula, unit, grain, aggregation, direction, owner, target, mature_after_days, distribution,
        percentile
    from marts.kpi_catalogue order by owner, name, kpi
"""
ORDER = {False: 0, None: 1, True: 2}


def known(version: Version, kpi: str) -> bool:
    """Tell if the version has a KPI."""
    return bool(version.row("select count(*) as n from marts.kpi_catalogue where kpi = ?", (kpi,))["n"])


def catalogue(version: Version, period: Period) -> None:
    """List the KPIs, those off their target first. An opened row leads to the KPI."""
    found = version.rows(CATALOGUE)
    judged = kpis.judged(version, found["kpi"].to_list(), period)
    values = pl.DataFrame(
        {
            "name": [each.figure.name for each in judged],
            "value": [each.figure.value for each in judged],
            "verdict": [each.verdict for each in judged],
            "state": [each.state for each in judged],
            "rank": [ORDER[each.is_met] for each in judged],
            "change": [each.figure.change for each in judged],
        },
        schema_overrides={"change": pl.String},
    )
    picked = table(
        values.join(found, on="name").sort("rank", "owner", "name"),
        {
            "name": column("KPI"),
            "state": column("State", "Not judged: neither more nor less is better."),
            "value": column("Value"),
            "verdict": column("Target", "Not final: some days of the period still change."),
            "change": column("Change", "On the previous period, or on days of equal age."),
            "owner": word("Owner", "Team that owns it."),
            "formula": column("Formula"),
            "mature_after_days": column("Final after", unit="days", digits=0),
            "direction": column("Better", "Direction that is better."),
        },
        key="kpi_catalogue",
        nothing="This version has no KPI.",
        select="Open a row to see history, spread and rows of the KPI.",
        height="content",
    )
    if picked:
        st.query_params["kpi"] = picked["kpi"]
        st.rerun()


def one(version: Version, name: str, period: Period) -> Row:
    """Show the heading of a KPI with its value, formula, owner and target, and return its catalogue row."""
    back("All KPIs", "kpi")
    kpi = version.rows(CATALOGUE).row(by_predicate=pl.col("kpi") == name, named=True)
    st.header(kpi["name"], anchor=False)
    (judged,) = kpis.judged(version, [name], period)
    figures([judged.figure])
    st.markdown(
        f"{kpi['formula']}.  \n"
        f":gray[{judged.verdict}. {judged.state}. Owner: {label(kpi['owner']).lower()}. "
        f"Better: {kpi['direction']}. A day is final after {counted(kpi['mature_after_days'] or 0, 'day')}.]"
    )
    return kpi
