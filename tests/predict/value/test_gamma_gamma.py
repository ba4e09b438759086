"""Tests of Gamma-Gamma: known parameters found again, expected amounts, and what cannot be fitted."""

from __future__ import annotations

import numpy as np
import pytest
from orderhouse.predict.value.gamma_gamma import GammaGamma, fit_gamma_gamma, log_likelihood
from orderhouse.predict.value.likelihood import NotFitted

from tests.predict.value.simulated import draw_amounts

KNOWN = (6.25, 3.74, 15.44)


def drawn(customers: int = 20_000, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = np.random.default_rng(seed).integers(1, 8, customers).astype(float)
    return (n, *draw_amounts(KNOWN, n, seed))


def test_known_parameters_are_found_again() -> None:
    n, mean, _ = drawn()
    fit = fit_gamma_gamma(n, mean)
    assert (fit.p, fit.q, fit.gamma) == pytest.approx(KNOWN, rel=0.1)


def test_expected_amounts_are_nearer_to_the_true_ones_than_own_means() -> None:
    n, mean, true = drawn()
    expected = GammaGamma(*KNOWN, 0.0).expected_amount(n, mean)
    assert expected.mean() == pytest.approx(true.mean(), rel=0.02)
    assert np.abs(expected - true).mean() < 0.95 * np.abs(mean - true).mean()


def test_the_gradient_is_the_slope_of_the_likelihood() -> None:
    n, mean, _ = drawn(300)
    at = np.array([5.0, 3.0, 12.0])
    _, gradient = log_likelihood(at, n, mean)
    for place in range(3):
        step = np.zeros(3)
        step[place] = 1e-6 * at[place]
        slope = (log_likelihood(at + step, n, mean)[0] - log_likelihood(at - step, n, mean)[0]) / (2 * step[place])
        assert gradient[place] == pytest.approx(slope, rel=1e-4)


def test_the_currency_changes_nothing() -> None:
    n, mean, _ = drawn(3_000)
    euros, yen = fit_gamma_gamma(n, mean), fit_gamma_gamma(n, mean * 160)
    assert yen.gamma == pytest.approx(euros.gamma * 160, rel=1e-2)
    assert yen.expected_amount(n, mean * 160) == pytest.approx(euros.expected_amount(n, mean) * 160, rel=1e-3)


@pytest.mark.parametrize(
    ("n", "mean", "sentence"),
    [
        ([], [], "No customer has two purchases"),
        ([1.0, 1.0], [5.0, 9.0], "No customer has two purchases"),
        ([3.0, 3.0, 2.0], [5.0, 5.0, 5.0], "has no maximum"),
    ],
)
def test_what_cannot_be_fitted_ends_in_a_sentence(n: list[float], mean: list[float], sentence: str) -> None:
    with pytest.raises(NotFitted, match=sentence):
        fit_gamma_gamma(np.array(n), np.array(mean))
