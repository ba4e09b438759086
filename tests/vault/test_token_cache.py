"""Tests of the token cache: it returns the stored token or nothing, whatever was looked up before."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from orderhouse.vault import token_cache
from orderhouse.vault.token_cache import TokenCache


def told(values: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"value": values, "token": [f"token of {value}" for value in values]})


@given(st.lists(st.lists(st.text(max_size=3), unique=True), max_size=6), st.lists(st.text(max_size=3) | st.none()))
def test_a_value_has_its_own_token_or_none_even_if_many_share_a_slot(
    blocks: list[list[str]], asked: list[str | None]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_cache, "SLOTS", 4)
        at_hand = TokenCache()
        for block in blocks:
            at_hand.remember(told(block))
        found = at_hand.look_up(pl.Series("email", asked, dtype=pl.String))
    known = {value for block in blocks for value in block}
    assert found.name == "email"
    for value, token in zip(asked, found, strict=True):
        assert token is None or (value in known and token == f"token of {value}")


def test_values_told_last_are_at_hand() -> None:
    at_hand = TokenCache()
    at_hand.remember(told(["a", "b"]))
    at_hand.remember(told(["c"]))
    assert at_hand.look_up(pl.Series(["c", "a", None, "d"])).to_list() == ["token of c", "token of a", None, None]


def test_more_than_fit_are_forgotten_and_not_mixed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_cache, "MOST_VALUES", 3)
    at_hand = TokenCache()
    at_hand.remember(told(["a", "b", "c"]))
    at_hand.remember(told(["d"]))
    assert at_hand.look_up(pl.Series(["a", "b", "c", "d"])).to_list() == [None, None, None, "token of d"]
