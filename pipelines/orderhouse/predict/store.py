"""Writing of predictions: one transaction per run of a predictor, with the row that describes the run."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

import duckdb
import polars as pl

from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.predict.predictor import LastRun, Predictor
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord
from orderhouse.storage.prediction_tables import PREDICTION_TABLES, RUNS
from orderhouse.storage.predictions import open_predictions
from orderhouse.storage.sql_names import quote

__all__ = ["append", "last_runs"]

RUN_ID = "run_id"


def append(
    settings: Settings, predictor: Predictor, built: BuildRecord, frames: Mapping[str, pl.DataFrame], seconds: float
) -> int:
    """Store the predictions of one run, and return the number of rows. The caller holds the run lock.

    Args:
        settings: Settings of the home.
        predictor: The predictor.
        built: The build whose tables it read.
        frames: The rows by table, without `run_id`.
        seconds: Duration of the computation.

    Raises:
        OrderhouseError: A frame is for a table that is not the predictor's, or lacks a column.
    """
    run_id = uuid.uuid4().hex
    rows = sum(frame.height for frame in frames.values())
    run = pl.DataFrame(
        {
            "run_id": [run_id],
            "predictor": [predictor.name],
            "model": [predictor.model],
            "origin_at": [datetime.fromisoformat(built.as_of)],
            "predicted_at": [datetime.now(UTC).replace(tzinfo=None)],
            "build_id": [built.build_id],
            "batch_id": [built.batch_id],
            "rows_written": [rows],
            "seconds": [seconds],
        }
    )
    _check(predictor, frames)
    with contextlib.closing(open_predictions(settings)) as connection:
        connection.execute("begin")
        try:
            for table, frame in frames.items():
                _insert(connection, table, frame.with_columns(pl.lit(run_id).alias(RUN_ID)))
            checkpoint("predictions_written")
            _insert(connection, RUNS, run)
            connection.execute("commit")
        except BaseException:
            connection.execute("rollback")
            raise
    checkpoint("predictions_stored")
    return rows


def last_runs(settings: Settings) -> dict[str, LastRun]:
    """Return the last run of each predictor by name."""
    if not settings.predictions_db.exists():
        return {}
    with contextlib.closing(open_predictions(settings, read_only=True)) as connection:
        rows = connection.execute(
            f"""
            select predictor, origin_at, predicted_at, build_id, batch_id, model from predictions.{RUNS}
            qualify row_number() over (partition by predictor order by predicted_at desc, run_id) = 1
            """  # noqa: S608 - a constant
        ).fetchall()
    return {str(name): LastRun(*values) for name, *values in rows}


def _check(predictor: Predictor, frames: Mapping[str, pl.DataFrame]) -> None:
    for table, frame in frames.items():
        if table not in predictor.tables or table not in PREDICTION_TABLES:
            raise OrderhouseError(f"The predictor {predictor.name} has no table {table!r}. Report this as a defect.")
        columns = set(PREDICTION_TABLES[table]) - {RUN_ID}
        if set(frame.columns) != columns:
            differing = ", ".join(sorted(columns.symmetric_difference(frame.columns)))
            raise OrderhouseError(f"Predictions of {table} do not fit its columns: {differing}. Report this.")


def _insert(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    if frame.height:
        connection.register("predicted", frame.to_arrow())
        connection.execute(
            f"insert into predictions.{quote(table)} by name select * from predicted"  # noqa: S608 - a checked name
        )
        connection.unregister("predicted")
