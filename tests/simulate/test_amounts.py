"""Tests of rounding and of random draws, on which everything else depends."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from orderhouse.simulate.amounts import decimals, divide_half_even, proportion
from orderhouse.simulate.draws import Draws


@given(st.integers(0, 10**12), st.integers(1, 10**6))
def test_division_rounds_half_to_even(numerator: int, denominator: int) -> None:
    expected = (Decimal(numerator) / Decimal(denominator)).quantize(Decimal(1), ROUND_HALF_EVEN)
    assert divide_half_even(np.array([numerator]), denominator)[0] == expected


@given(st.integers(0, 10**9), st.integers(1, 500), st.sampled_from([1, 100]), st.data())
def test_parts_of_an_amount_add_up_to_it(units: int, whole: int, step: int, data: st.DataObject) -> None:
    total = np.array([units * step])
    part = data.draw(st.integers(0, whole))
    first = proportion(total, np.array([part]), np.array([whole]), np.array([step]))
    assert 0 <= first[0] <= total[0]
    assert first[0] % step == 0
    assert proportion(total, np.array([whole]), np.array([whole]), np.array([step]))[0] == total[0]


@given(st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=20))
def test_decimals_are_the_integers(hundredths: list[int]) -> None:
    series = decimals(np.array(hundredths, dtype=np.int64))
    assert series.to_list() == [Decimal(value) / 100 for value in hundredths]


def test_draws_depend_on_seed_purpose_and_key_alone() -> None:
    keys = np.arange(1000, dtype=np.int64)
    shares = Draws(1).share(keys, "a")
    assert np.array_equal(shares[500:], Draws(1).share(keys[500:], "a"))
    assert not np.array_equal(shares, Draws(2).share(keys, "a"))
    assert not np.array_equal(shares, Draws(1).share(keys, "b"))
    assert abs(shares.mean() - 0.5) < 0.05
    assert len(set(Draws(1).bits(keys, "a").tolist())) == 1000


def test_picks_follow_their_odds() -> None:
    picked = Draws(3).pick(np.arange(20_000, dtype=np.int64), "colour", [70, 20, 0, 10])
    counts = np.bincount(picked, minlength=4)
    assert counts[2] == 0
    assert abs(counts[0] / 20_000 - 0.7) < 0.02
