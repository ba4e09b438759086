"""One run of the whole job in this process.

Recorded in Dagster's instance, with Dagster's own log kept off the screen.
"""

from __future__ import annotations

import logging

import dagster as dg

from orderhouse_dagster.definitions import build_defs
from orderhouse_dagster.instance import open_instance, without_waiting_for_the_disk
from orderhouse_dagster.resources import Warehouse

__all__ = ["run_job"]

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_job(warehouse: Warehouse) -> str:
    """Ingest, build, audit, publish; the caller holds the lock.

    Args:
        warehouse: The warehouse; its steps' results are in it afterwards.

    Returns:
        The id of the run in Dagster.

    Raises:
        OrderhouseError: A step ended with something that the user can put right.
        Exception: Whatever else a step raised.
    """
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
