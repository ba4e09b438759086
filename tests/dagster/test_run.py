"""Tests of the whole job in this process: the events that Dagster gets, and the result."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from orderhouse.errors import AuditRefused, OrderhouseError
from orderhouse.serve.publishing import current_version, load_refusal
from orderhouse.settings import Settings
from orderhouse_dagster.instance import open_instance
from orderhouse_dagster.resources import Warehouse
from orderhouse_dagster.running import execute

from tests.dagster.conftest import Verdict
from tests.transform.small_project import receive

JANUARY = "2026-01-10T00:00:00Z"


def run(settings: Settings, as_of: str = JANUARY) -> Warehouse:
    warehouse = Warehouse(settings, as_of=as_of, is_held=True)
    execute(warehouse)
    return warehouse


def last_event(settings: Settings, *key: str) -> dg.AssetMaterialization:
    with open_instance(settings) as instance:
        found = instance.get_latest_materialization_event(dg.AssetKey(key))
    assert found is not None and found.asset_materialization is not None
    return found.asset_materialization


def test_run_publishes_and_is_recorded_with_rows_and_seconds(settings: Settings, verdict: Verdict) -> None:
    warehouse = run(settings)
    assert warehouse.published is not None and warehouse.published.number == 1
    metadata = last_event(settings, "marts", "fct_orders").metadata
    assert metadata["dagster/row_count"].value == 2
    assert metadata["seconds"].value >= 0
    with open_instance(settings) as instance:
        assert [(record.job_name, record.status.value) for record in instance.get_runs()] == [("orderhouse", "SUCCESS")]


def test_second_run_with_the_same_clock_computes_and_publishes_nothing(settings: Settings, verdict: Verdict) -> None:
    run(settings)
    warehouse = run(settings)
    assert warehouse.built is not None and not warehouse.built.changed
    assert warehouse.audited is None
    assert warehouse.published is not None and warehouse.published.number == 1
    assert last_event(settings, "marts", "fct_orders").metadata["computed"].value is False


def test_run_with_a_later_clock_reports_tables_in_an_order_that_dagster_takes(
    settings: Settings, verdict: Verdict
) -> None:
    run(settings)
    run(settings, "2026-01-11T00:00:00Z")
    warehouse = run(settings, "2026-01-12T00:00:00Z")
    assert warehouse.published is not None and warehouse.published.number == 3
    assert last_event(settings, "marts", "fct_ages").metadata["computed"].value is True
    assert last_event(settings, "marts", "fct_orders").metadata["computed"].value is False


def test_refused_audit_publishes_nothing_and_names_check_and_rows(settings: Settings, verdict: Verdict) -> None:
    run(settings)
    verdict(False)
    receive(settings, 2, {"C": "2026-01-03 10:00:00"})
    with pytest.raises(AuditRefused, match="every_cent_is_there: 3 rows"):
        run(settings)
    current = current_version(settings)
    assert current is not None and current.number == 1
    assert load_refusal(settings) is not None
    with open_instance(settings) as instance:
        assert instance.get_runs(limit=1)[0].status.value == "FAILURE"


def test_refused_build_is_audited_again_by_the_next_run(settings: Settings, verdict: Verdict) -> None:
    verdict(False)
    with pytest.raises(AuditRefused):
        run(settings)
    verdict(True)
    assert run(settings).published is not None
    assert load_refusal(settings) is None


def test_verdict_is_shown_on_the_table_it_is_about(settings: Settings, project: Path, verdict: Verdict) -> None:
    (project / "models" / "fct_orders.yml").write_text(
        "models: [{name: fct_orders, columns: [{name: order_id, data_tests: [not_null]}]}]"
    )
    verdict(False)
    with pytest.raises(AuditRefused):
        run(settings)
    key = dg.AssetCheckKey(dg.AssetKey(["marts", "fct_orders"]), "audit")
    with open_instance(settings) as instance:
        record = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    assert record.status.value == "FAILED"


def test_failing_model_ends_the_run_with_its_sentence(settings: Settings, project: Path, verdict: Verdict) -> None:
    (project / "models" / "fct_ages.sql").write_text("select no_such_column from {{ ref('fct_orders') }}")
    with pytest.raises(OrderhouseError, match=r"marts.fct_ages: .*no_such_column"):
        run(settings)


def test_step_started_by_dagster_waits_for_the_lock_and_gives_up_in_a_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orderhouse.storage.warehouse import run_lock
    from orderhouse_dagster import resources

    monkeypatch.setattr(resources, "PATIENCE_SECONDS", 0.0)
    with (
        run_lock(settings, "someone else"),
        pytest.raises(dg.Failure, match="someone else"),
        Warehouse(settings).step("build"),
    ):
        pass
