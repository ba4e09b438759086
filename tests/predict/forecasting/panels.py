"""Panels made of drawn demand, for tests of forecasts."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from orderhouse.predict.forecasting.panel import Panel, Values, panel_of

__all__ = ["LAST", "panel_from", "smooth_world"]

LAST = date(2026, 6, 22)


def panel_from(values: Values, outs: list[tuple[int, int]] | None = None) -> Panel:
    """Return the panel of series × weeks of demand up to LAST; `outs` names series and week without stock."""
    series, weeks = values.shape
    periods = [LAST - timedelta(days=7 * (weeks - 1 - week)) for week in range(weeks)]
    rows = pl.DataFrame(
        {
            "sku": np.repeat([f"s{number:04}" for number in range(series)], weeks),
            "period": periods * series,
            "value": values.ravel().astype(float),
        }
    ).filter(pl.col("value") != 0)
    lacking = pl.DataFrame(
        [(f"s{number:04}", periods[week], 7) for number, week in outs or []],
        schema={"sku": pl.String, "period": pl.Date, "days": pl.Int64},
        orient="row",
    )
    return panel_of(rows, ["sku"], LAST, 7, lacking)


def smooth_world(series: int, weeks: int, seed: int = 1) -> tuple[Values, Values]:
    """Return drawn demand and its true expectation: slow trends, and variance of twice the mean."""
    draws = np.random.default_rng(seed)
    level = draws.uniform(15, 120, size=(series, 1)) * np.exp(
        draws.normal(0, 0.002, size=(series, 1)) * np.arange(weeks)
    )
    return draws.negative_binomial(level, 0.5).astype(float), level
