"""Sensor and job of the schedules: a run is started when something is due, and a broken file is an alert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from orderhouse.monitoring.conditions import find_conditions
from orderhouse.operations.store import open_store
from orderhouse.schedules.running import run_due
from orderhouse.schedules.states import last_runs
from orderhouse.settings import Settings
from orderhouse_dagster.definitions import build_defs
from orderhouse_dagster.resources import Warehouse
from orderhouse_dagster.schedules import schedules_run, schedules_sensor

from tests.dashboards.published_home import publish

EVERY_MINUTE = (
    "schedules:\n  often: {role: operator, cron: '* * * * *', worklist: all, recipients: [ann@example.com]}\n"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings of a home whose schedule is due."""
    publish(tmp_path)
    (tmp_path / "schedules.yaml").write_text(EVERY_MINUTE, encoding="utf-8")
    found = Settings(home=tmp_path)
    run_due(found, now=datetime.now(UTC) - timedelta(hours=1))
    return found


def looked(settings: Settings, instance: dg.DagsterInstance) -> tuple[int, str]:
    """Evaluate the sensor once, and return the number of runs that it asks for, with its sentence."""
    context = dg.build_sensor_context(instance, definitions=build_defs(settings))
    found = schedules_sensor(settings).evaluate_tick(context)
    return len(found.run_requests), found.skip_message or ""


def test_the_sensor_starts_a_run_for_what_is_due(settings: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert looked(settings, instance) == (1, "")
        resources = {"warehouse": dg.ResourceDefinition.hardcoded_resource(Warehouse(settings))}
        assert dg.materialize([schedules_run], instance=instance, resources=resources).success
        assert last_runs(open_store(settings))["often"].state == "done"


def test_no_second_run_is_added_while_one_waits(settings: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_defs(settings).resolve_job_def("schedules")
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.NOT_STARTED)
        assert looked(settings, instance) == (0, "Something is due. A run is waiting already and will make it.")


def test_a_broken_file_is_an_alert_until_it_is_mended(settings: Settings) -> None:
    def told() -> list[str]:
        return [each.message for each in find_conditions(settings) if each.kind == "schedules_stopped"]

    path = settings.home / "schedules.yaml"
    path.write_text(EVERY_MINUTE.replace("role", "rule"), encoding="utf-8")
    with dg.DagsterInstance.ephemeral() as instance:
        assert "did you mean 'role'?" in looked(settings, instance)[1]
        assert told() == [
            f"No schedule runs. {path}:2: often.rule: there is no key 'rule'; did you mean 'role'?"
        ]  # fmt: skip
        path.write_text(EVERY_MINUTE, encoding="utf-8")
        looked(settings, instance)
        assert told() == []
