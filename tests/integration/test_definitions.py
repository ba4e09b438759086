"""Unit tests of the models: state machines and formulas, written by hand from their definitions."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from orderhouse.settings import Settings
from orderhouse.transform import build_variables, load_record
from orderhouse.transform.dbt import invoke

from tests.dashboards.walk.walking import assert_walk_is_clean
from tests.integration.running import PROJECT, run_orderhouse


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a home with every table. Unit tests take the column types of their inputs from it."""
    home = tmp_path_factory.mktemp("definitions")
    run_orderhouse("ingest", "--sources", str(PROJECT / "data" / "sample" / "sources.yaml"), home=home)
    run_orderhouse("build", "--as-of", "data", home=home)
    return home


def test_every_definition_does_what_its_unit_tests_say(home: Path) -> None:
    outcome = invoke(Settings(home=home), ["test", "--select", "test_type:unit"], variables={})
    results = [each for each in outcome.result.results if str(each.node.resource_type) == "unit_test"]
    assert "\n".join(f"{each.node.name}: {each.message}" for each in results if str(each.status) != "pass") == ""
    assert outcome.success, outcome.exception
    assert len(results) >= 73


STEP_BY_STEP = "assert_the_timeline_moves_step_by_step_to_the_statuses_of_the_order"


def failing_rows(settings: Settings, name: str, audited_batch_id: int) -> int:
    """Run one data test as the audit does, and return the number of its failing rows."""
    record = load_record(settings)
    assert record is not None
    variables = {**build_variables(record), "audited_batch_id": audited_batch_id}
    outcome = invoke(settings, ["test", "--select", name], variables=variables)
    (result,) = [each for each in outcome.result.results if each.node.resource_type == "test"]
    return int(result.failures)


def test_a_broken_step_is_found_in_orders_computed_since_the_last_audit_and_in_all_of_them_if_asked(
    home: Path, tmp_path: Path
) -> None:
    settings = Settings(home=shutil.copytree(home, tmp_path / "home"))
    record = load_record(settings)
    assert record is not None
    audited, everything = record.batch_id, -1
    assert failing_rows(settings, STEP_BY_STEP, everything) == 0
    with duckdb.connect(str(settings.warehouse_db)) as warehouse:
        (broken,) = warehouse.execute("select min(order_id) from intermediate.int_order_events").fetchall()[0]
        warehouse.execute(
            "update intermediate.int_order_events set to_status = 'on_hold' where order_id = ? and from_status = 'none'"
            " and axis = 'order_status'",
            [broken],
        )
    assert failing_rows(settings, STEP_BY_STEP, audited) == 0
    assert failing_rows(settings, STEP_BY_STEP, everything) > 0
    with duckdb.connect(str(settings.warehouse_db)) as warehouse:
        warehouse.execute(
            "update intermediate.int_order_events set _batch_id = ? where order_id = ?", [audited + 1, broken]
        )
    assert failing_rows(settings, STEP_BY_STEP, audited) > 0


def test_a_status_that_only_the_order_has_is_found_if_the_order_was_computed_since_the_last_audit(
    home: Path, tmp_path: Path
) -> None:
    settings = Settings(home=shutil.copytree(home, tmp_path / "home"))
    record = load_record(settings)
    assert record is not None
    with duckdb.connect(str(settings.warehouse_db)) as warehouse:
        warehouse.execute(
            "update intermediate.int_order_states set return_status = 'declined', _batch_id = ?"
            " where order_id = (select min(order_id) from intermediate.int_order_states)",
            [record.batch_id + 1],
        )
    assert failing_rows(settings, STEP_BY_STEP, record.batch_id) == 1


def test_no_exception_calls_an_order_cancelled_that_is_not(home: Path) -> None:
    texts = """
        select exceptions.order_id, exceptions.detail, exceptions.what_to_do, orders.order_status
        from marts.fct_exceptions as exceptions
        inner join marts.fct_orders as orders on orders.order_id = exceptions.order_id
        where exceptions.code = 'cancelled_not_refunded'
    """
    with duckdb.connect(str(Settings(home=home).warehouse_db), read_only=True) as warehouse:
        found = warehouse.execute(texts).fetchall()
    assert {status == "cancelled" for *_, status in found} == {True, False}
    for order_id, detail, what_to_do, status in found:
        says_so = "the order is cancelled" in f"{detail} {what_to_do}".lower()
        assert says_so == (status == "cancelled"), (order_id, detail, what_to_do, status)


def test_every_page_of_the_sample_is_right(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in ("audit", "publish"):
        run_orderhouse(step, home=home)
    assert_walk_is_clean(home, monkeypatch)
