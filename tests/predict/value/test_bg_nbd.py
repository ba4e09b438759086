"""Tests of BG/NBD: the published fit, known parameters found again, and what cannot be fitted."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from orderhouse.predict.value.bg_nbd import BgNbd, fit_bg_nbd, log_likelihood
from orderhouse.predict.value.likelihood import Array, NotFitted

from tests.predict.value.simulated import draw_purchases

CDNOW = os.environ.get("ORDERHOUSE_CDNOW_WHEEL", "")
HOW = "run `pip download --no-deps lifetimes==0.11.3` and set ORDERHOUSE_CDNOW_WHEEL to the file"
CALIBRATION_ENDS = pl.date(1997, 9, 30)
HOLDOUT_WEEKS = 39.0


@pytest.fixture(scope="module")
def cdnow() -> pl.DataFrame:
    """Return the customers of the CDNOW sample: repeat days, weeks, and the days bought in weeks 40 to 78."""
    if not CDNOW:
        pytest.skip(f"the CDNOW sample is not here: {HOW}")
    with zipfile.ZipFile(Path(CDNOW)) as wheel:
        text = wheel.read("lifetimes/datasets/CDNOW_sample.txt").decode().replace("\r", "")
    lines = [line.split()[1:3] for line in text.splitlines() if line.strip()]
    rows = pl.DataFrame(lines, orient="row", schema=["customer", "day"])
    days = rows.with_columns(pl.col("day").str.to_date("%Y%m%d")).unique()
    seen = pl.col("day").filter(pl.col("day") <= CALIBRATION_ENDS)
    return days.group_by("customer").agg(
        x=(seen.len() - 1).cast(pl.Float64),
        recency=(seen.max() - pl.col("day").min()).dt.total_days() / 7,
        observed=(CALIBRATION_ENDS - pl.col("day").min()).dt.total_days() / 7,
        later=(pl.col("day") > CALIBRATION_ENDS).sum().cast(pl.Float64),
    )


def arrays(frame: pl.DataFrame) -> tuple[Array, Array, Array]:
    return frame["x"].to_numpy(), frame["recency"].to_numpy(), frame["observed"].to_numpy()


def test_the_cdnow_sample_has_the_published_parameters(cdnow: pl.DataFrame) -> None:
    # Fader, Hardie and Lee (2005), table 2: 0.243, 4.414, 0.793, 2.426, and the log-likelihood -9582.4.
    fit = fit_bg_nbd(*arrays(cdnow))
    assert cdnow.height == 2357
    assert [round(each, 3) for each in (fit.r, fit.alpha, fit.a, fit.b)] == [0.243, 4.414, 0.793, 2.426]
    assert round(fit.mean_log_likelihood * cdnow.height, 1) == -9582.4


def test_purchases_of_the_cdnow_holdout_are_expected_better_than_by_the_historic_average(cdnow: pl.DataFrame) -> None:
    x, recency, observed = arrays(cdnow)
    later = cdnow["later"].to_numpy()
    expected = fit_bg_nbd(x, recency, observed).expected_purchases(x, recency, observed, HOLDOUT_WEEKS)
    average = x / observed * HOLDOUT_WEEKS
    assert later.sum() == 1882
    assert abs(expected.sum() / later.sum() - 1) < 0.13
    assert abs(average.sum() / later.sum() - 1) > 0.5
    assert np.abs(expected - later).mean() < 0.8 * np.abs(average - later).mean()


def test_known_parameters_are_found_again() -> None:
    known = (0.6, 6.0, 0.9, 2.5)
    drawn = draw_purchases(known, 20_000, weeks=78, ahead=39, seed=5)
    fit = fit_bg_nbd(drawn.x, drawn.recency, drawn.observed)
    assert (fit.r, fit.alpha, fit.a, fit.b) == pytest.approx(known, rel=0.12)


def test_expected_purchases_and_survival_are_those_of_drawn_customers() -> None:
    drawn = draw_purchases((0.6, 6.0, 0.9, 2.5), 40_000, weeks=78, ahead=39, seed=6)
    true = BgNbd(0.6, 6.0, 0.9, 2.5, 0.0)
    expected = true.expected_purchases(drawn.x, drawn.recency, drawn.observed, 39)
    assert expected.sum() == pytest.approx(drawn.later.sum(), rel=0.03)
    for repeats in (0, 1, 3):
        these = drawn.x == repeats
        assert expected[these].mean() == pytest.approx(drawn.later[these].mean(), rel=0.1)


def test_the_gradient_is_the_slope_of_the_likelihood() -> None:
    drawn = draw_purchases((0.5, 4.0, 0.8, 2.0), 300, weeks=52, ahead=0, seed=7)
    at = np.array([0.4, 5.0, 0.7, 1.8])
    _, gradient = log_likelihood(at, drawn.x, drawn.recency, drawn.observed)
    for place in range(4):
        step = np.zeros(4)
        step[place] = 1e-6 * at[place]
        above = log_likelihood(at + step, drawn.x, drawn.recency, drawn.observed)[0]
        below = log_likelihood(at - step, drawn.x, drawn.recency, drawn.observed)[0]
        assert gradient[place] == pytest.approx((above - below) / (2 * step[place]), rel=1e-4)


def test_the_unit_of_time_changes_nothing() -> None:
    drawn = draw_purchases((0.5, 4.0, 0.8, 2.0), 3_000, weeks=52, ahead=0, seed=8)
    weeks = fit_bg_nbd(drawn.x, drawn.recency, drawn.observed)
    days = fit_bg_nbd(drawn.x, drawn.recency * 7, drawn.observed * 7)
    assert days.alpha == pytest.approx(weeks.alpha * 7, rel=1e-3)
    one, seven = np.array([2.0]), np.array([30.0])
    of_weeks = weeks.expected_purchases(one, one, seven, 10)
    assert days.expected_purchases(one, one * 7, seven * 7, 70) == pytest.approx(of_weeks, rel=1e-3)


def test_a_customer_without_a_repeat_purchase_still_buys_for_certain() -> None:
    fit = BgNbd(0.243, 4.414, 0.793, 2.426, 0.0)
    assert fit.alive(np.array([0.0]), np.array([0.0]), np.array([38.9])) == 1.0


def test_the_example_of_the_paper_is_expected_as_published() -> None:
    # Section "Empirical analysis" of the technical note: x = 2, t = 30.43, T = 38.86 expects 1.226 within 39 weeks.
    fit = BgNbd(0.243, 4.414, 0.793, 2.426, 0.0)
    found = fit.expected_purchases(np.array([2.0]), np.array([30.43]), np.array([38.86]), 39.0)
    assert found == pytest.approx([1.226], abs=5e-4)


@pytest.mark.parametrize("a", [0.999, 1.0, 1.001])
def test_the_expectation_is_smooth_where_its_formula_divides_by_zero(a: float) -> None:
    one = np.array([2.0])
    near = BgNbd(0.5, 4.0, 1.1, 2.0, 0.0).expected_purchases(one, one * 5, one * 10, 20)
    assert BgNbd(0.5, 4.0, a, 2.0, 0.0).expected_purchases(one, one * 5, one * 10, 20) == pytest.approx(near, rel=0.1)


def test_very_frequent_customers_have_finite_expectations() -> None:
    fit = BgNbd(0.243, 4.414, 0.793, 2.426, 0.0)
    x, observed = np.array([5.0, 500.0, 5000.0]), np.full(3, 520.0)
    for recency in (observed, observed / 2):
        assert np.all(np.isfinite(fit.expected_purchases(x, recency, observed, 52)))
        assert np.all((fit.alive(x, recency, observed) >= 0) & (fit.alive(x, recency, observed) <= 1))


@pytest.mark.parametrize(
    ("x", "recency", "observed", "sentence"),
    [
        ([], [], [], "Fewer than two customers"),
        ([3.0], [5.0], [9.0], "Fewer than two customers"),
        ([0.0, 0.0], [0.0, 0.0], [0.0, 0.0], "for the first time today"),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [5.0, 9.0, 2.0], "No customer has bought twice"),
        ([4.0, 4.0, 4.0], [8.0, 8.0, 8.0], [8.0, 8.0, 8.0], "has no maximum"),
    ],
)
def test_what_cannot_be_fitted_ends_in_a_sentence(
    x: list[float], recency: list[float], observed: list[float], sentence: str
) -> None:
    with pytest.raises(NotFitted, match=sentence):
        fit_bg_nbd(np.array(x), np.array(recency), np.array(observed))
