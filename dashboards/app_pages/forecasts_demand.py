"""Demand view of the forecasts page: the series of a level, and one of them with its history and its record."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from shared import address
from shared.access import Version
from shared.formats import counted, day
from shared.layout import empty
from shared.listing import listing
from shared.tables import Column, column

from app_pages import forecasts_record

__all__ = ["demand"]

LEVELS = {"category": "category_week", "sku": "sku_warehouse_week"}
HISTORY_WEEKS = 52
SERIES = """
    select forecasts.series_key, forecasts.sku, products.name as product, forecasts.warehouse_id,
        coalesce(forecasts.category, products.category) as category, forecasts.model, forecasts.model_reason,
        forecasts.origin_date, max(forecasts.target_date) filter (horizon = 1) as week,
        max(forecasts.p10_value) filter (horizon = 1) as p10,
        max(forecasts.expected_value) filter (horizon = 1) as expected,
        max(forecasts.p90_value) filter (horizon = 1) as p90, sum(forecasts.expected_value) as expected_in_all,
        max(accuracy.wape_rate) as wape_rate, max(accuracy.baseline_wape_rate) as baseline_wape_rate,
        max(accuracy.average_wape_rate) as average_wape_rate, max(accuracy.coverage_rate) as coverage_rate
    from marts.fct_forecast as forecasts
    left join marts.dim_products as products on products.sku = forecasts.sku
    left join marts.fct_forecast_accuracy as accuracy
        on accuracy.forecast_level = forecasts.forecast_level and accuracy.series_key = forecasts.series_key
            and accuracy.is_current
    where forecasts.forecast_level = ? and forecasts.is_current
        and (? = '' or contains(lower(concat_ws(' ', forecasts.series_key, products.name)), lower(?)))
        and (? is null or coalesce(forecasts.category, products.category) = ?)
    group by all
"""
CATEGORIES = "select distinct category from marts.fct_demand_weekly order by category"
AHEAD = """
    select target_date as period, expected_value as expected, p10_value as low, p90_value as high, origin_date, model,
        model_reason
    from marts.fct_forecast where forecast_level = ? and series_key = ? and is_current order by target_date
"""
# Weeks without orders have no row, and are zero from the first one on.
HISTORY = """
    with demand as (
        select week_start_date as period, sum(demanded_quantity) as value
        from marts.fct_demand_weekly
        where is_complete and case when ? = 'category_week' then category = ?
            else concat_ws('|', sku, warehouse_id) = ? end
        group by all
    ),
    weeks as (
        select unnest(generate_series(min(period), greatest(max(period), ?::date - 6), interval 7 day))::date as period
        from demand
    ),
    outs as (
        select out_from_date, out_to_date from marts.fct_stock_outs
        where ? = 'sku_warehouse_week' and concat_ws('|', sku, warehouse_id) = ?
    )
    select weeks.period, coalesce(demand.value, 0) as value,
        exists (
            select 1 from outs where out_from_date <= weeks.period + 6 and out_to_date >= weeks.period
        ) as is_censored
    from weeks left join demand using (period) order by period desc limit ?
"""


def demand(version: Version) -> None:
    """List the series of a level, and show the chosen one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = address.segment("demand_by", "By", list(LEVELS), "category")
        search = address.text("find", "Find", placeholder="Part of a SKU, product or category", width=300)
        category = address.choice("category", "Category", version.rows(CATEGORIES)["category"].to_list(), width=180)
    level = LEVELS[by]
    listed = listing(
        version,
        SERIES,
        (level, search, search, category, category),
        _columns(by),
        key="forecast_series",
        noun="series",
        unique="series_key",
        sort="-expected_in_all",
        nothing=forecasts_record.NOTHING if not search and not category else "No series matches the filters.",
        opens="See the history of the series",
        height=360,
    )
    if listed.opened:
        st.query_params["series"] = listed.opened["series_key"]
    if not listed.total:
        return
    asked = st.query_params.get("series")
    first: str = listed.rows["series_key"][0]
    _one(version, level, asked if asked and not version.rows(AHEAD, (level, asked)).is_empty() else first)


def _columns(by: str) -> dict[str, Column]:
    """Return the columns of the list of series."""
    named = {"category": column("Category")}
    if by == "sku":
        named = {
            "sku": column("SKU"),
            "product": column("Product"),
            "warehouse_id": column("Warehouse", "Warehouse that the order lines name, else unassigned."),
        }
    return {
        **named,
        "week": column("Week from"),
        "p10": column("p10", "One week in ten stays below.", unit="units", digits=0),
        "expected": column("Expected", "In the first week.", unit="units", digits=1),
        "p90": column("p90", "Nine weeks in ten stay below.", unit="units", digits=0),
        "expected_in_all": column("Expected, 8 weeks", unit="units", digits=0),
        "model": column("Model"),
        "wape_rate": column("WAPE", "Of the forecast, in the backtest of the series.", per_cent=True),
        "baseline_wape_rate": column("WAPE of the baseline", per_cent=True),
        "average_wape_rate": column("WAPE of the average", "Average of 13 weeks.", per_cent=True),
        "coverage_rate": column("Within p10–p90", "80 % is right.", per_cent=True),
        "origin_date": column("Origin", "Last day that the forecast knew."),
    }


def _one(version: Version, level: str, series_key: str) -> None:
    """Draw the history and the forecast of a series, above its record."""
    ahead = version.rows(AHEAD, (level, series_key))
    if ahead.is_empty():
        empty(forecasts_record.NOTHING)
        return
    origin, model, reason = ahead.select("origin_date", "model", "model_reason").row(0)
    values = (level, series_key, series_key, origin, level, series_key, HISTORY_WEEKS)
    history = version.rows(HISTORY, values)
    st.markdown(f"**{forecasts_record.named(series_key)}**")
    st.altair_chart(charts.forecast_band(history, ahead, "Units a week", origin))
    censored = int(history["is_censored"].sum())
    marked = f" Red diamonds: {counted(censored, 'week')} with a day without stock. Demand was at least what was sold."
    st.caption(
        f"Forecast from {day(origin)} by {model}: {reason}. The band is p10 to p90." + (marked if censored else "")
    )
    forecasts_record.of_series(version, level, series_key)
