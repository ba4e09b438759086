"""States of Dagster's schedules and sensors, for the record that the pages show."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorState, InstigatorTick
from dagster._utils.schedules import schedule_execution_time_iterator
from orderhouse.storage.schedule_record import Instigator

__all__ = ["states"]

Definition = dg.ScheduleDefinition | dg.SensorDefinition


def states(instance: dg.DagsterInstance, definitions: Iterable[Definition], now: datetime) -> list[Instigator]:
    """Return the state of each schedule and sensor, with its last and next tick.

    Args:
        instance: The instance, which keeps states and ticks.
        definitions: The schedules and sensors. Those that an earlier release left in the instance are not shown.
        now: The present instant, with a time zone.
    """
    kept = {(state.instigator_type, state.instigator_name): state for state in instance.all_instigator_state()}
    return [_state(instance, each, kept.get((_kind(each), each.name)), now) for each in definitions]


def _kind(definition: Definition) -> InstigatorType:
    is_schedule = isinstance(definition, dg.ScheduleDefinition)
    return InstigatorType.SCHEDULE if is_schedule else InstigatorType.SENSOR


def _state(
    instance: dg.DagsterInstance, definition: Definition, state: InstigatorState | None, now: datetime
) -> Instigator:
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1) if state else []
    tick = ticks[0] if ticks else None
    last_at = datetime.fromtimestamp(tick.timestamp, UTC) if tick else None
    is_on = definition.default_status.value == "RUNNING" if state is None else state.is_running
    next_at = _next(definition, last_at, now) if is_on else None
    return Instigator(
        name=definition.name,
        kind=_kind(definition).value.lower(),
        is_running=is_on,
        rhythm=str(definition.cron_schedule)
        if isinstance(definition, dg.ScheduleDefinition)
        else f"{definition.minimum_interval_seconds} s",
        about=definition.description or "",
        last_at=_text(last_at),
        outcome=tick.status.value.lower() if tick else None,
        message=_message(tick) if tick else None,
        next_at=_text(next_at),
    )


def _message(tick: InstigatorTick) -> str | None:
    return tick.error.message if tick.error else tick.skip_reason


def _next(definition: Definition, last_at: datetime | None, now: datetime) -> datetime:
    """Return the instant of the next tick; one that is due is due now."""
    if isinstance(definition, dg.ScheduleDefinition):
        zone = definition.execution_timezone or "UTC"
        times = schedule_execution_time_iterator(now.timestamp(), definition.cron_schedule, zone)
        return next(times).astimezone(UTC)
    seconds = definition.minimum_interval_seconds or 0
    return max(now, last_at + timedelta(seconds=seconds)) if last_at else now


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None
