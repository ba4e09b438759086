"""Columns of the small test warehouse. The real models have all of them, so the pages work there too."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.dashboards.published_home import columns_by_table

PROJECT = Path(__file__).parents[2] / "dbt_project"
MODELS = PROJECT / "models"
CONFIGURED = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["models"]["orderhouse"]
# Written by the audit, not by a model.
WRITTEN_ELSEWHERE = {"quality.audit"}


def schema_of(model: Path) -> str:
    """Return the schema that `dbt_project.yml` gives a model: its own, or that of the nearest folder that has one."""
    level, schema = CONFIGURED, ""
    for name in (*model.relative_to(MODELS).parent.parts, model.stem):
        level = level.get(name, {})
        schema = level.get("+schema", schema)
    return schema


def documented(table: str) -> set[str]:
    """Return the columns that a model documents. Every column has to be documented."""
    schema, name = table.split(".")
    found = [path for path in MODELS.rglob(f"{name}.yml") if schema_of(path) == schema]
    assert found, f"no model documents {table}"
    model = yaml.safe_load(found[0].read_text(encoding="utf-8"))["models"][0]
    return {column["name"] for column in model["columns"]}


@pytest.mark.parametrize("table", sorted(set(columns_by_table()) - WRITTEN_ELSEWHERE))
def test_fixture_columns_are_the_models_columns(table: str) -> None:
    assert columns_by_table()[table] - documented(table) == set()


def test_audit_columns_are_those_that_the_audit_writes() -> None:
    from orderhouse.audit.recording import COLUMNS

    assert columns_by_table()["quality.audit"] == set(COLUMNS)
