"""Tests of schedule and sensor with a real instance: what starts a run, which clock it has, and that one run waits."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from orderhouse.ingest import watching
from orderhouse.monitoring.conditions import find_conditions
from orderhouse.operations.store import open_store
from orderhouse.serve.publishing import current_version
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record
from orderhouse_dagster.automation import hourly_schedule, messages_sensor, sources_sensor
from orderhouse_dagster.definitions import build_defs
from orderhouse_dagster.event_log import quick_event_log
from orderhouse_dagster.instance import open_instance
from orderhouse_dagster.resources import Warehouse
from orderhouse_dagster.running import execute

from tests.dagster.conftest import Verdict
from tests.messages.making import new, put
from tests.messages.sinks import HttpSink

SOURCES = "sources:\n  shop:\n    format: canonical\n    feed: orders\n    path: in/*.csv\n"


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Open the instance of the home as its code server does."""
    with quick_event_log(), open_instance(settings) as found:
        yield found


@pytest.fixture
def place(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Declare a source; return its folder, which is outside the home."""
    monkeypatch.setattr(watching, "QUIET_SECONDS", 0.0)
    assert settings.sources is not None
    settings.sources.write_text(SOURCES)
    folder = settings.sources.parent / "in"
    folder.mkdir()
    return folder


def drop(folder: Path, name: str) -> None:
    """Put a file there that was written a minute ago."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("order_id\n1\n")
    os.utime(path, (time.time() - 60,) * 2)


def tick(instance: dg.DagsterInstance, settings: Settings, cursor: str | None = None) -> dg.SensorExecutionData:
    """Evaluate the sensor once, as the daemon does."""
    context = dg.build_sensor_context(instance, cursor=cursor, definitions=build_defs(settings))
    return sources_sensor(settings).evaluate_tick(context)


def queue_run(instance: dg.DagsterInstance, settings: Settings) -> dg.DagsterRun:
    """Put a run of the job into the queue that has not begun."""
    job = build_defs(settings).resolve_job_def("orderhouse")
    run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.NOT_STARTED)
    assert run.job_name == "orderhouse"
    return run


def test_file_where_sources_yaml_says_starts_one_run(
    instance: dg.DagsterInstance, settings: Settings, place: Path
) -> None:
    before = tick(instance, settings)
    assert not before.run_requests
    drop(place, "orders.csv")
    found = tick(instance, settings, before.cursor)
    assert len(found.run_requests or []) == 1
    assert not tick(instance, settings, found.cursor).run_requests


def test_file_in_the_landing_folder_that_no_source_names_starts_nothing(
    instance: dg.DagsterInstance, settings: Settings, place: Path
) -> None:
    drop(settings.landing, "stray.csv")
    assert not tick(instance, settings).run_requests


def test_action_of_an_operator_starts_a_run(instance: dg.DagsterInstance, settings: Settings, place: Path) -> None:
    drop(settings.actions, "hold.ndjson")
    assert len(tick(instance, settings).run_requests or []) == 1


def test_home_without_sources_file_is_explained(instance: dg.DagsterInstance, settings: Settings) -> None:
    assert "sources.yaml" in str(tick(instance, settings).skip_message)


def test_place_that_cannot_be_read_raises_an_alert_until_it_can(
    instance: dg.DagsterInstance, settings: Settings, place: Path
) -> None:
    assert settings.sources is not None
    settings.sources.write_text(SOURCES + "  away:\n    format: canonical\n    path: s3://shop*/*.csv\n")
    drop(place, "orders.csv")
    assert len(tick(instance, settings).run_requests or []) == 1
    (alert,) = [found for found in find_conditions(settings) if found.kind == "source_unreachable"]
    assert alert.severity == "high" and "Source away" in alert.message and "name a bucket" in alert.message
    settings.sources.write_text(SOURCES)
    tick(instance, settings)
    assert [found for found in find_conditions(settings) if found.kind == "source_unreachable"] == []


def test_one_run_waits_and_no_second_one_is_added(
    instance: dg.DagsterInstance, settings: Settings, place: Path
) -> None:
    waiting = queue_run(instance, settings)
    drop(place, "orders.csv")
    found = tick(instance, settings)
    assert not found.run_requests and "waiting already and will read them" in str(found.skip_message)
    assert "waiting already" in str(hourly_tick(instance, settings).skip_message)
    instance.delete_run(waiting.run_id)
    assert not tick(instance, settings, found.cursor).run_requests
    assert len(hourly_tick(instance, settings).run_requests or []) == 1


def test_run_that_has_begun_does_not_keep_the_next_one_from_waiting(
    instance: dg.DagsterInstance, settings: Settings, place: Path
) -> None:
    running = queue_run(instance, settings)
    event = dg.DagsterEvent(event_type_value="PIPELINE_START", job_name="orderhouse")
    instance.run_storage.handle_run_event(running.run_id, event)
    drop(place, "orders.csv")
    assert len(tick(instance, settings).run_requests or []) == 1


def hourly_tick(instance: dg.DagsterInstance, settings: Settings) -> dg.ScheduleExecutionData:
    """Evaluate the schedule once, as the daemon does."""
    return hourly_schedule(settings).evaluate_tick(dg.build_schedule_context(instance))


def run_request(instance: dg.DagsterInstance, settings: Settings, request: dg.RunRequest) -> dg.DagsterRun:
    """Do what the run of a request does: the job with the resource of the code location."""
    job = build_defs(settings).resolve_job_def("orderhouse")
    result = job.execute_in_process(
        run_config=request.run_config or job.run_config, tags=request.tags, instance=instance
    )
    assert result.success
    return result.dagster_run


@pytest.mark.parametrize("policy", ["data", "now"])
def test_scheduled_run_keeps_the_clock_of_the_first_run(settings: Settings, verdict: Verdict, policy: str) -> None:
    execute(Warehouse(settings, as_of=policy, is_held=True))
    before = current_version(settings)
    with quick_event_log(), open_instance(settings) as instance:
        (request,) = hourly_tick(instance, settings).run_requests or []
        run = run_request(instance, settings, request)
    assert run.tags["orderhouse/clock"] == policy
    after, record = current_version(settings), load_record(settings)
    assert before is not None and after is not None and record is not None
    assert record.as_of_mode == policy
    assert (after.as_of == before.as_of) is (policy == "data")
    assert (after.number == before.number) is (policy == "data")


def test_launched_run_may_change_the_clock_and_says_so(settings: Settings, verdict: Verdict) -> None:
    execute(Warehouse(settings, as_of="data", is_held=True))
    changed = Warehouse(settings, as_of="now", is_held=True)
    execute(changed)
    assert changed.clock is not None and "was `data` and is now `now`" in str(changed.clock.note)


def test_messages_are_delivered_while_nothing_runs(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)

    def looked() -> str:
        with dg.DagsterInstance.ephemeral() as instance:
            found = messages_sensor(settings).evaluate_tick(dg.build_sensor_context(instance))
        assert found.run_requests == []
        return str(found.skip_message)

    assert looked() == "0 sent, 0 to be tried again."
    with HttpSink() as sink:
        (tmp_path / "messages.yaml").write_text(f"channels:\n  hook: {{type: webhook, url: '{sink.address}'}}\n")
        put(open_store(settings), new(1))
        assert looked() == "1 sent, 0 to be tried again."
        assert sink.ids() == [new(1).message_id]
    (tmp_path / "messages.yaml").write_text("channels: none\n")
    assert "messages.yaml:1: channels: " in looked()
