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

__all__ = ["run_job"]

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
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    warehouse = Warehouse(settings, as_of=as_of, full=full, is_held=True, say=say)
    resource = dg.ResourceDefinition.hardcoded_resource(warehouse)
    definitions = build_defs(settings, resource_overrides={"warehouse": resource})
    job = definitions.resolve_job_def("orderhouse")
    try:
        with without_waiting_for_the_disk(), open_instance(settings) as instance:
            return job.execute_in_process(run_config=QUIET, instance=instance).run_id
    except dg.Failure:
        if warehouse.error is None:
            raise
    finally:
        for step, result in warehouse.results().items():
            report(step, result)
    raise warehouse.error
