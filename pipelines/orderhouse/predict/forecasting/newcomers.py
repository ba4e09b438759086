"""Forecasts of SKUs without enough history: their own rate so far, along the curve of their category."""

from __future__ import annotations

import numpy as np
import polars as pl

from orderhouse.predict.forecasting.backtest import Backtest
from orderhouse.predict.forecasting.intervals import count_quantiles
from orderhouse.predict.forecasting.panel import Panel, Values

__all__ = ["give_category_curves"]

# Weeks of a category's rate that a newcomer's own rate is drawn towards, and those that the rate is taken from.
PRIOR_WEEKS = 4.0
RECENT = 8


def give_category_curves(panel: Panel, result: Backtest, curves: dict[str, Values]) -> None:
    """Fill the final forecast of series that are too short for models.

    The expected demand is the rate of the series, drawn towards the mean rate of its category's SKUs, times the curve.

    Args:
        panel: SKUs by warehouse, with a column `category`.
        result: The backtest, whose final outlook is filled.
        curves: By category, the forecast of each period ÷ the mean of its last weeks.
    """
    final = result.final
    short = ~final.has_history
    if not short.any():
        return
    horizon = final.expected["forecast"].shape[1]
    recent = panel.adjusted[:, -RECENT:]
    known = ~np.isnan(recent)
    own_sum, own_weeks = np.where(known, recent, 0.0).sum(axis=1), known.sum(axis=1)
    rates = pl.DataFrame({"category": panel.series["category"], "sum": own_sum, "weeks": own_weeks}).with_columns(
        (pl.col("sum").sum().over("category") / pl.col("weeks").sum().over("category")).fill_nan(0.0).alias("usual")
    )
    rate = (own_sum + PRIOR_WEEKS * rates["usual"].to_numpy()) / (own_weeks + PRIOR_WEEKS)
    flat = np.ones(horizon)
    shapes = np.stack([curves.get(name, flat) for name in panel.series["category"]])
    expected = rate[:, None] * shapes
    spread = np.broadcast_to(final.spread[:, None], expected.shape)
    quantiles = count_quantiles(expected, spread)
    last = np.nan_to_num(panel.actual[:, -1])[:, None] * flat
    for method, path in final.expected.items():
        own = last if method == "baseline" else expected
        final.expected[method] = np.where(short[:, None], own, path)
        final.quantiles[method] = np.where(short[:, None, None], quantiles, final.quantiles[method])
