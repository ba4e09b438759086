"""Record of accuracy of forecasts: of all levels, and of one series."""

from __future__ import annotations

import streamlit as st
from shared.access import Version
from shared.formats import day, label
from shared.layout import empty
from shared.tables import column, table

__all__ = ["LEVELS", "NOTHING", "named", "of_series", "record"]

NOTHING = "Nothing has been forecast yet. The daily schedule and `orderhouse predict forecasts` do."
METHODS = (("forecast", ""), ("baseline", "baseline_"), ("average_of_13_periods", "average_"))
# Sums over series, divided last.
SCORES = " union all ".join(
    f"""
    select {number} as place, '{name}' as method, forecast_level, is_intermittent, sum(observations_count) as periods,
        sum({prefix}absolute_error_sum) / nullif(sum(actual_sum), 0) as wape_rate,
        sum({prefix}scaled_error_sum) / nullif(sum(scaled_count), 0) as mase,
        sum({prefix}error_sum) / nullif(sum(actual_sum), 0) as bias_rate,
        sum({prefix}pinball_sum) / nullif(sum(observations_count), 0) as pinball_loss,
        sum({prefix}covered_sum) / nullif(sum(observations_count), 0) as coverage_rate,
        min(first_origin_date) as first_origin_date, max(last_origin_date) as last_origin_date
    from marts.fct_forecast_accuracy where is_current and (? is null or series_key = ?)
        and (? is null or forecast_level = ?)
    group by forecast_level, is_intermittent
    """  # noqa: S608 - fixed names
    for number, (name, prefix) in enumerate(METHODS)
)
SORTED = f"select * from ({SCORES}) where periods > 0 order by forecast_level, is_intermittent, place"  # noqa: S608
COLUMNS = {
    "method": column("Method", "The forecast, its baseline (seasonal naive or naive), and the average of 13 periods."),
    "wape_rate": column("WAPE", "Sum of absolute errors ÷ sum of actual values.", per_cent=True),
    "mase": column("MASE", "Mean absolute scaled error. Below one is better than the naive step.", digits=2),
    "bias_rate": column("Bias", "Sum of errors ÷ sum of actual values. Above zero is too high.", per_cent=True),
    "pinball_loss": column("Pinball loss", "Mean pinball loss of p10, p50 and p90. Lower is better.", digits=3),
    "coverage_rate": column("Within p10–p90", "Share of periods within the band. 80 % is right.", per_cent=True),
    "periods": column("Periods compared", "Origins × periods ahead, without censored ones.", digits=0),
}
LEVELS = {
    "sku_warehouse_week": "SKU, warehouse and week (units)",
    "category_week": "Category and week (units)",
    "channel_day": "Channel and day (net sales)",
}


def named(series_key: str) -> str:
    """Write the key of a series for people: a word, or a SKU and its warehouse."""
    sku, _, warehouse = series_key.partition("|")
    return f"{sku}, {warehouse}" if warehouse else label(series_key)


def record(version: Version) -> None:
    """Show the scores of each level and kind of series, of the forecast, the baseline and the average."""
    found = version.rows(SORTED, (None, None, None, None) * len(METHODS))
    if found.is_empty():
        empty(NOTHING)
        return
    for (level, is_intermittent), rows in found.group_by("forecast_level", "is_intermittent", maintain_order=True):
        kind = ", intermittent" if is_intermittent else ""
        st.markdown(f"**{LEVELS[str(level)]}{kind}**")
        table(rows, COLUMNS, key=f"record_{level}_{is_intermittent}", nothing=NOTHING, height="content")
        st.caption(_origins(rows.row(0, named=True)))


def of_series(version: Version, level: str, series_key: str) -> None:
    """Show the scores of one series."""
    rows = version.rows(SORTED, (series_key, series_key, level, level) * len(METHODS))
    if rows.is_empty():
        empty("This series is too short to have been tested: no earlier origin had a week to compare.")
        return
    table(rows, COLUMNS, key="record_of_series", nothing=NOTHING, height="content")
    st.caption(_origins(rows.row(0, named=True)))


def _origins(row: dict[str, object]) -> str:
    first, last = row["first_origin_date"], row["last_origin_date"]
    return f"Tested from origins between {day(first)} and {day(last)}."  # type: ignore[arg-type]
