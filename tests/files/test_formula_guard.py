"""Tests of the guard of CSV text: spreadsheets run nothing, and the text comes back as it was."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from orderhouse.files.formula_guard import FORMULA, guarded
from orderhouse.files.guarded_tables import guarded_columns, unguarded_columns

FORMULAS = [
    "=2+3", "+1", "-1", "@sum(a1)", "\t=1", "\rx", "\ny", " =1", "\u200b=cmd", "\ufeff=cmd", "\u00a0+1",
    "＝1", "＋1", "－1", "＠a", "\u200b＝1", "﹦1", "\u2212 1", "\x00=1", "\u202e=1", "'=1", "'", "''plain",
]  # fmt: skip
PLAIN = ["", "plain", "5", "a=b", "é", "\u200bplain", " plain", '"=1"']


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_begins_like_a_formula_or_a_guard_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_is_left_alone(text: str) -> None:
    assert guarded(text) == text


def test_python_polars_and_duckdb_guard_the_same_texts() -> None:
    texts = [*FORMULAS, *PLAIN]
    by_polars = guarded_columns(pl.DataFrame({"a": texts}))["a"].to_list()
    with duckdb.connect() as connection:
        query = "select case when regexp_matches(a, ?) then chr(39) || a else a end from (select unnest(?) as a)"
        by_duckdb = [text for (text,) in connection.execute(query, [FORMULA, texts]).fetchall()]
    assert by_polars == by_duckdb == [guarded(text) for text in texts]


@given(st.lists(st.text() | st.sampled_from(FORMULAS) | st.none(), min_size=1))
def test_guarded_text_comes_back_as_it_was(texts: list[str | None]) -> None:
    table = pl.DataFrame({"a": texts, "n": list(range(len(texts)))}, schema={"a": pl.String, "n": pl.Int64})
    assert unguarded_columns(guarded_columns(table)).equals(table)
