"""Row keys: every published table is declared, with columns that it has."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from orderhouse.access.row_keys import RowKeys, row_keys

# Tables that the build and the audit write beside the models.
WRITTEN_BESIDE = {"marts.as_of", "quality.audit"}
MODELS = Path(__file__).parents[2] / "dbt_project" / "models"


def _columns_of_models() -> dict[str, set[str]]:
    """Return the described columns of the published models, by `schema.table`."""
    found: dict[str, set[str]] = {}
    for path in sorted(MODELS.rglob("*.yml")):
        folder = path.relative_to(MODELS).parts[0]
        schema = {"marts": "marts", "kpis": "marts", "ops": "ops", "quality": "quality"}.get(folder)
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            is_stored = model.get("config", {}).get("materialized") != "ephemeral"
            if schema and is_stored and not model["name"].startswith("int_"):
                found[f"{schema}.{model['name']}"] = {column["name"] for column in model.get("columns", [])}
    return found


def _named_columns(keys: RowKeys, table: str) -> set[tuple[str, str]]:
    named = {(table, column) for column in keys.columns.values()}
    for way in keys.through.values():
        named |= {(way.table, way.key), (way.table, way.column), (table, way.key)}
    for column, leader in keys.follows.items():
        named |= {(table, column), (leader, column)}
    if keys.joined:
        named |= {(table, column) for column in (keys.joined.key, *keys.joined.columns)} | set(keys.joined.by.items())
    if keys.kpis:
        named |= {(table, "dimension"), (table, "dimension_value")}
    return named


def test_every_published_table_declares_its_row_keys() -> None:
    assert set(row_keys()) == set(_columns_of_models()) | WRITTEN_BESIDE


def test_row_keys_name_columns_that_the_tables_have() -> None:
    columns = _columns_of_models()
    named = {pair for table, keys in row_keys().items() for pair in _named_columns(keys, table)}
    assert {f"{table}.{column}" for table, column in named if column not in columns[table]} == set()


@pytest.mark.parametrize("declared", [{}, {"kpis": True, "shared": "x"}, {"columns": {"channel": "c"}, "refused": "x"}])
def test_declaration_that_says_nothing_or_two_things_is_refused(declared: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a table has columns"):
        RowKeys.model_validate(declared)
