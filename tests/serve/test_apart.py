"""Queries in processes of their own: answers, refusals, roles and limits."""

from __future__ import annotations

import threading
from decimal import Decimal
from pathlib import Path

import pytest
from orderhouse.access.roles import OWNER, Role
from orderhouse.errors import OrderhouseError
from orderhouse.serve import apart
from orderhouse.serve.apart import answer_apart, csv_apart
from orderhouse.settings import Settings

from tests.dashboards.published_home import publish

CLERK = Role(name="clerk", tables=["marts.as_of", "ops.orders"], rows={"channel": ["store"]})


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Publish a small version."""
    home = tmp_path_factory.mktemp("home")
    publish(home, orders=200)
    return Settings(home=home)


def refusal(settings: Settings, query: str, role: Role = OWNER) -> str:
    with pytest.raises(OrderhouseError) as caught:
        answer_apart(settings, query, role=role, version=1, rows=10)
    return caught.value.message


def test_first_rows_are_returned_and_told_from_the_whole(settings: Settings) -> None:
    query = "select i, 1.50::decimal(9, 2) as amount from range(25) t(i) order by i"
    part = answer_apart(settings, query, role=OWNER, version=1, rows=10)
    assert (part.rows["i"].to_list(), part.is_whole) == (list(range(10)), False)
    assert part.rows["amount"][0] == Decimal("1.50")
    whole = answer_apart(settings, query, role=OWNER, version=1, rows=25)
    assert (whole.rows.height, whole.is_whole) == (25, True)


def test_csv_is_the_whole_answer_with_guarded_formulas(settings: Settings) -> None:
    written = csv_apart(settings, "select '=1+1' as t from range(30)", role=OWNER, version=1)
    assert written.splitlines() == [b"t"] + [b"'=1+1"] * 30


def test_role_reads_its_own_rows_and_tables(settings: Settings) -> None:
    found = answer_apart(settings, "select distinct channel from ops.orders", role=CLERK, version=1, rows=10)
    assert found.rows["channel"].to_list() == ["store"]
    assert "does not exist" in refusal(settings, "select * from marts.fct_payment_ledger", CLERK)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("delete from ops.orders", "Only one reading statement is allowed"),
        ("select * from read_text('/etc/hostname')", "read_text is not allowed"),
        ("select nothing_like_it", "nothing_like_it"),
        ("select 1 as a, interval 1 day as b", "cast"),
    ],
)
def test_problem_is_a_sentence(settings: Settings, query: str, sentence: str) -> None:
    told = refusal(settings, query)
    assert sentence in told
    assert "Traceback" not in told


def test_query_that_needs_too_much_memory_ends_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHOUSE_QUERY_MEMORY_LIMIT", "300MB")
    assert "query_memory_limit" in refusal(settings, "select range(400000000)")
    assert answer_apart(settings, "select 1 as a", role=OWNER, version=1, rows=1).rows["a"].to_list() == [1]


def test_queries_beyond_the_places_are_refused_with_a_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "PLACES", threading.BoundedSemaphore(1))
    monkeypatch.setattr(apart, "PATIENCE", 0.01)
    with apart.PLACES:
        assert "other queries are running" in refusal(settings, "select 1")


def test_nothing_of_a_query_is_left_in_the_home(settings: Settings) -> None:
    answer_apart(settings, "select 1", role=OWNER, version=1, rows=1)
    left: list[Path] = list(settings.spill.glob("*")) if settings.spill.exists() else []
    assert left == []
