"""Retention of Dagster's history: runs older than the last ones are deleted, with all that Dagster keeps of them.

Dagster itself deletes only ticks. Retention of the library's own files belongs to the modules that write them.
"""

from __future__ import annotations

import shutil

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from orderhouse.settings import Settings

__all__ = ["prune_history"]

# Each run adds one, so this many at a time clears the history of a home of an earlier release within some runs.
MOST_AT_A_TIME = 20
FINISHED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def prune_history(instance: dg.DagsterInstance, settings: Settings) -> int:
    """Delete finished runs before the last `keep_runs`, and return how many were deleted."""
    kept = instance.get_run_records(limit=settings.keep_runs)
    if len(kept) < settings.keep_runs:
        return 0
    older = instance.get_run_records(
        filters=dg.RunsFilter(statuses=list(FINISHED)), cursor=kept[-1].dagster_run.run_id, limit=MOST_AT_A_TIME
    )
    for record in older:
        _delete_run(instance, settings, record.dagster_run.run_id)
    return len(older)


def _delete_run(instance: dg.DagsterInstance, settings: Settings, run_id: str) -> None:
    """Delete the record, events, results of checks, logs and files of a run."""
    events = instance.event_log_storage
    if isinstance(events, SqlEventLogStorage):
        with events.index_connection() as connection:
            connection.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
    instance.delete_run(run_id)
    for path in (settings.dagster_home / "history" / "runs").glob(f"{run_id}.db*"):
        path.unlink(missing_ok=True)
    shutil.rmtree(settings.dagster_home / "storage" / run_id, ignore_errors=True)
