"""View of what forecasts had said about periods that are over."""

from __future__ import annotations

from datetime import date

import streamlit as st
from orderhouse import charts
from shared import address
from shared.access import Version
from shared.formats import count, day, per_cent
from shared.layout import Figure, empty, figures
from shared.listing import listing
from shared.tables import column

from app_pages import forecasts_record

__all__ = ["outcomes"]

ORIGINS = "select distinct origin_date from marts.fct_forecast_outcomes where forecast_level = ? order by 1 desc"
SCORES = """
    select count(*) filter (not is_censored) as periods, count(*) filter (is_censored) as censored,
        sum(absolute_error_value) filter (not is_censored)
            / nullif(sum(actual_value) filter (not is_censored), 0) as wape,
        sum(baseline_absolute_error_value) filter (not is_censored)
            / nullif(sum(actual_value) filter (not is_censored), 0) as baseline_wape,
        count(*) filter (is_within and not is_censored) / nullif(count(*) filter (not is_censored), 0)::double as within
    from marts.fct_forecast_outcomes
    where forecast_level = ? and origin_date = ? and actual_value is not null
"""
SERIES = """
    select series_key, count(*) as periods, sum(actual_value) as actual, sum(expected_value) as expected,
        sum(expected_value)::double - sum(actual_value) as error, count(*) filter (is_within) as within,
        count(*) filter (is_censored) as censored,
        sum(absolute_error_value) / nullif(sum(actual_value), 0) as wape_rate,
        sum(baseline_absolute_error_value) / nullif(sum(actual_value), 0) as baseline_wape_rate
    from marts.fct_forecast_outcomes
    where forecast_level = ? and origin_date = ? and actual_value is not null group by series_key
"""
ONE = """
    select target_date as period, actual_value as value, is_censored, expected_value as expected, p10_value as low,
        p90_value as high
    from marts.fct_forecast_outcomes where forecast_level = ? and origin_date = ? and series_key = ?
    order by target_date
"""


def outcomes(version: Version) -> None:
    """Show the forecasts of an origin against what came."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        level = address.one(
            "outcome_level", "Level", list(forecasts_record.LEVELS), "category_week",
            written=forecasts_record.LEVELS.__getitem__, width=280,
        )  # fmt: skip
        origins = [each.isoformat() for each in version.rows(ORIGINS, (level,))["origin_date"].to_list()]
        if origins:
            origin = address.one("outcome_origin", "Origin", origins, origins[-1], written=str)
    if not origins:
        empty("No period that was forecast is over yet. Forecasts are kept, so that this fills by itself with time.")
        return
    scores = version.row(SCORES, (level, origin))
    figures(
        [
            Figure("Periods over", count(scores["periods"]), f"Besides {count(scores['censored'])} without stock."),
            Figure("WAPE", per_cent(scores["wape"]), "Sum of absolute errors ÷ sum of what came."),
            Figure("WAPE of the baseline", per_cent(scores["baseline_wape"]), "The same of the baseline."),
            Figure("Within p10–p90", per_cent(scores["within"]), "Share of the periods. 80 % is right."),
        ]
    )
    listed = listing(
        version,
        SERIES,
        (level, origin),
        {
            "series_key": column("Series"),
            "periods": column("Periods", digits=0),
            "expected": column("Forecast", digits=0),
            "actual": column("Came", digits=0),
            "error": column("Error", "Forecast less what came.", digits=0),
            "within": column("Within p10–p90", "Number of periods.", digits=0),
            "censored": column("Censored", "Periods with a day without stock.", digits=0),
            "wape_rate": column("WAPE", per_cent=True),
            "baseline_wape_rate": column("WAPE of the baseline", per_cent=True),
        },
        key="forecast_outcomes",
        noun="series",
        unique="series_key",
        sort="-actual",
        prefix="outcomes_",
        nothing="No period of this origin is over.",
        opens="See the periods of the series",
        height=320,
    )
    if not listed.total:
        return
    series = listed.opened["series_key"] if listed.opened else listed.rows["series_key"][0]
    rows = version.rows(ONE, (level, origin, series))
    unit = f"Net sales a day ({version.currency})" if level == "channel_day" else "Units a week"
    st.markdown(f"**{forecasts_record.named(series)}**")
    st.altair_chart(charts.forecast_band(rows, rows, unit, None))
    st.caption(f"The line is what came; the band is what the forecast of {day(date.fromisoformat(origin))} had said.")
