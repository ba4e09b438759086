"""Tests of intervals against formulas and drawn counts."""

from __future__ import annotations

import numpy as np
import pytest
from orderhouse.predict.forecasting.intervals import (
    FEW,
    NORMAL,
    Errors,
    count_coverage,
    count_quantiles,
    pinball,
)
from scipy import stats


def test_counts_without_excess_are_poisson_and_with_it_negative_binomial() -> None:
    expected, spread = np.array([4.0, 4.0, 0.0]), np.array([1.0, 3.0, 1.0])
    found = count_quantiles(expected, spread)
    assert found[0].tolist() == stats.poisson.ppf([0.1, 0.5, 0.9], 4).tolist()
    assert found[1].tolist() == stats.nbinom.ppf([0.1, 0.5, 0.9], 2, 1 / 3).tolist()
    assert found[2].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("mean", "spread"), [(0.3, 1.0), (0.3, 2.5), (2.0, 1.0), (2.0, 4.0)])
def test_calibrated_counts_have_a_coverage_of_eight_tenths(mean: float, spread: float) -> None:
    draws = np.random.default_rng(1)
    size = mean / (spread - 1) if spread > 1 else 0
    actual = draws.negative_binomial(size, 1 / spread, 40_000) if spread > 1 else draws.poisson(mean, 40_000)
    same = np.ones(len(actual))
    assert count_coverage(actual.astype(float), mean * same, spread * same).mean() == pytest.approx(0.8, abs=0.01)
    assert count_coverage(actual.astype(float), 0.2 * mean * same, same).mean() < 0.75


def test_pinball_loss_is_the_mean_over_three_quantiles() -> None:
    assert pinball(np.array([10.0]), np.array([[4.0, 10.0, 12.0]]))[0] == pytest.approx((0.6 + 0 + 0.2) / 3)


def test_errors_give_their_own_quantiles_once_there_are_enough() -> None:
    assert (Errors.none().quantiles(1) == NORMAL).all()
    many = Errors(np.ones(FEW), np.linspace(-1, 3, FEW))
    assert many.quantiles(1) == pytest.approx([-0.6, 1.0, 2.6])
