"""Code location of Dagster: all definitions, built from the settings of this machine."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg
from orderhouse.settings import Settings, load_settings
from orderhouse.transform import prepare_manifest

from orderhouse_dagster.audit import audit_asset, audit_checks
from orderhouse_dagster.automation import (
    alerts_sensor,
    daily_schedule,
    export_job,
    hourly_schedule,
    messages_sensor,
    orderhouse_job,
    sources_sensor,
)
from orderhouse_dagster.ingestion import raw_feeds
from orderhouse_dagster.predictions import predictions_asset
from orderhouse_dagster.publishing import exports, messages, published
from orderhouse_dagster.resources import warehouse_resource
from orderhouse_dagster.rules import rules_fired
from orderhouse_dagster.schedules import schedules_job, schedules_run, schedules_sensor
from orderhouse_dagster.transformation import model_assets

__all__ = ["build_defs", "defs"]


def build_defs(
    settings: Settings | None = None, *, resource_overrides: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Return assets, checks, jobs, schedule and sensor.

    Args:
        settings: Settings of the home; read from the environment if None.
        resource_overrides: Resources that replace those of the same names, for tests and the command line.
    """
    chosen = settings or load_settings()
    manifest = prepare_manifest(chosen)
    models = model_assets(manifest)
    hourly, daily = hourly_schedule(chosen), daily_schedule(chosen)
    sources, delivery = sources_sensor(chosen), messages_sensor(chosen)
    timetable = schedules_sensor(chosen)
    return dg.Definitions(
        assets=[
            raw_feeds,
            models,
            predictions_asset(models),
            audit_asset(models),
            published,
            rules_fired,
            messages,
            exports,
            schedules_run,
        ],
        asset_checks=[audit_checks(manifest)],
        jobs=[orderhouse_job, export_job, schedules_job],
        schedules=[hourly, daily],
        sensors=[
            sources,
            delivery,
            timetable,
            alerts_sensor(chosen, [hourly, daily, sources, delivery, timetable]),
        ],
        resources={"warehouse": warehouse_resource(chosen), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions that `workspace.yaml` names. They are built when Dagster loads them, not on import."""
    return build_defs()
