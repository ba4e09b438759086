"""Context of sqlfluff's jinja templater in place of dbt, so that models are linted without a database.

Macros of the project itself are loaded from `macros/`; only what dbt and the adapter bring along stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from jinja2 import pass_context
from jinja2.runtime import Context

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project.yml"
VARIABLES: dict[str, Any] = yaml.safe_load(PROJECT.read_text(encoding="utf-8"))["vars"]


class Adapter:
    """Finds the DuckDB variant of a dispatched macro, else the default."""

    @pass_context
    def dispatch(self, context: Context, name: str, package: str | None = None) -> Callable[..., Any]:
        """The macro that dbt would choose."""
        return context.get(f"duckdb__{name}") or context.get(f"default__{name}") or (lambda *args, **kwargs: name)

    def get_columns_in_relation(self, relation: object) -> list[SimpleNamespace]:
        """No relation is there to be asked."""
        return [SimpleNamespace(name="order_id", dtype="VARCHAR")]


def named(sql_type: str) -> Callable[[], str]:
    """A type macro of dbt."""
    return lambda: sql_type


adapter = Adapter()
dbt = SimpleNamespace(
    type_string=named("varchar"),
    type_int=named("integer"),
    type_bigint=named("bigint"),
    type_boolean=named("boolean"),
    type_float=named("double"),
    type_timestamp=named("timestamp"),
    type_numeric=named("decimal(28, 6)"),
)
target = SimpleNamespace(database="warehouse", schema="main", type="duckdb", name="embedded")
model = SimpleNamespace(name="model", config=SimpleNamespace(materialized="table"))
execute = False
exceptions = SimpleNamespace(raise_compiler_error=lambda message: message)


def run_query(query: str) -> SimpleNamespace:
    """No query is run."""
    return SimpleNamespace(columns=[SimpleNamespace(values=lambda: [0])], rows=[])


def var(name: str, default: Any = None) -> Any:
    """The project's own default."""
    return VARIABLES.get(name, default)


def feed_versions(*_: object, **__: object) -> str:
    """The CTE that staging models select from; its macro, like those beside it, asks the database for columns."""
    return "versions as (select * from feed)"


def our_word(column: str, words_alias: str, default: str = "null") -> str:
    """An enumerated column in our words."""
    return f"coalesce({words_alias}.meaning, {default})"


def our_label(column: str, words_alias: str) -> str:
    """A label in the words of its source's table, else as written."""
    return f"coalesce({words_alias}.meaning, {column})"


def word_of(words_alias: str, feed: str, column: str, rows_alias: str = "versions") -> str:
    """Join condition that finds a row's word."""
    return f"{words_alias}.word = {rows_alias}.{column} and {words_alias}.feed = '{feed}'"


def same_key(left: str, right: str, key: list[str]) -> str:
    """Join condition on key columns that may be null."""
    return " and ".join(f"{left}.{column} is not distinct from {right}.{column}" for column in key)


def risk_levels() -> list[tuple[str, list[str]]]:
    """Two levels of comparable promises; the macro returns a list, which only dbt can."""
    return [("all", []), ("stage", ["is_shipped"])]


def risk_keys(level_keys: list[str]) -> list[str]:
    """Columns by which a level counts promises."""
    return ["age_days", *level_keys]


def risk_ages() -> list[int]:
    """Ages at which promises are compared."""
    return [0, 1]


def risk_backtest_ages() -> list[int]:
    """Ages at which predictions are tested."""
    return [0, 3]


def risk_days_left() -> list[int]:
    """Days left at which bands begin."""
    return [0, 2]
