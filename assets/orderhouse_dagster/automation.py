"""Jobs, schedules and sensors: the whole job runs hourly and when files arrive, one run at a time; alerts are reviewed.

The instance queues the runs. While one waits, no other is added: it will see everything that has arrived until it
begins. What counts as arrived belongs to `orderhouse.ingest.watching`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.watching import Watch
from orderhouse.messages.service import deliver_messages
from orderhouse.monitoring.alerts import review_alerts
from orderhouse.schedules.handing import Operators
from orderhouse.settings import Settings
from orderhouse.sources.config.sources_file import sources_of
from orderhouse.storage.build_record import load_record
from orderhouse.storage.schedule_record import record_schedules
from orderhouse.storage.watch_record import record_refused

from orderhouse_dagster.publishing import EXPORTS_KEY
from orderhouse_dagster.schedule_states import states

__all__ = [
    "QUIET",
    "SCHEDULES_KEY",
    "SENSOR_SECONDS",
    "alerts_sensor",
    "daily_schedule",
    "export_job",
    "hourly_schedule",
    "is_waiting",
    "messages_sensor",
    "orderhouse_job",
    "sources_sensor",
]

# Dagster's own log has every event; the terminal of `orderhouse up` shows errors only.
QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
# States of a run that has not looked at the sources yet.
WAITING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]
CLOCK_TAG = "orderhouse/clock"
# Seconds between two looks at the paths of the sources.
SENSOR_SECONDS = 2
# Seconds between two turns of the delivery of messages. A turn takes no new message after half of them, since Dagster
# ends a sensor after 60 seconds, and one message may wait long for its server.
DELIVERY_SECONDS = 30
# What schedules make is no part of a run: each has times of its own.
SCHEDULES_KEY = dg.AssetKey(["operations", "schedules"])

orderhouse_job = dg.define_asset_job(
    "orderhouse",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(EXPORTS_KEY, SCHEDULES_KEY),
    description="Ingest, build, predict, audit, publish; let the rules fire, and make messages.",
    config=QUIET,
    executor_def=dg.in_process_executor,
)

export_job = dg.define_asset_job(
    "export",
    selection=dg.AssetSelection.assets(EXPORTS_KEY),
    description="Write published tables as files.",
    executor_def=dg.in_process_executor,
)


def hourly_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Return the schedule of the main job. It keeps the clock of the home, and its runs say which one that is."""

    @dg.schedule(
        name="hourly",
        job=orderhouse_job,
        cron_schedule="0 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Runs also if nothing arrives, since orders become late and ages grow with the clock. "
        "The clock is that of the home, `now` or `data`: see the tag of each run, or `orderhouse status`.",
    )
    def hourly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Start a run unless one waits already."""
        if is_waiting(context.instance, orderhouse_job):
            return dg.SkipReason("A run is waiting already and will do the same work, so no second one is added.")
        return dg.RunRequest(tags=_clock_tag(settings))

    return hourly


def daily_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Return the schedule of a run that trains the forecasts too."""

    @dg.schedule(
        name="daily_forecasts",
        job=orderhouse_job,
        cron_schedule="20 3 * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Trains the forecasts once a day in a run of the main job. See `orderhouse predict`.",
    )
    def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """Start a run with training. A run that waits already would train nothing."""
        return dg.RunRequest(
            run_config={"resources": {"warehouse": {"config": {"train": True}}}}, tags=_clock_tag(settings)
        )

    return daily


def sources_sensor(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor that starts a run when files that sources.yaml names are new or changed."""
    watch = Watch(settings.settle_seconds)

    @dg.sensor(
        name="sources",
        job=orderhouse_job,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Watches every path of sources.yaml, and nothing else. It compares names, sizes and times.",
    )
    def sources(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        """Start one run for all files that have arrived, unless a run waits that will read them."""
        try:
            declared = sources_of(settings)
        except OrderhouseError as error:
            yield dg.SkipReason(error.message)
            return
        news = watch.round(declared.sources.values(), _state(context.cursor))
        record_refused(settings, news.refused)
        context.update_cursor(json.dumps(news.state, sort_keys=True))
        refused = "".join(f" {sentence}" for sentence in news.refused.values())
        if not news.places:
            found = "Files are still arriving." if news.is_arriving else "Nothing new has arrived."
            yield dg.SkipReason(found + refused)
        elif is_waiting(context.instance, orderhouse_job):
            yield dg.SkipReason(f"Files have arrived. A run is waiting already and will read them.{refused}")
        else:
            yield dg.RunRequest(tags={**_clock_tag(settings), "orderhouse/arrived_at": _shortened(news.places)})

    return sources


def alerts_sensor(
    settings: Settings, others: Sequence[dg.ScheduleDefinition | dg.SensorDefinition] = ()
) -> dg.SensorDefinition:
    """Return the sensor that reviews the alerts every minute, also while nothing runs. It starts no run.

    It records its own state and those of the other schedules and sensors, for the pages.
    """

    @dg.sensor(
        name="alerts",
        job=orderhouse_job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reviews the alerts, and tells the configured channels what is new and what is over.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        """Tell the configured channels which conditions are new and which are over."""
        record_schedules(settings, states(context.instance, [*others, alerts], datetime.now(UTC)))
        try:
            review = review_alerts(settings)
        except OrderhouseError as error:
            return dg.SkipReason(error.message)
        failed = f" {' '.join(review.failures.values())}" if review.failures else ""
        return dg.SkipReason(f"{len(review.open)} open, {len(review.raised)} new, {len(review.cleared)} over.{failed}")

    return alerts


def messages_sensor(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor that delivers due messages. It starts no run."""

    @dg.sensor(
        name="messages",
        job=orderhouse_job,
        minimum_interval_seconds=DELIVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Delivers what is due in the outbox. Without a channel in messages.yaml it does nothing.",
    )
    def messages(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        """Deliver due messages until the next turn."""
        try:
            result, closed = deliver_messages(settings, seconds=DELIVERY_SECONDS / 2, operators=Operators(settings))
        except OrderhouseError as error:
            return dg.SkipReason(error.message)
        failed = f" {' '.join(result.errors.values())}" if result.errors else ""
        return dg.SkipReason(closed or f"{result.sent} sent, {result.retried} to be tried again.{failed}")

    return messages


def is_waiting(instance: dg.DagsterInstance, job: UnresolvedAssetJobDefinition) -> bool:
    """Tell if a run of a job waits that has not begun, so that it will see all that is there by then."""
    return instance.get_runs_count(dg.RunsFilter(job_name=job.name, statuses=WAITING)) > 0


def _state(cursor: str | None) -> dict[str, str]:
    """Return the state in a cursor; none if an earlier release wrote it."""
    try:
        found = json.loads(cursor or "{}")
    except ValueError:
        return {}
    return {str(place): str(digest) for place, digest in found.items()} if isinstance(found, dict) else {}


def _clock_tag(settings: Settings) -> dict[str, str]:
    record = load_record(settings)
    return {CLOCK_TAG: record.clock_policy} if record is not None and record.clock_policy else {}


def _shortened(places: list[str]) -> str:
    return ", ".join(places)[:200]
