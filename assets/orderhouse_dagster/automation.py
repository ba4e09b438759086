"""Jobs, schedule and sensor: the whole job runs hourly and when files arrive, one run at a time.

The instance queues the runs.
"""

import hashlib
import time
from pathlib import Path

import dagster as dg
from orderhouse.settings import Settings

from orderhouse_dagster.publishing import EXPORTS_KEY

__all__ = ["export_job", "hourly", "landing_sensor", "orderhouse_job"]

# A file that changed a moment ago may not be complete.
SETTLED_SECONDS = 5

# Dagster's own log has every event; the terminal of `orderhouse up` shows errors only.
QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}

orderhouse_job = dg.define_asset_job(
    "orderhouse",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(EXPORTS_KEY),
    description="Ingest, build, audit, publish.",
    config=QUIET,
    executor_def=dg.in_process_executor,
)

export_job = dg.define_asset_job(
    "export",
    selection=dg.AssetSelection.assets(EXPORTS_KEY),
    description="Write published tables as files.",
    executor_def=dg.in_process_executor,
)

hourly = dg.ScheduleDefinition(
    name="hourly",
    job=orderhouse_job,
    cron_schedule="0 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Runs also if nothing arrives, since orders become late and ages grow with the clock.",
)


def landing_sensor(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor that starts a run when files in the landing folder are new or changed, and have settled."""

    @dg.sensor(
        name="landing",
        job=orderhouse_job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def landing(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """Compare names, sizes and times of files; the ingest compares contents."""
        state, newest = _state(settings.landing)
        if state is None:
            return dg.SkipReason(f"There is nothing in {settings.landing}.")
        if state == context.cursor:
            return dg.SkipReason("Nothing new has arrived.")
        if time.time() - newest < SETTLED_SECONDS:
            return dg.SkipReason("Files are still arriving.")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=state)], cursor=state)

    return landing


def _state(folder: Path) -> tuple[str | None, float]:
    digest = hashlib.sha256()
    newest = 0.0
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        found = path.stat()
        digest.update(f"{path.relative_to(folder)}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
        newest = max(newest, found.st_mtime)
    return (digest.hexdigest() if newest else None), newest
