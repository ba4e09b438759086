"""Net sales view of the forecasts page: weeks beside targets and the pipeline, and days by channel."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from shared import address
from shared.access import Version
from shared.formats import day
from shared.layout import empty
from shared.listing import listing
from shared.tables import column

from app_pages import forecasts_record

__all__ = ["days", "weeks"]

HISTORY_DAYS = 90
CHANNELS = "select distinct channel from marts.fct_revenue_outlook order by channel = 'all' desc, channel"
WEEKS = """
    select concat_ws('|', channel, week_start_date) as row_id, week_start_date, days_count, p10_net_sales_reporting,
        expected_net_sales_reporting, p90_net_sales_reporting, target_amount_reporting,
        pipeline_net_sales_amount_reporting, origin_date
    from marts.fct_revenue_outlook where channel = ?
"""
BAND = """
    select week_start_date as period, expected_net_sales_reporting as expected, p10_net_sales_reporting as low,
        p90_net_sales_reporting as high
    from marts.fct_revenue_outlook where channel = ? and days_count = 7 order by week_start_date
"""
PAST_WEEKS = """
    select date_trunc('week', business_date)::date as period, sum(net_sales_amount_reporting) as value,
        false as is_censored
    from marts.fct_revenue_daily
    where recognition_clock = 'placed' and (? = 'all' or channel = ?)
        and business_date < date_trunc('week', ?::date)
        and business_date >= date_trunc('week', ?::date) - interval 182 day
    group by all having sum(net_sales_amount_reporting) is not null order by period
"""
PAST_DAYS = """
    select business_date as period, sum(net_sales_amount_reporting) as value, false as is_censored
    from marts.fct_revenue_daily
    where recognition_clock = 'placed' and channel = ? and business_date <= ? and business_date > ?::date - ?::integer
    group by all order by period
"""
AHEAD = """
    select target_date as period, expected_value as expected, p10_value as low, p90_value as high, origin_date, model,
        model_reason
    from marts.fct_forecast where forecast_level = 'channel_day' and series_key = ? and is_current order by target_date
"""


def weeks(version: Version) -> None:
    """Draw and list the weeks of a channel, or of all."""
    channels = version.rows(CHANNELS)["channel"].to_list()
    if not channels:
        empty(forecasts_record.NOTHING)
        return
    channel = address.segment("outlook_channel", "Channel", channels, channels[0])
    today = version.business_date
    past, ahead = version.rows(PAST_WEEKS, (channel, channel, today, today)), version.rows(BAND, (channel,))
    origin = version.rows(WEEKS, (channel,))["origin_date"].min()
    title = f"Net sales a week ({version.currency})"
    st.altair_chart(charts.forecast_band(past, ahead, title, origin))  # type: ignore[arg-type]
    listing(
        version,
        WEEKS,
        (channel,),
        {
            "week_start_date": column("Week from"),
            "days_count": column("Days forecast", "Fewer than seven in the first and the last week.", digits=0),
            "p10_net_sales_reporting": column("p10", unit=version.currency, is_amount=True),
            "expected_net_sales_reporting": column("Expected", unit=version.currency, is_amount=True),
            "p90_net_sales_reporting": column("p90", unit=version.currency, is_amount=True),
            "target_amount_reporting": column(
                "Target", "Target of the KPI Net sales for these days. Set in the catalogue.", unit=version.currency,
                is_amount=True,
            ),
            "pipeline_net_sales_amount_reporting": column(
                "Sold, not delivered", "By the week of the promise.", unit=version.currency, is_amount=True
            ),
        },
        key="revenue_outlook",
        noun="weeks",
        unique="row_id",
        sort="week_start_date",
        prefix="weeks_",
        nothing=forecasts_record.NOTHING,
    )  # fmt: skip
    st.caption(
        f"Forecast from {day(origin)}. The errors of the days of a channel are taken as half correlated, those of "  # type: ignore[arg-type]
        "channels as independent. How good days were is under Record."
    )


def days(version: Version) -> None:
    """Draw the days of a channel, above their record."""
    channels = [each for each in version.rows(CHANNELS)["channel"].to_list() if each != "all"]
    if not channels:
        empty(forecasts_record.NOTHING)
        return
    channel = address.segment("sales_channel", "Channel", channels, channels[0])
    ahead = version.rows(AHEAD, (channel,))
    if ahead.is_empty():
        empty(forecasts_record.NOTHING)
        return
    origin, model, reason = ahead.select("origin_date", "model", "model_reason").row(0)
    past = version.rows(PAST_DAYS, (channel, origin, origin, HISTORY_DAYS))
    st.altair_chart(charts.forecast_band(past, ahead, f"Net sales a day ({version.currency})", origin))
    st.caption(f"Forecast from {day(origin)} by {model}: {reason}. The band is p10 to p90.")
    forecasts_record.of_series(version, "channel_day", channel)
