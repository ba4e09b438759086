"""Tests of the Dagster definitions: names, checks, automation, and an instance that runs one thing at a time."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.nux import get_has_seen_nux
from orderhouse.settings import Settings
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
    assert steps == {
        "ingest", "build", "predictions__latest", "quality__audit", "audit_checks", "published__current",
        "operations__rules", "messages__outbox",
    }  # fmt: skip


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


@pytest.mark.parametrize("has_configuration", [False, True])
def test_first_visit_shows_no_newsletter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_configuration: bool
) -> None:
    settings = Settings(home=tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    if has_configuration:  # of an earlier release
        settings.dagster_home.mkdir()
        (settings.dagster_home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    assert not get_has_seen_nux()
    prepare_instance(settings)
    assert get_has_seen_nux()
