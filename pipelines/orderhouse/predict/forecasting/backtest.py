"""Rolling-origin backtest of a level, choice of a model per series, and the forecast from the last origin.

At each origin only what was known then is used: values, choice of models, and the errors that intervals come from.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from orderhouse.predict.forecasting import intervals, models
from orderhouse.predict.forecasting.intervals import Errors
from orderhouse.predict.forecasting.panel import Flags, Panel, Values

__all__ = ["METHODS", "Backtest", "Outlook", "Sums", "backtest"]

# Methods whose errors are published side by side.
METHODS = ("forecast", "baseline", "average")
# Shortest history that models are fitted to, and least number of errors that a choice rests on.
FEWEST = {7: 8, 1: 28}
ENOUGH = 8
# A model replaces the first choice only if its loss was so much smaller; differences below are chance.
MARGIN = 0.85

Names = npt.NDArray[np.str_]


@dataclass
class Outlook:
    """Forecasts of all series from one origin.

    Attributes:
        known: Number of periods known.
        paths: Expected values by model, series × horizon; nan where a model does not apply.
        intermittent: Which series are counts.
        has_history: Which series are long enough for models.
        scale: Usual error of each series.
        spread: Variance ÷ mean of each series.
        step: Mean distance between neighbouring periods of each series, for scaled errors.
        least: Least possible value: zero for units, none for amounts.
        chosen: Model of each series.
        settled: Which choices rest on a backtest.
        expected: Expected values by method.
        quantiles: p10, p50 and p90 by method, series × horizon × 3.
    """

    known: int
    paths: dict[str, Values]
    intermittent: Flags
    has_history: Flags
    scale: Values
    spread: Values
    step: Values
    least: float = 0.0
    chosen: Names = field(default_factory=lambda: np.zeros(0, dtype=np.str_))
    settled: Flags = field(default_factory=lambda: np.zeros(0, dtype=bool))
    expected: dict[str, Values] = field(default_factory=dict)
    quantiles: dict[str, Values] = field(default_factory=dict)


@dataclass
class Sums:
    """Sums over origins and horizons of one method, one value per series."""

    absolute_error: Values
    error: Values
    scaled_error: Values
    pinball: Values
    covered: Values

    @classmethod
    def zero(cls, series: int) -> Sums:
        """Return sums of nothing."""
        return cls(*(np.zeros(series) for _ in range(5)))


@dataclass
class Backtest:
    """Result of a backtest.

    Attributes:
        outlooks: Forecasts from each past origin.
        final: Forecast from the last known period.
        sums: Sums by method.
        observations: Number of periods compared of each series.
        scaled: Number of those with a scale.
        origins: Number of origins of each series.
        actual: Sum of the actual values compared.
        baseline_wins: True if the baseline was better over the whole level, so that all series use it.
    """

    outlooks: list[Outlook]
    final: Outlook
    sums: dict[str, Sums]
    observations: Values
    scaled: Values
    origins: Values
    actual: Values
    baseline_wins: bool


def backtest(panel: Panel, horizon: int, *, origins: int = 4, step: int = 2) -> Backtest:
    """Forecast a level from past origins and from the last known period.

    Args:
        panel: The series.
        horizon: Number of periods to forecast.
        origins: Number of past origins.
        step: Periods between two of them.
    """
    periods = panel.actual.shape[1]
    fewest = FEWEST[panel.period_days]
    starts = [periods - step * back for back in range(origins, 0, -1) if periods - step * back >= fewest]
    truth = np.where(panel.censored, np.nan, panel.actual)
    done: list[Outlook] = []
    for known in [*starts, periods]:
        outlook = _look(panel.until(known), horizon)
        _choose(outlook, done, truth)
        _give_quantiles(outlook, done, truth)
        done.append(outlook)
    past, final = done[:-1], done[-1]
    result = _summed(past, final, truth)
    if result.baseline_wins:
        for method in (final.expected, final.quantiles):
            method["forecast"] = method["baseline"]
    return result


def _look(panel: Panel, horizon: int) -> Outlook:
    """Compute the paths of every model from the end of a panel."""
    values = panel.adjusted
    series, periods = values.shape
    starts = np.where(np.isnan(values), 1, 0).sum(axis=1)
    has_history = periods - starts >= FEWEST[panel.period_days]
    intermittent = models.is_intermittent(values) & panel.is_count
    names = (models.BASELINE, models.AVERAGE, *models.SMOOTH_MODELS, *models.COUNT_MODELS)
    paths = {name: np.full((series, horizon), np.nan) for name in names}
    for number in np.flatnonzero(has_history):
        history = values[number, starts[number] :]
        found = models.candidates(history, horizon, panel.period_days, bool(intermittent[number]))
        for name, path in found.items():
            paths[name][number] = np.maximum(path, 0.0) if panel.is_count else path
    steps = np.abs(np.diff(values, axis=1))
    counted = (~np.isnan(steps)).sum(axis=1)
    return Outlook(
        known=periods,
        paths=paths,
        intermittent=intermittent,
        has_history=has_history,
        scale=intervals.scales(values),
        spread=intervals.dispersion(values),
        step=np.nansum(steps, axis=1) / np.maximum(counted, 1),
        least=0.0 if panel.is_count else -np.inf,
    )


def _came(outlook: Outlook, truth: Values, until: int) -> Values:
    """Return what came in the periods that an outlook forecast, as far as it was known by `until`; else nan."""
    horizon = outlook.paths[models.BASELINE].shape[1]
    came = np.full((truth.shape[0], horizon), np.nan)
    end = min(outlook.known + horizon, until)
    came[:, : end - outlook.known] = truth[:, outlook.known : end]
    return came


def _choose(outlook: Outlook, earlier: list[Outlook], truth: Values) -> None:
    """Choose the model of each series by the errors of earlier origins that were known at this one."""
    first = np.where(outlook.intermittent, models.FIRST_CHOICE[True], models.FIRST_CHOICE[False])
    names = list(outlook.paths)
    losses = np.zeros((len(names), len(first)))
    counts = np.zeros(len(first))
    for before in earlier:
        came = _came(before, truth, outlook.known)
        compared = ~np.isnan(came) & before.has_history[:, None]
        counts += compared.sum(axis=1)
        for place, name in enumerate(names):
            error = np.where(compared, before.paths[name] - came, 0.0)
            # Absolute error favours zero for counts.
            loss = np.where(outlook.intermittent[:, None], error**2, np.abs(error)).sum(axis=1)
            losses[place] += loss
    for place, name in enumerate(names):
        applies = ~np.isnan(outlook.paths[name]).any(axis=1)
        losses[place] = np.where(applies & ~np.isnan(losses[place]), losses[place], np.inf)
    best = losses.argmin(axis=0)
    of_first = losses[[names.index(name) for name in first], np.arange(len(first))] if len(first) else np.zeros(0)
    outlook.settled = counts >= ENOUGH
    is_better = losses.min(axis=0) < MARGIN * of_first if len(first) else np.zeros(0, dtype=bool)
    outlook.chosen = np.where(outlook.settled & is_better, np.array(names)[best], first)
    index = [names.index(name) for name in outlook.chosen]
    stacked = np.stack([outlook.paths[name] for name in names])
    outlook.expected = {
        "forecast": stacked[index, np.arange(len(first))],
        "baseline": outlook.paths[models.BASELINE],
        "average": outlook.paths[models.AVERAGE],
    }


def _give_quantiles(outlook: Outlook, earlier: list[Outlook], truth: Values) -> None:
    """Compute p10, p50 and p90 of each method: from counts, or from the errors of earlier origins."""
    spread = np.broadcast_to(outlook.spread[:, None], outlook.expected["forecast"].shape)
    counts = outlook.intermittent[:, None, None]
    for method, expected in outlook.expected.items():
        errors = _errors(earlier, method, truth, outlook.known)
        horizon = expected.shape[1]
        drawn = np.stack([errors.quantiles(ahead + 1) for ahead in range(horizon)])
        around = np.maximum(expected[..., None] + outlook.scale[:, None, None] * drawn[None], outlook.least)
        if method == "baseline":
            outlook.quantiles[method] = around
        else:
            outlook.quantiles[method] = np.where(
                counts, intervals.count_quantiles(np.nan_to_num(expected), spread), around
            )


def _errors(earlier: list[Outlook], method: str, truth: Values, known: int) -> Errors:
    """Return the errors of earlier origins that were known by now, in units of their series' usual error."""
    found = Errors.none()
    for before in earlier:
        came = _came(before, truth, known)
        chosen = before.has_history & (~before.intermittent | (method == "baseline"))
        ratio = ((came - before.expected[method]) / before.scale[:, None])[chosen]
        ahead = np.broadcast_to(np.arange(1, ratio.shape[1] + 1), ratio.shape)
        is_known = ~np.isnan(ratio)
        found = Errors(
            np.concatenate([found.horizons, ahead[is_known].astype(float)]),
            np.concatenate([found.values, ratio[is_known]]),
        )
    return found


def _summed(past: list[Outlook], final: Outlook, truth: Values) -> Backtest:
    series = truth.shape[0]
    sums = {method: Sums.zero(series) for method in METHODS}
    observations, scaled, origins, actual = (np.zeros(series) for _ in range(4))
    for outlook in past:
        came = _came(outlook, truth, truth.shape[1])
        compared = ~np.isnan(came) & outlook.has_history[:, None]
        value = np.where(compared, came, 0.0)
        observations += compared.sum(axis=1)
        origins += compared.any(axis=1)
        actual += value.sum(axis=1)
        has_step = compared & (outlook.step[:, None] > 0)
        scaled += has_step.sum(axis=1)
        for method in METHODS:
            _add(sums[method], outlook, method, value, compared, has_step)
    losses = {method: sums[method].pinball.sum() for method in METHODS}
    wins = bool(observations.sum() > 0 and losses["baseline"] <= losses["forecast"])
    return Backtest(past, final, sums, observations, scaled, origins, actual, wins)


def _add(sums: Sums, outlook: Outlook, method: str, value: Values, compared: Flags, has_step: Flags) -> None:
    """Add the errors of one origin to the sums of a method."""
    expected = np.where(compared, outlook.expected[method], 0.0)
    quantiles = np.where(compared[..., None], outlook.quantiles[method], 0.0)
    error = expected - value
    sums.error += error.sum(axis=1)
    sums.absolute_error += np.abs(error).sum(axis=1)
    step = np.where(outlook.step > 0, outlook.step, 1.0)[:, None]
    sums.scaled_error += np.where(has_step, np.abs(error) / step, 0.0).sum(axis=1)
    sums.pinball += np.where(compared, intervals.pinball(value, quantiles), 0.0).sum(axis=1)
    spread = np.broadcast_to(outlook.spread[:, None], expected.shape)
    covered = intervals.within(value, quantiles).astype(float)
    if method != "baseline":
        counted = intervals.count_coverage(value, expected, spread)
        covered = np.where(outlook.intermittent[:, None], counted, covered)
    sums.covered += np.where(compared, covered, 0.0).sum(axis=1)
