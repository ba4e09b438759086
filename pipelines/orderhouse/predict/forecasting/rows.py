"""Rows of forecasts and backtests, in the columns of their tables."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import numpy as np
import polars as pl

from orderhouse.predict.forecasting import models
from orderhouse.predict.forecasting.backtest import METHODS, Backtest
from orderhouse.predict.forecasting.panel import Panel

__all__ = ["backtest_rows", "digests", "forecast_rows"]

DIMENSIONS = ("sku", "warehouse_id", "category", "channel")
REASONS = {
    "level": "the baseline was better over all series of the level",
    "best": "the best of the backtest",
    "first": "the usual model, since no other was clearly better in the backtest",
    "short": "the curve of its category, since the history is short",
}


def digests(panel: Panel, level: str) -> list[str]:
    """Return a digest of everything that each series is computed from."""
    stem = f"{level}:{panel.origin}".encode()
    return [
        hashlib.sha256(stem + actual.tobytes() + censored.tobytes()).hexdigest()[:24]
        for actual, censored in zip(panel.actual, panel.censored, strict=True)
    ]


def forecast_rows(panel: Panel, result: Backtest, level: str, digest: list[str]) -> pl.DataFrame:
    """Return one row per series and target period."""
    final = result.final
    series, horizon = final.expected["forecast"].shape
    chosen = _chosen(result)
    ahead = np.tile(np.arange(1, horizon + 1), series)
    quantiles = final.quantiles["forecast"].reshape(-1, 3)
    frame = _repeated(_named(panel, level, result), horizon).with_columns(
        model=pl.Series(np.repeat(chosen, horizon).tolist(), dtype=pl.String),
        reason=pl.Series(np.repeat(_reasons(result), horizon).tolist(), dtype=pl.String),
        digest=pl.Series([each for each in digest for _ in range(horizon)], dtype=pl.String),
        origin_date=pl.lit(panel.origin),
        horizon=pl.Series(ahead),
        period_days=pl.lit(panel.period_days, dtype=pl.Int64),
        expected=pl.Series(final.expected["forecast"].ravel()),
        p10=pl.Series(quantiles[:, 0]),
        p50=pl.Series(quantiles[:, 1]),
        p90=pl.Series(quantiles[:, 2]),
        baseline=pl.Series(final.expected["baseline"].ravel()),
    )
    first = panel.origin + timedelta(days=1)
    return frame.with_columns(
        target_date=pl.lit(first) + pl.duration(days=(pl.col("horizon") - 1) * pl.col("period_days"))
    ).filter(pl.col("expected").is_finite())


def backtest_rows(panel: Panel, result: Backtest, level: str) -> pl.DataFrame:
    """Return one row per series that was compared in the past."""
    columns = {
        f"{prefix}{name}_sum": pl.Series(getattr(result.sums[method], name))
        for method, prefix in zip(METHODS, ("", "baseline_", "average_"), strict=True)
        for name in ("absolute_error", "error", "scaled_error", "pinball", "covered")
    }
    known = [outlook.known for outlook in result.outlooks] or [panel.actual.shape[1]]
    days = [panel.first_date + timedelta(days=each * panel.period_days - 1) for each in (known[0], known[-1])]
    return (
        _named(panel, level, result)
        .with_columns(
            model=pl.Series(_chosen(result).tolist(), dtype=pl.String),
            first_origin_date=pl.lit(days[0]),
            last_origin_date=pl.lit(days[1]),
            origins_count=pl.Series(result.origins).cast(pl.Int64),
            observations_count=pl.Series(result.observations).cast(pl.Int64),
            scaled_count=pl.Series(result.scaled).cast(pl.Int64),
            actual_sum=pl.Series(result.actual),
            **columns,
        )
        .filter(pl.col("observations_count") > 0)
    )


def _named(panel: Panel, level: str, result: Backtest) -> pl.DataFrame:
    there = [name for name in DIMENSIONS if name in panel.series.columns]
    given = [pl.col(name) if name in there else pl.lit(None, dtype=pl.String).alias(name) for name in DIMENSIONS]
    keys = [name for name in ("sku", "warehouse_id", "channel") if name in there] or ["category"]
    return panel.series.select(
        pl.lit(level).alias("level"),
        pl.concat_str([pl.col(name).fill_null("") for name in keys], separator="|").alias("series_key"),
        *given,
        pl.Series("is_intermittent", result.final.intermittent),
    )


def _repeated(frame: pl.DataFrame, times: int) -> pl.DataFrame:
    return frame[np.repeat(np.arange(frame.height), times)]


def _chosen(result: Backtest) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    final = result.final
    chosen = np.full(len(final.chosen), models.BASELINE) if result.baseline_wins else final.chosen
    return np.where(final.has_history, chosen, models.CATEGORY_CURVE).astype(object)


def _reasons(result: Backtest) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    final = result.final
    first = np.where(final.intermittent, models.FIRST_CHOICE[True], models.FIRST_CHOICE[False])
    usual = np.where(final.chosen == first, REASONS["first"], REASONS["best"])
    said = np.full(len(usual), REASONS["level"]) if result.baseline_wins else usual
    return np.where(final.has_history, said, REASONS["short"]).astype(object)
