"""Tests of the whole audit over a small warehouse: it passes what is right and names what is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from orderhouse.audit import AuditCheck, AuditResult, audit, running
from orderhouse.audit.data_tests import DataTest, data_tests
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.build_record import save_record
from orderhouse.transform import build_variables, dbt, load_record

from tests.audit.built_warehouse import BUILD_ID, make_built, make_project, plant


@pytest.fixture(scope="module")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a home that passes the audit. Each test copies it."""
    return make_built(tmp_path_factory.mktemp("built") / "home").home


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the small dbt project."""
    return make_project(tmp_path_factory.mktemp("project") / "dbt_project")


@pytest.fixture
def built(holding: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return a built warehouse for one test, with the small project as its tests."""
    monkeypatch.setattr(dbt, "project_folder", lambda: project)
    shutil.copytree(holding, tmp_path / "home")
    return Settings(home=tmp_path / "home")


def check_named(result: AuditResult, part: str) -> AuditCheck:
    return next(check for check in result.checks if part in check.name)


def test_a_warehouse_that_holds_passes(built: Settings) -> None:
    result = audit(built)
    assert result.passed, result.report()
    assert result.build_id == BUILD_ID
    assert {check.kind for check in result.checks} == {"dbt_test", "expectation", "reconciliation"}
    assert not result.warnings, result.report()


def test_the_audit_is_kept_beside_the_tables_and_under_the_home(built: Settings) -> None:
    result = audit(built)
    with duckdb.connect(str(built.warehouse_db), read_only=True) as warehouse:
        kept = warehouse.execute("select count(*), bool_and(passed), any_value(batch_id) from quality.audit").fetchone()
    assert kept == (len(result.checks), True, 7)
    latest = json.loads((built.home / "audit" / "latest.json").read_text(encoding="utf-8"))
    assert latest["passed"] is True
    assert (built.home / "audit" / "data_docs" / "index.html").exists()
    record = load_record(built)
    assert record is not None and record.has_passed


def test_a_planted_row_is_refused_and_named(built: Settings) -> None:
    plant(built, "update marts.fct_orders set order_id = 'O-17' where order_id = 'O-18'")
    plant(built, "update marts.fct_orders set stage = 'lost in space' where order_id = 'O-99'")
    plant(built, "update marts.fct_orders set net_amount = -20 where order_id = 'O-20'")
    result = audit(built)
    assert not result.passed
    unique = check_named(result, "unique_")
    assert unique.failed_rows == 1
    assert "order_id=O-17" in unique.examples[0]
    stage = check_named(result, "accepted_values_")
    assert "order_id=O-99" in stage.examples[0] and "lost in space" in stage.sentence()
    sentence = check_named(result, "less_than_nothing").sentence()
    assert "marts.fct_orders (1 row)" in sentence
    assert "no order is worth less than nothing" in sentence
    assert "order_id=O-20" in sentence
    assert "assert_no_order_is_worth_less_than_nothing.sql" in sentence
    expected = check_named(result, "every_stage_is_one_of_ours")
    assert "order_id=O-99" in expected.examples[0]
    record = load_record(built)
    assert record is not None and not record.has_passed


def test_a_check_that_passed_says_what_holds_and_one_that_failed_what_is_wrong(built: Settings) -> None:
    names = {
        "unique_": "order_id of marts.fct_orders is different in every row.",
        "not_null_orders_as_built_order_id": "order_id of marts.fct_orders is there in every row.",
        "accepted_values_": "stage of marts.fct_orders holds only values that are in the list.",
        "less_than_nothing": "No order is worth less than nothing.",
        "no_rate_exceeds_all": "No rate exceeds all.",
    }
    held = audit(built)
    assert {name: check_named(held, name).detail for name in names} == names
    assert not [check.detail for check in held.checks if "Look at" in check.detail]
    with duckdb.connect(str(built.warehouse_db), read_only=True) as warehouse:
        told = dict(warehouse.execute("select name, detail from quality.audit").fetchall())
    assert told["no_rate_exceeds_all"] == "No rate exceeds all."
    plant(built, "update marts.fct_orders set order_id = 'O-17' where order_id = 'O-18'")
    plant(built, "update marts.fct_orders set net_amount = -20 where order_id = 'O-20'")
    failed = audit(built)
    assert "must be unique, but some values appear more than once. Look at" in check_named(failed, "unique_").detail
    assert "It must hold that no order is worth less" in check_named(failed, "less_than_nothing").detail


def test_a_warning_is_shown_and_refuses_nothing(built: Settings) -> None:
    plant(built, "update marts.fct_orders set net_amount = null where order_id = 'O-5'")
    plant(built, "update marts.fct_order_lines set net_amount = null where order_id = 'O-5'")
    result = audit(built)
    assert result.passed, result.report()
    assert [check.name for check in result.warnings] == ["not_null_orders_as_built_net_amount"]
    assert "order_id=O-5" in result.warnings[0].examples[0]


def test_a_test_that_cannot_run_refuses(built: Settings) -> None:
    plant(built, "alter table marts.fct_orders rename column stage to phase")
    result = audit(built)
    broken = check_named(result, "accepted_values_")
    assert broken.refuses
    assert "did not run" in broken.detail


def test_an_unfinished_build_is_not_audited(tmp_path: Path) -> None:
    with pytest.raises(OrderhouseError, match="no finished build"):
        audit(Settings(home=tmp_path))


def test_the_tests_cover_what_no_audit_has_covered_and_everything_if_asked(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = load_record(built)
    assert record is not None
    save_record(built, replace(record, audited_batch_id=6))
    seen: list[object] = []

    def data_tests(_: Settings, variables: Mapping[str, object]) -> list[DataTest]:
        seen.append(variables["audited_batch_id"])
        return []

    monkeypatch.setattr(running, "data_tests", data_tests)
    audit(built)
    audit(built, full=True)
    assert seen == [6, -1]


def variables_of(settings: Settings, **more: object) -> dict[str, object]:
    """Return the dbt variables of the build of a home."""
    record = load_record(settings)
    assert record is not None
    return {**build_variables(record), "audited_batch_id": -1, **more}


@pytest.fixture
def own_project(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the small project, in its place."""
    own = shutil.copytree(project, tmp_path / "project")
    monkeypatch.setattr(dbt, "project_folder", lambda: own)
    return own


def test_tests_are_compiled_once_and_read_the_values_of_each_build(
    built: Settings, own_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "select '{{ var('batch_id') }} {{ var('audited_batch_id') }} {{ var('as_of') }}' as read"
    (own_project / "tests" / "assert_values.sql").write_text(query)

    def read(**values: object) -> str:
        (found,) = [test.sql for test in data_tests(built, variables_of(built, **values)) if "assert_v" in test.name]
        return found

    noon, later = "2026-04-01 12:00:00.000000", "2026-04-02 12:00:00.000000"
    assert read(batch_id=7, audited_batch_id=6, as_of=noon) == f"select '7 6 {noon}' as read"
    with monkeypatch.context() as patch:
        patch.setattr(dbt, "invoke", None)
        assert read(batch_id=9, audited_batch_id=8, as_of=later) == f"select '9 8 {later}' as read"
    assert read(batch_id=9, as_of=later) == f"select '9 -1 {later}' as read"
    assert read(batch_id=9, as_of="data") == "select '9 -1 data' as read"
    (own_project / "tests" / "assert_values.sql").write_text(f"{query}, 1 as changed")
    assert read(batch_id=9, as_of=later) == f"select '9 -1 {later}' as read, 1 as changed"


def test_a_test_that_does_more_than_select_the_wrong_rows_is_refused(built: Settings, own_project: Path) -> None:
    tolerant = "{{ config(error_if='> 10') }} select 1 as wrong"
    (own_project / "tests" / "assert_ten_may_be_wrong.sql").write_text(tolerant)
    with pytest.raises(OrderhouseError, match="assert_ten_may_be_wrong in tests/.* sets error_if"):
        audit(built)
