"""Tests of the ways in which models are stored."""

from __future__ import annotations

import duckdb
import pytest
from orderhouse.settings import Settings
from orderhouse.transform import BuildFailed, build

from tests.transform.small_project import receive

TABLES = "select table_name from duckdb_tables() where schema_name <> 'meta'"
JANUARY = "2026-01-10T00:00:00Z"


def tables_of(settings: Settings) -> list[str]:
    """Return the names of all tables and views of both databases, but for the stamps of builds."""
    found: list[str] = []
    for path in (settings.warehouse_db, settings.work_db):
        with duckdb.connect(str(path), read_only=True) as connection:
            found += [name for (name,) in connection.execute(TABLES).fetchall()]
            views = "select view_name from duckdb_views() where not internal"
            found += [name for (name,) in connection.execute(views).fetchall()]
    return sorted(found)


def test_builds_leave_no_table_besides_those_of_the_models(settings: Settings) -> None:
    build(settings, as_of=JANUARY)
    first = tables_of(settings)
    receive(settings, 2, {"C": "2026-01-03 10:00:00"})
    build(settings, as_of=JANUARY)
    assert tables_of(settings) == first == ["as_of", "fct_ages", "fct_orders", "kept_orders", "orders"]


def test_a_touched_key_replaces_its_row(settings: Settings) -> None:
    build(settings, as_of=JANUARY)
    receive(settings, 2, {"A": "2026-01-05 10:00:00"})
    build(settings, as_of=JANUARY)
    with duckdb.connect(str(settings.work_db), read_only=True) as work:
        rows = work.execute("select order_id, placed_at::varchar from staging.kept_orders order by 1").fetchall()
    assert rows == [("A", "2026-01-05 10:00:00"), ("B", "2026-01-02 10:00:00")]


@pytest.mark.parametrize("change", ["add column stray integer", "rename column placed_at to placed"])
def test_a_stored_table_with_other_columns_fails_the_build(settings: Settings, change: str) -> None:
    build(settings, as_of=JANUARY)
    with duckdb.connect(str(settings.work_db)) as work:
        work.execute(f"alter table staging.kept_orders {change}")
    receive(settings, 2, {"C": "2026-01-03 10:00:00"})
    with pytest.raises(BuildFailed, match="kept_orders.* are not those of its model"):
        build(settings, as_of=JANUARY)
