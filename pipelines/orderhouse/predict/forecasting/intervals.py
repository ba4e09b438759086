"""Intervals: p10, p50 and p90 of a forecast, from counts or from the errors of earlier forecasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from orderhouse.predict.forecasting.panel import Flags, Values

__all__ = ["NORMAL", "PROBABILITIES", "Errors", "count_coverage", "count_quantiles", "dispersion", "pinball", "scales"]

PROBABILITIES = np.array([0.1, 0.5, 0.9])
NORMAL: Values = stats.norm.ppf(PROBABILITIES)
# Errors from which their own quantiles are taken instead of those of the normal distribution.
FEW = 100
# Weight of the newest period in the level that errors are measured against.
SMOOTHING = 0.2
RECENT = 26


def scales(values: Values) -> Values:
    """Return the usual error of each series: 1.25 × the mean distance from a smoothed level over the last periods.

    It is at least the deviation of a count of the same mean, so that a calm history promises no certainty.
    """
    series, periods = values.shape
    level = np.full(series, np.nan)
    distances = np.full((series, periods), np.nan)
    for period in range(periods):
        now = values[:, period]
        distances[:, period] = np.abs(now - level)
        started = ~np.isnan(level)
        level = np.where(started, level + SMOOTHING * (now - level), now)
    recent = distances[:, -RECENT:]
    known = ~np.isnan(recent)
    counted = known.sum(axis=1)
    mean = np.where(known, recent, 0.0).sum(axis=1) / np.maximum(counted, 1)
    floor = np.sqrt(np.maximum(np.nan_to_num(level), 1.0))
    found: Values = np.maximum(1.25 * mean, floor)
    return found


@dataclass
class Errors:
    """Errors of earlier forecasts of a level, each divided by the usual error of its series, by horizon."""

    horizons: Values
    values: Values

    @classmethod
    def none(cls) -> Errors:
        """Return no errors."""
        return cls(np.zeros(0), np.zeros(0))

    def quantiles(self, horizon: int) -> Values:
        """Return p10, p50 and p90 of the errors at about this horizon; of the normal distribution if there are few."""
        near = self.values[np.abs(self.horizons - horizon) <= 1]
        if len(near) < FEW:
            near = self.values
        if len(near) < FEW:
            return NORMAL
        found: Values = np.quantile(near, PROBABILITIES)
        return found


def dispersion(values: Values) -> Values:
    """Return variance ÷ mean of each series over its last year, drawn towards that of all series; at least one."""
    recent = values[:, -52:]
    known = ~np.isnan(recent)
    counts = np.maximum(known.sum(axis=1), 1)
    mean = np.nansum(recent, axis=1) / counts
    distance = np.where(known, recent - mean[:, None], 0.0)
    variance = (distance**2).sum(axis=1) / np.maximum(counts - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(mean > 0, variance / mean, np.nan)
    usual = np.nanmedian(ratio) if np.isfinite(ratio).any() else 1.0
    weight = counts / (counts + 8.0)
    found: Values = np.maximum(weight * np.nan_to_num(ratio, nan=usual) + (1 - weight) * usual, 1.0)
    return found


def count_quantiles(expected: Values, spread: Values) -> Values:
    """Return p10, p50 and p90 of negative binomial counts, the last axis being the three.

    Args:
        expected: Expected counts.
        spread: Variance ÷ mean, of the same shape; counts at one are Poisson.
    """
    wide = np.broadcast_to(expected[..., None], (*expected.shape, 3))
    ratio = np.broadcast_to(spread[..., None], wide.shape)
    is_wide = ratio > 1.001
    size = np.where(is_wide, wide / np.maximum(ratio - 1, 1e-3), 1.0)
    binomial = stats.nbinom.ppf(PROBABILITIES, np.maximum(size, 1e-9), 1 / np.maximum(ratio, 1.0))
    found: Values = np.where(wide <= 0, 0.0, np.where(is_wide, binomial, stats.poisson.ppf(PROBABILITIES, wide)))
    return np.where(np.isfinite(found), found, 0.0)


def count_coverage(actual: Values, expected: Values, spread: Values) -> Values:
    """Return the share of each count's probability that lies between p10 and p90.

    This is the expectation of the randomised probability integral transform over its random part: a count between
    F(y − 1) and F(y) counts for the part of that step within 0.1 and 0.9. So a calibrated forecast of counts has a
    coverage of 0.8, though no interval of whole numbers has.
    """
    ratio = np.maximum(spread, 1.0)
    is_wide = ratio > 1.001
    size = np.where(is_wide, expected / np.maximum(ratio - 1, 1e-3), 1.0)

    def below(count: Values) -> Values:
        binomial = stats.nbinom.cdf(count, np.maximum(size, 1e-9), 1 / ratio)
        poisson = stats.poisson.cdf(count, np.maximum(expected, 1e-12))
        cumulated: Values = np.where(is_wide, binomial, poisson)
        return cumulated

    low, high = below(actual - 1), below(actual)
    step = np.maximum(high - low, 1e-12)
    inside = np.clip(np.minimum(high, 0.9) - np.maximum(low, 0.1), 0.0, None)
    found: Values = np.clip(inside / step, 0.0, 1.0)
    return found


def pinball(actual: Values, quantiles: Values) -> Values:
    """Return the mean pinball loss over p10, p50 and p90, the last axis of the quantiles."""
    distance = actual[..., None] - quantiles
    loss: Values = np.maximum(PROBABILITIES * distance, (PROBABILITIES - 1) * distance).mean(axis=-1)
    return loss


def within(actual: Values, quantiles: Values) -> Flags:
    """Return which values lie within p10 and p90."""
    found: Flags = (quantiles[..., 0] <= actual) & (actual <= quantiles[..., 2])
    return found
