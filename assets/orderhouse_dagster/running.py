"""One run of the whole job in this process, recorded in Dagster's instance, without Dagster's log on the screen."""

from __future__ import annotations

import logging
from collections.abc import Callable

import dagster as dg
from orderhouse.settings import Settings

from orderhouse_dagster.definitions import build_defs
from orderhouse_dagster.event_log import quick_event_log
from orderhouse_dagster.instance import open_instance
from orderhouse_dagster.resources import Warehouse

__all__ = ["execute", "run_job"]

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_job(
    settings: Settings,
    *,
    as_of: str | None,
    full: bool,
    show_status: Callable[[str], None],
    report: Callable[[str, object], None],
) -> str:
    """Ingest, build, predict, audit and publish. The caller holds the run lock.

    Args:
        settings: Settings of the home.
        as_of: The clock: `now`, `data` or an instant; None for the clock policy of the home.
        full: True to build from empty files.
        show_status: Called with a short text about the present step.
        report: Called with the name and the result of each step that ended: `ingest`, `build`, `clock`, `predict`,
            `audit`, `publish`, `rules`, `rules_problem`. It is called also if the run failed.

    Returns:
        The id of the run in Dagster.

    Raises:
        OrderhouseError: A step failed with an error that the user can correct.
        Exception: Any other error of a step.
    """
    warehouse = Warehouse(settings, as_of=as_of, full=full, is_held=True, show_status=show_status)
    try:
        return execute(warehouse)
    finally:
        for step, result in warehouse.results().items():
            report(step, result)


def execute(warehouse: Warehouse) -> str:
    """Run the whole job on a warehouse, which has the results afterwards. The caller holds the run lock."""
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    resource = dg.ResourceDefinition.hardcoded_resource(warehouse)
    definitions = build_defs(warehouse.settings, resource_overrides={"warehouse": resource})
    job = definitions.resolve_job_def("orderhouse")
    with quick_event_log(), open_instance(warehouse.settings) as instance:
        try:
            return job.execute_in_process(run_config=QUIET, instance=instance).run_id
        except dg.Failure:
            if warehouse.error is None:
                raise
    raise warehouse.error
