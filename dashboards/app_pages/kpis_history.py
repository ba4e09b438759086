"""History of one KPI, as a whole or by a dimension."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from shared import address
from shared.access import Row, Version
from shared.formats import label
from shared.layout import drawing, empty
from shared.periods import Period

__all__ = ["history"]

# Values of a dimension that are drawn: more lines cannot be told apart.
MOST_LINES = 8
DIMENSIONS = """
    select distinct dimension from marts.fct_kpi_daily where kpi = ? order by dimension <> 'all', dimension
"""
HISTORY = """
    select business_date, dimension_value, case when is_mature then 'Final' else 'Not final' end as state,
        case when denominator is null then numerator::double else numerator::double / nullif(denominator, 0)::double end
            as value
    from marts.fct_kpi_daily
    where kpi = ? and dimension = ? and business_date between ? and ?
        and dimension_value in (
            select dimension_value from marts.fct_kpi_daily
            where kpi = ? and dimension = ? and business_date between ? and ?
            group by dimension_value
            order by sum(coalesce(denominator, numerator)) desc nulls last, dimension_value limit ?
        )
    order by business_date, dimension_value
"""


def _written(dimension: str) -> str:
    return "All" if dimension == "all" else label(dimension)


def history(version: Version, kpi: Row, period: Period) -> None:
    """Draw the daily values. Without a dimension, days that still change have a colour of their own."""
    dimensions = version.rows(DIMENSIONS, (kpi["kpi"],))["dimension"].to_list()
    if not dimensions:
        empty("The KPI has no value on any day: its feeds are not there, or nothing counts.")
        return
    by = address.segment("kpi_by", "By", dimensions, dimensions[0], written=_written)
    chosen = (kpi["kpi"], by, period.first, period.last)
    found = version.rows(HISTORY, (*chosen, *chosen, MOST_LINES)).drop_nulls("value")
    is_share = kpi["unit"] == "share"
    title = label(kpi["unit"]) if kpi["unit"] != version.currency else version.currency
    series = "state" if by == "all" else "dimension_value"
    chart = charts.lines_over_time(found, "business_date", "value", title, series=series, per_cent=is_share)
    drawing(found, chart, "No day of this period has a value.")
    if by != "all" and found.height:
        st.caption(f"At most {MOST_LINES} values, those with the most behind them.")
