"""Tests of backtests: nothing later is used, known worlds are met, and the baseline wins where it should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orderhouse.predict.forecasting import backtest as tested
from orderhouse.predict.forecasting import models
from orderhouse.predict.forecasting.backtest import Backtest, Outlook, backtest
from orderhouse.predict.forecasting.panel import Values

from tests.predict.forecasting.panels import panel_from, smooth_world


def of_outlook(outlook: Outlook) -> list[Values]:
    return [*outlook.expected.values(), *outlook.quantiles.values()]


def coverage(result: Backtest) -> float:
    return float(result.sums["forecast"].covered.sum() / result.observations.sum())


def bias(result: Backtest) -> float:
    return float(result.sums["forecast"].error.sum() / result.actual.sum())


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.integers(0, 9), later=st.integers(1, 7))
def test_what_comes_after_an_origin_changes_nothing_that_was_said_there(seed: int, factor: int, later: int) -> None:
    draws = np.random.default_rng(seed)
    values = np.vstack([draws.poisson(mean, (5, 40)) for mean in (30, 0.4, 4)]).astype(float)
    outs = [(0, 20), (1, 35), (6, 37)]
    known = 40 - later
    changed = values.copy()
    changed[:, known:] = values[:, known:] * factor + draws.poisson(5, (15, later))
    one, other = (backtest(panel_from(each, outs), 4, origins=later, step=1) for each in (values, changed))
    told = [(a, b) for a, b in zip(one.outlooks, other.outlooks, strict=True) if a.known <= known]
    assert told and told[-1][0].known == known
    for a, b in told:
        assert (a.chosen == b.chosen).all()
        for left, right in zip(of_outlook(a), of_outlook(b), strict=True):
            np.testing.assert_array_equal(left, right)


def test_a_peek_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The property above fails if errors that came after the origin are used."""
    came = tested._came
    monkeypatch.setattr(tested, "_came", lambda outlook, truth, until: came(outlook, truth, truth.shape[1]))
    values, _ = smooth_world(40, 40)
    changed = values.copy()
    changed[:, 39:] *= 5
    one, other = (backtest(panel_from(each), 4, origins=4, step=1).outlooks[-1] for each in (values, changed))
    assert any((a != b).any() for a, b in zip(of_outlook(one), of_outlook(other), strict=True))


def test_demand_of_a_known_world_lies_in_the_interval_as_often_as_said() -> None:
    values, _ = smooth_world(150, 60)
    result = backtest(panel_from(values), 8, origins=8, step=2)
    assert not result.final.intermittent.any()
    assert 0.75 <= coverage(result) <= 0.85
    assert abs(bias(result)) <= 0.05
    assert not result.baseline_wins
    losses = {method: sums.pinball.sum() for method, sums in result.sums.items()}
    assert losses["forecast"] < 0.9 * losses["baseline"]


def test_counts_of_a_known_world_lie_in_the_interval_as_often_as_said() -> None:
    draws = np.random.default_rng(3)
    values = draws.negative_binomial(draws.uniform(0.2, 1.2, (200, 1)), 0.5, (200, 60)).astype(float)
    result = backtest(panel_from(values), 8, origins=6, step=2)
    assert result.final.intermittent.all()
    assert 0.75 <= coverage(result) <= 0.85
    assert abs(bias(result)) <= 0.05
    assert (result.final.quantiles["forecast"] % 1 == 0).all()


def test_level_on_which_nothing_beats_the_last_value_uses_it() -> None:
    draws = np.random.default_rng(5)
    levels = np.where(np.arange(60) % 20 < 10, 50.0, 400.0) + draws.integers(0, 3, (30, 60))
    result = backtest(panel_from(levels), 2, origins=8, step=2)
    assert result.sums["baseline"].pinball.sum() <= result.sums["forecast"].pinball.sum()
    assert result.baseline_wins
    np.testing.assert_array_equal(result.final.expected["forecast"], result.final.expected["baseline"])


def test_week_without_stock_is_neither_learnt_from_as_it_is_nor_compared() -> None:
    values = np.full((1, 30), 20.0)
    values[0, [25, 28]] = 0.0
    outs = [(0, 25), (0, 28)]
    panel = panel_from(values, outs)
    assert panel.censored[0, [25, 28]].all() and panel.censored.sum() == 2
    assert panel.adjusted[0, 25] == panel.adjusted[0, 28] == 20
    result = backtest(panel, 4, origins=2, step=2)
    assert result.observations[0] == 4 - 1 + 2 - 1
    assert result.final.expected["forecast"][0, 0] == pytest.approx(20, abs=0.5)
    assert backtest(panel_from(values), 4).final.expected["forecast"][0, 0] < 19


def test_baseline_has_a_season_of_a_year_only_where_there_are_two_years() -> None:
    year = np.tile(np.arange(52.0), 2)
    assert (models.naive(year, 3, models.season_of(104, 7)) == [0, 1, 2]).all()
    assert (models.naive(year[:103], 2, models.season_of(103, 7)) == [50, 50]).all()
    assert models.season_of(60, 1) == 7


def test_one_wholesale_order_does_not_move_the_level() -> None:
    values = np.array([20.0, 22, 19, 21, 20, 18, 23, 20, 900, 21, 20, 22])
    assert models.fenced(values).max() < 40
    assert (models.fenced(values)[[0, 1, 2]] == values[[0, 1, 2]]).all()
