"""Predictor of demand and net sales: SKU × warehouse × week, category × week, net sales × day × channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from importlib.metadata import version

import duckdb
import numpy as np
import polars as pl

from orderhouse.predict.forecasting.backtest import Backtest, backtest
from orderhouse.predict.forecasting.newcomers import give_category_curves
from orderhouse.predict.forecasting.panel import Panel, Values, panel_of
from orderhouse.predict.forecasting.rows import backtest_rows, digests, forecast_rows
from orderhouse.predict.predictor import LastRun, Rhythm
from orderhouse.predict.reading import frame_of
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord

__all__ = ["Forecasts"]

# Periods that are forecast: the longest lead times and a review for SKUs, four weeks of days.
WEEKS = 8
DAYS = 28
# Newest periods in which a category's curve is measured.
CURVE_WEEKS = 8

CALENDAR = "select business_date from marts.as_of"
DEMAND = """
    select sku, warehouse_id, category, week_start_date as period, demanded_quantity::double as value
    from marts.fct_demand_weekly where is_complete
"""
CATEGORIES = """
    select category, week_start_date as period, sum(demanded_quantity)::double as value
    from marts.fct_demand_weekly where is_complete group by all
"""
SALES = """
    select coalesce(channel, 'unknown') as channel, business_date as period,
        sum(net_sales_amount_reporting)::double as value
    from marts.fct_revenue_daily
    where recognition_clock = 'placed' and business_date < (select business_date from marts.as_of)
    group by all having sum(net_sales_amount_reporting) is not null
"""
# Days without stock of each week, of SKUs that have demand.
STOCK_OUTS = """
    with weeks as (
        select unnest(generate_series(min(week_start_date), max(week_start_date), interval 7 day))::date as period
        from marts.fct_demand_weekly
    ),
    wanted as (select distinct sku, warehouse_id from marts.fct_demand_weekly)
    select sku, warehouse_id, period,
        sum(least(out_to_date, period + 6) - greatest(out_from_date, period) + 1)::bigint as days
    from work.intermediate.int_stock_outs
    inner join wanted using (sku, warehouse_id)
    inner join weeks on period <= out_to_date and period + 6 >= out_from_date
    group by all
"""
KNOWN = """
    select distinct level, series_key, digest from predictions.predictions.forecasts
"""


@dataclass(frozen=True)
class Forecasts:
    """Predictor of demand and net sales."""

    name: str = "forecasts"
    rhythm: Rhythm = "day"
    tables: tuple[str, ...] = ("forecasts", "backtests")

    @property
    def model(self) -> str:
        """Return the library and its version."""
        return f"statsforecast {version('statsforecast')}"

    def due(self, home: Settings, built: BuildRecord, last: LastRun | None) -> bool:
        """Return whether rows arrived or the clock moved since the last run."""
        return last is None or last.batch_id != built.batch_id or last.origin_at != datetime.fromisoformat(built.as_of)

    def compute(self, connection: duckdb.DuckDBPyConnection, clock: datetime) -> Mapping[str, pl.DataFrame]:
        """Forecast every series that changed since its last forecast."""
        today: date = frame_of(connection, CALENDAR).item()
        monday = today - timedelta(days=today.weekday())
        last_week, yesterday = monday - timedelta(days=7), today - timedelta(days=1)
        known = {(level, key): digest for level, key, digest in frame_of(connection, KNOWN).iter_rows()}
        demand, outs = frame_of(connection, DEMAND), frame_of(connection, STOCK_OUTS)
        categories = panel_of(frame_of(connection, CATEGORIES), ["category"], last_week, 7)
        skus = panel_of(demand, ["sku", "warehouse_id"], last_week, 7, outs)
        named = demand.select("sku", "category").unique("sku", keep="first")
        skus = _with_columns(skus, named)
        sales = panel_of(frame_of(connection, SALES), ["channel"], yesterday, 1, is_count=False)
        by_category = backtest(categories, WEEKS)
        done = [
            _level("category_week", categories, by_category, known),
            _skus(skus, _curves(categories, by_category), known),
            _level("channel_day", sales, backtest(sales, DAYS, step=7), known),
        ]
        return {
            "forecasts": pl.concat([forecasts for forecasts, _ in done]),
            "backtests": pl.concat([backtests for _, backtests in done]),
        }


def _with_columns(panel: Panel, named: pl.DataFrame) -> Panel:
    """Return the panel with the category of each SKU."""
    series = panel.series.join(named, on="sku", how="left", maintain_order="left")
    return replace(panel, series=series)


def _skus(panel: Panel, curves: dict[str, Values], known: dict[tuple[str, str], str]) -> tuple[pl.DataFrame, ...]:
    """Forecast the SKUs that changed; the others keep their forecasts."""
    level = "sku_warehouse_week"
    found = digests(panel, level)
    keys = [f"{sku}|{warehouse}" for sku, warehouse in panel.series.select("sku", "warehouse_id").iter_rows()]
    changed = np.array([known.get((level, key)) != digest for key, digest in zip(keys, found, strict=True)], dtype=bool)
    part = panel.only(changed)
    result = backtest(part, WEEKS)
    give_category_curves(part, result, curves)
    digest = [each for each, is_changed in zip(found, changed, strict=True) if is_changed]
    return forecast_rows(part, result, level, digest), backtest_rows(part, result, level)


def _level(level: str, panel: Panel, result: Backtest, known: dict[tuple[str, str], str]) -> tuple[pl.DataFrame, ...]:
    """Return the rows of a level with few series, of those that changed."""
    found = digests(panel, level)
    forecasts, backtests = forecast_rows(panel, result, level, found), backtest_rows(panel, result, level)
    keys = panel.series.to_series(0).to_list()
    same = [key for key, digest in zip(keys, found, strict=True) if known.get((level, key)) == digest]
    is_new = ~pl.col("series_key").is_in(same)
    return forecasts.filter(is_new), backtests.filter(is_new)


def _curves(panel: Panel, result: Backtest) -> dict[str, Values]:
    """Return the forecast of each category ÷ the mean of its last weeks."""
    recent = np.nanmean(panel.actual[:, -CURVE_WEEKS:], axis=1) if panel.actual.size else np.zeros(0)
    names = panel.series["category"].to_list() if panel.series.height else []
    final = result.final.expected["forecast"]
    return {
        name: final[number] / recent[number]
        for number, name in enumerate(names)
        if recent[number] > 0 and np.isfinite(final[number]).all()
    }
