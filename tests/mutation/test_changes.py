"""Tests of the changes: each kind alters a query as its name says, at every place where it can."""

from __future__ import annotations

import pytest
import sqlglot

from tests.mutation.changes import KINDS
from tests.mutation.mutants import Query

QUERIES = {
    "condition": ("select a and b", ["SELECT a OR b"]),
    "comparison": ("select a = 1 from t join u on t.x = u.x", ["SELECT a <> 1 FROM t JOIN u ON t.x = u.x"]),
    "boundary": ("select a < 1, b >= 2", ["SELECT a <= 1, b >= 2", "SELECT a < 1, b > 2"]),
    "join": (
        "select 1 from t left join u on t.x = u.x join v using (x) cross join w",
        [
            "SELECT 1 FROM t JOIN u ON t.x = u.x JOIN v USING (x) CROSS JOIN w",
            "SELECT 1 FROM t LEFT JOIN u ON t.x = u.x LEFT JOIN v USING (x) CROSS JOIN w",
        ],
    ),
    "filter": ("select 1 where a and b", ["SELECT 1 WHERE TRUE AND b", "SELECT 1 WHERE a AND TRUE"]),
    "branch": (
        "select case when a then 1 when b then 2 else 3 end",
        ["SELECT CASE WHEN b THEN 2 ELSE 3 END", "SELECT CASE WHEN a THEN 1 ELSE 3 END"],
    ),
    "sign": ("select a - b", ["SELECT a + b"]),
    "rounding": (
        "select round_even(a, 2), floor(b)",
        ["SELECT ROUND(a, 2), FLOOR(b)", "SELECT ROUND_EVEN(a, 2), CEIL(b)"],
    ),
    "aggregate": (
        "select sum(a), count(distinct b)",
        ["SELECT MAX(a), COUNT(DISTINCT b)", "SELECT SUM(a), COUNT(b)"],
    ),
    "default": ("select coalesce(a, b, 0)", ["SELECT COALESCE(a, b)"]),
    "partition": (
        "select sum(a) over (partition by b, c order by d)",
        ["SELECT SUM(a) OVER (PARTITION BY b ORDER BY d)"],
    ),
    "order": (
        "select row_number() over (order by d, e)",
        ["SELECT ROW_NUMBER() OVER (ORDER BY d DESC, e)"],
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_alters_each_place_of_its_kind_alone(kind: str) -> None:
    query, expected = QUERIES[kind]
    assert [_changed(query, kind, place) for place in range(len(expected))] == expected
    assert len(list(KINDS[kind](sqlglot.parse_one(query, dialect="duckdb")))) == len(expected)


@pytest.mark.parametrize("own", ["WITH own AS (SELECT a = 2 AS a) SELECT * FROM own", "SELECT a = 2 AS a"])
def test_a_query_is_taken_apart_into_the_steps_of_other_models_and_its_own_text(own: str) -> None:
    steps = "WITH __dbt__cte__first AS (SELECT a = 1 AS a), __dbt__cte__second AS (SELECT * FROM __dbt__cte__first)"
    query = Query(f"{steps}, {own.removeprefix('WITH ')}" if own.startswith("WITH") else f"{steps} {own}")
    assert query.texts == {
        "first": "SELECT a = 1 AS a",
        "second": "SELECT * FROM __dbt__cte__first",
        "": own,
    }
    assert query.text("first", "SELECT 3 AS a").replace("SELECT 3 AS a", "SELECT a = 1 AS a") == query.text()
    assert query.text().startswith(steps)
    assert query.text().endswith(own.removeprefix("WITH "))


def _changed(query: str, kind: str, place: int) -> str:
    tree = sqlglot.parse_one(query, dialect="duckdb")
    list(KINDS[kind](tree))[place]()
    return tree.sql(dialect="duckdb")
