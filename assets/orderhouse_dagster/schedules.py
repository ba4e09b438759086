"""Schedules: a sensor that looks for what is due, and the job that makes it and hands it over.

Dagster ends a sensor after a minute, and a report may take longer, so the sensor starts a run. What is due and how it
is made belongs to `orderhouse.schedules`.
"""

import dagster as dg
from orderhouse.errors import OrderhouseError
from orderhouse.schedules.running import has_work, run_due
from orderhouse.settings import Settings
from orderhouse.storage.problem_records import record_problem

from orderhouse_dagster.automation import QUIET, SCHEDULES_KEY, is_waiting
from orderhouse_dagster.publishing import PUBLISHED_KEY
from orderhouse_dagster.resources import WarehouseParam

__all__ = ["schedules_job", "schedules_run", "schedules_sensor"]

# Seconds between two looks at the due times, which are minutes.
LOOK_SECONDS = 30


@dg.asset(key=SCHEDULES_KEY, deps=[PUBLISHED_KEY], group_name="operations", kinds={"python"})
def schedules_run(context: dg.AssetExecutionContext, warehouse: WarehouseParam) -> dg.MaterializeResult[None]:
    """Make what is due, and hand it over. A mistake in a file is recorded and told by an alert."""
    try:
        found = run_due(warehouse.settings)
    except OrderhouseError as error:
        record_problem(warehouse.settings, "schedules", error.message)
        context.log.warning(error.message)
        return dg.MaterializeResult(metadata={"problem": error.message})
    record_problem(warehouse.settings, "schedules", None)
    for run in found.ended:
        context.log.info(f"{run.schedule}: {run.state}: {run.sentence}")
    outcomes = {run.schedule: f"{run.state}: {run.sentence}" for run in found.ended}
    return dg.MaterializeResult(metadata={**outcomes, **({"waits": found.waits} if found.waits else {})})


schedules_job = dg.define_asset_job(
    "schedules",
    selection=dg.AssetSelection.assets(SCHEDULES_KEY),
    description="Make what schedules.yaml says is due, and hand it over.",
    config=QUIET,
    executor_def=dg.in_process_executor,
)


def schedules_sensor(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor that starts a run when a schedule is due."""

    @dg.sensor(
        name="schedules",
        job=schedules_job,
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks for due times of schedules.yaml. One that was missed while nothing ran is run once.",
    )
    def schedules(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Start a run if something is due and no run waits. A mistake in the file is recorded for the alerts."""
        try:
            is_due = has_work(settings)
        except OrderhouseError as error:
            record_problem(settings, "schedules", error.message)
            return dg.SkipReason(error.message)
        record_problem(settings, "schedules", None)
        if not is_due:
            return dg.SkipReason("Nothing is due, or it is being made, or sending is paused.")
        if is_waiting(context.instance, schedules_job):
            return dg.SkipReason("Something is due. A run is waiting already and will make it.")
        return dg.RunRequest()

    return schedules
