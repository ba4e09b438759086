"""Tests of the record of schedules and sensors: their state, last tick and next tick."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickStatus
from orderhouse.settings import Settings
from orderhouse.storage.schedule_record import load_schedules, record_schedules
from orderhouse_dagster.automation import SENSOR_SECONDS, alerts_sensor, hourly_schedule, sources_sensor
from orderhouse_dagster.event_log import quick_event_log
from orderhouse_dagster.instance import open_instance
from orderhouse_dagster.schedule_states import states

NOW = datetime(2026, 3, 10, 12, 20, 30, tzinfo=UTC)


class Kept:
    """Instance that keeps the states and last ticks of some schedules and sensors."""

    def __init__(self, *kept: tuple[InstigatorType, str, bool, Any]) -> None:
        self.kept = kept

    def all_instigator_state(self) -> list[Any]:
        """Return the states."""
        return [
            SimpleNamespace(
                instigator_type=kind,
                instigator_name=name,
                is_running=is_on,
                instigator_origin_id=name,
                selector_id=name,
            )
            for kind, name, is_on, _ in self.kept
        ]

    def get_ticks(self, origin_id: str, selector_id: str, limit: int) -> list[Any]:
        """Return the last tick of one of them."""
        return [tick for _, name, _, tick in self.kept if name == origin_id and tick]


def ticked(seconds: int, status: TickStatus, why: str | None = None, error: str | None = None) -> Any:
    at = (NOW - timedelta(seconds=seconds)).timestamp()
    failed = SimpleNamespace(message=error) if error else None
    return SimpleNamespace(timestamp=at, status=status, skip_reason=why, error=failed)


def test_each_has_its_state_with_the_last_and_the_next_tick(settings: Settings) -> None:
    kept: Any = Kept(
        (InstigatorType.SCHEDULE, "hourly", True, ticked(1230, TickStatus.SUCCESS)),
        (InstigatorType.SENSOR, "sources", False, ticked(9, TickStatus.FAILURE, error="disk full")),
        (InstigatorType.SENSOR, "landing", True, ticked(1, TickStatus.SKIPPED)),  # of an earlier release
        (InstigatorType.SENSOR, "alerts", True, ticked(40, TickStatus.SKIPPED, why="0 open")),
    )
    found = states(kept, [hourly_schedule(settings), sources_sensor(settings), alerts_sensor(settings)], NOW)
    assert [(each.name, each.kind, each.is_running, each.rhythm) for each in found] == [
        ("hourly", "schedule", True, "0 * * * *"),
        ("sources", "sensor", False, f"{SENSOR_SECONDS} s"),
        ("alerts", "sensor", True, "60 s"),
    ]
    assert [(each.last_at, each.outcome, each.message, each.next_at) for each in found] == [
        ("2026-03-10T12:00:00+00:00", "success", None, "2026-03-10T13:00:00+00:00"),
        ("2026-03-10T12:20:21+00:00", "failure", "disk full", None),
        ("2026-03-10T12:19:50+00:00", "skipped", "0 open", "2026-03-10T12:20:50+00:00"),
    ]


def test_the_sensor_of_the_alerts_records_all_of_them_before_any_tick(settings: Settings) -> None:
    with quick_event_log(), open_instance(settings) as instance:
        sensor = alerts_sensor(settings, [hourly_schedule(settings), sources_sensor(settings)])
        sensor.evaluate_tick(dg.build_sensor_context(instance))
    found, is_alive = load_schedules(settings)
    assert is_alive and [(each.name, each.is_running, each.last_at) for each in found] == [
        ("hourly", True, None), ("sources", True, None), ("alerts", True, None),
    ]  # fmt: skip
    assert found[0].next_at is not None
    ahead = datetime.fromisoformat(found[0].next_at).timestamp() - time.time()
    assert 0 < ahead <= 3600


def test_old_or_damaged_record_is_not_of_a_daemon_that_runs(settings: Settings) -> None:
    assert load_schedules(settings) == ([], False)
    record_schedules(settings, [], NOW)
    assert load_schedules(settings, NOW + timedelta(minutes=5)) == ([], True)
    assert load_schedules(settings, NOW + timedelta(minutes=6)) == ([], False)
    (settings.runs / "schedules.json").write_text('{"looked_at": 1}')
    assert load_schedules(settings) == ([], False)
