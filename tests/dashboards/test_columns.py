"""The small warehouse of these tests has no column that the real models lack, so a page that works here works there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.dashboards.published_home import columns_by_table

MODELS = Path(__file__).parents[2] / "dbt_project" / "models"
# Written by the audit, not by a model.
WRITTEN_ELSEWHERE = {"quality.audit"}


def documented(table: str) -> set[str]:
    """The columns that a model documents; every column has to be documented."""
    schema, name = table.split(".")
    # `ops` and `marts` both have models whose names differ by schema only in their folder.
    found = [path for path in MODELS.rglob(f"{name}.yml") if path.is_relative_to(MODELS / schema)]
    assert found, f"no model documents {table}"
    model = yaml.safe_load(found[0].read_text(encoding="utf-8"))["models"][0]
    return {column["name"] for column in model["columns"]}


@pytest.mark.parametrize("table", sorted(set(columns_by_table()) - WRITTEN_ELSEWHERE))
def test_fixture_columns_are_the_models_columns(table: str) -> None:
    assert columns_by_table()[table] - documented(table) == set()


def test_audit_columns_are_those_that_the_audit_writes() -> None:
    from orderhouse.audit.recording import COLUMNS

    assert columns_by_table()["quality.audit"] == set(COLUMNS)
