"""One run of the whole job in this process.

Recorded in Dagster's instance, with Dagster's own log kept off the screen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import dagster as dg
from orderhouse.settings import Settings

from orderhouse_dagster.definitions import build_defs
from orderhouse_dagster.instance import open_instance, without_waiting_for_the_disk
from orderhouse_dagster.resources import Warehouse

__all__ = ["execute", "run_job"]

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_job(
    settings: Settings,
    *,
    as_of: str,
    full: bool,
    say: Callable[[str], None],
    report: Callable[[str, object], None],
) -> str:
    """Ingest, build, audit, publish; the caller holds the lock.

    Args:
        settings: Where the warehouse lives.
        as_of: The clock: `now`, `data` or an instant.
        full: Build from empty files.
        say: Told in a few words what is going on.
        report: Told the result of `ingest`, `build`, `audit` and `publish`, as far as the run came, also if it failed.

    Returns:
        The id of the run in Dagster.

    Raises:
        OrderhouseError: A step ended with something that the user can put right.
        Exception: Whatever else a step raised.
    """
    warehouse = Warehouse(settings, as_of=as_of, full=full, is_held=True, say=say)
    try:
        return execute(warehouse)
    finally:
        for step, result in warehouse.results().items():
            report(step, result)


def execute(warehouse: Warehouse) -> str:
    """Run the whole job on a warehouse, whose results stand in it afterwards; the caller holds the lock."""
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    resource = dg.ResourceDefinition.hardcoded_resource(warehouse)
    definitions = build_defs(warehouse.settings, resource_overrides={"warehouse": resource})
    job = definitions.resolve_job_def("orderhouse")
    with without_waiting_for_the_disk(), open_instance(warehouse.settings) as instance:
        try:
            return job.execute_in_process(run_config=QUIET, instance=instance).run_id
        except dg.Failure:
            if warehouse.error is None:
                raise
    raise warehouse.error
