"""Tests of the Dagster definitions: names, checks, automation, and an instance that runs one thing at a time."""

from __future__ import annotations

import os
import time
from pathlib import Path

import dagster as dg
import pytest
import yaml
from orderhouse.settings import Settings
from orderhouse_dagster import automation
from orderhouse_dagster.definitions import build_defs
from orderhouse_dagster.instance import open_instance, prepare_instance


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """Return the definitions of the real dbt project."""
    return build_defs(Settings(home=tmp_path_factory.mktemp("home")))


def test_asset_table_and_dbt_source_share_one_name(real: dg.Definitions) -> None:
    keys = {"/".join(key.path) for key in real.resolve_asset_graph().get_all_asset_keys()}
    expected = {
        "raw/orders",
        "staging/stg_orders",
        "marts/fct_orders",
        "ops/orders",
        "quality/audit",
        "published/current",
    }
    assert expected <= keys
    assert all(len(key.split("/")) == 2 for key in keys)


def test_models_are_made_from_what_they_select_from(real: dg.Definitions) -> None:
    graph = real.resolve_asset_graph()
    assert dg.AssetKey(["raw", "orders"]) in graph.get(dg.AssetKey(["staging", "stg_orders"])).parent_keys


def test_job_holds_every_step_but_the_exports(real: dg.Definitions) -> None:
    steps = {node.name for node in real.resolve_job_def("orderhouse").nodes}
    assert steps == {"ingest", "build", "quality__audit", "audit_checks", "published__current"}


def test_other_resources_can_be_given(tmp_path: Path) -> None:
    given = object()
    definitions = build_defs(Settings(home=tmp_path), resource_overrides={"warehouse": given})
    assert definitions.resources is not None and definitions.resources["warehouse"] is given


def test_runs_are_queued_one_at_a_time_and_nothing_is_reported_home(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    configuration = yaml.safe_load((prepare_instance(settings) / "dagster.yaml").read_text())
    assert configuration["telemetry"] == {"enabled": False}
    with open_instance(settings) as instance:
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1


def test_configuration_that_someone_changed_is_left_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    file = prepare_instance(settings) / "dagster.yaml"
    file.write_text("telemetry: {enabled: false}\n")
    prepare_instance(settings)
    assert file.read_text() == "telemetry: {enabled: false}\n"


def sense(settings: Settings, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance, cursor=cursor) as context:
        return automation.landing_sensor(settings)(context)  # type: ignore[return-value]


def test_settled_file_starts_one_run(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.landing.mkdir()
    file = settings.landing / "orders.csv"
    file.write_text("order_id\n1\n")
    os.utime(file, (time.time() - 60,) * 2)
    result = sense(settings)
    assert isinstance(result, dg.SensorResult) and len(result.run_requests or []) == 1
    assert isinstance(sense(settings, result.cursor), dg.SkipReason)


def test_file_that_is_still_arriving_starts_nothing(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.landing.mkdir()
    (settings.landing / "orders.csv").write_text("order_id\n")
    assert isinstance(sense(settings), dg.SkipReason)


def test_empty_landing_starts_nothing(tmp_path: Path) -> None:
    assert isinstance(sense(Settings(home=tmp_path)), dg.SkipReason)
