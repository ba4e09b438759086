"""One turn of the predictors: those that are due compute, and the models that read predictions follow.

A predictor that fails stops no run. Its last predictions stay, with their age, and the failure is recorded for the
pages and the alerts. The caller holds the run lock.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.predict.predictor import Configured, Predictor
from orderhouse.predict.registry import find_predictors
from orderhouse.predict.store import append, last_runs
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, load_record
from orderhouse.storage.machine_errors import machine_problem
from orderhouse.storage.prediction_record import record_predictors
from orderhouse.storage.predictions import attach_predictions, count_runs
from orderhouse.storage.spill import give_spill_folder
from orderhouse.storage.warehouse import connection_configuration
from orderhouse.transform import ModelEvent
from orderhouse.transform.building import build_on_predictions

__all__ = ["Predicted", "open_built_tables", "predict"]

log = logging.getLogger("orderhouse")


@dataclass
class Predicted:
    """Result of a turn.

    Attributes:
        rows: Number of rows that each predictor stored, by name.
        failures: Sentence of each predictor that failed, by name.
        seconds: Duration of each predictor's computation.
        tables: Names of the tables that were computed from the new predictions.
    """

    rows: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    tables: tuple[str, ...] = ()


def predict(
    settings: Settings,
    *,
    name: str | None = None,
    daily: bool = False,
    show_status: Callable[[str], None] = lambda text: None,
    on_event: Callable[[ModelEvent], None] | None = None,
) -> Predicted:
    """Let predictors compute over the tables of the last build, and compute the models that read them.

    Args:
        settings: Settings of the home.
        name: The predictor to ask, whether or not it is due; by default all that are due.
        daily: True to ask those of the daily rhythm too.
        show_status: Called with a short text about the present step.
        on_event: Called for each model when it starts and when it ends.

    Raises:
        OrderhouseError: There is no predictor of that name, or no finished build.
        BuildFailed: A model that reads predictions failed.
    """
    asked = [each.of_home(settings) if isinstance(each, Configured) else each for each in find_predictors(name)]
    if name is None and not daily:
        asked = [each for each in asked if each.rhythm == "run"]
    result = Predicted()
    built = load_record(settings)
    if built is None or not built.is_whole:
        raise OrderhouseError(f"There is no finished build in {settings.home}. Run `orderhouse build` first.")
    chosen = asked if name is not None else _due(settings, built, asked, result)
    for predictor in chosen:
        show_status(f"Predicting: {predictor.name}")
        _run(settings, predictor, built, result)
    outcomes = dict.fromkeys((each.name for each in asked if each in chosen), None) | result.failures
    record_predictors(settings, outcomes)
    if count_runs(settings) != built.prediction_runs:  # also after a kill between the two steps
        show_status("Computing the tables of predictions")
        followed = build_on_predictions(settings, on_event)
        result.tables = tuple(followed.seconds)
    return result


@contextlib.contextmanager
def open_built_tables(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the tables of the last build for reading only: `marts` and `ops`, `work`, and earlier predictions."""
    connection = duckdb.connect(":memory:", config=connection_configuration(settings))
    with contextlib.closing(connection):
        connection.execute("set TimeZone = 'UTC'")
        give_spill_folder(connection, settings)
        for path, catalog in ((settings.warehouse_db, "warehouse"), (settings.work_db, "work")):
            location = str(path).replace("'", "''")
            connection.execute(f"attach '{location}' as {catalog} (read_only)")
        attach_predictions(connection, settings)
        connection.execute("use warehouse")
        yield connection


def _due(settings: Settings, built: BuildRecord, asked: Sequence[Predictor], result: Predicted) -> list[Predictor]:
    """Return the predictors that are due; one that cannot tell has failed."""
    last = last_runs(settings)
    found = []
    for predictor in asked:
        try:
            if predictor.due(settings, built, last.get(predictor.name)):
                found.append(predictor)
        except Exception as error:
            result.failures[predictor.name] = _sentence(predictor, error)
    return found


def _run(settings: Settings, predictor: Predictor, built: BuildRecord, result: Predicted) -> None:
    began = time.monotonic()
    try:
        with open_built_tables(settings) as connection:
            frames = predictor.compute(connection, datetime.fromisoformat(built.as_of))
        seconds = time.monotonic() - began
        result.rows[predictor.name] = append(settings, predictor, built, frames, seconds)
        result.seconds[predictor.name] = seconds
    except Exception as error:
        log.debug("predictor %s failed", predictor.name, exc_info=True)
        result.failures[predictor.name] = _sentence(predictor, error)


def _sentence(predictor: Predictor, error: Exception) -> str:
    """Return what failed. The text of an unforeseen error may quote a row, so its type is told alone."""
    known = error if isinstance(error, OrderhouseError) else machine_problem(error)
    said = known.message if known is not None else f"{type(error).__name__}. Report this as a defect."
    return f"The predictor {predictor.name} failed, so its last predictions stay: {said}"
