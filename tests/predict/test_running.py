"""Tests of a turn of the predictors: what is stored, what follows, and what a failure leaves."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from orderhouse import faults
from orderhouse.errors import OrderhouseError
from orderhouse.monitoring.conditions import find_conditions
from orderhouse.predict import registry, running
from orderhouse.predict.predictor import Predictor
from orderhouse.predict.running import predict
from orderhouse.predict.store import last_runs
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record, record_audit
from orderhouse.storage.prediction_tables import PREDICTION_TABLES
from orderhouse.storage.predictions import open_predictions
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform import building, dbt
from orderhouse.transform.building import build

from tests.predict.conftest import AS_OF, Counting
from tests.properties.killing import KILLED, ended, start
from tests.transform.small_project import receive

Tables = Callable[[Settings], dict[str, list[tuple[object, ...]]]]


def build_id(settings: Settings) -> str:
    record = load_record(settings)
    assert record is not None
    return record.build_id


def stored(settings: Settings) -> list[tuple[Any, ...]]:
    with contextlib.closing(open_predictions(settings, read_only=True)) as connection:
        return connection.execute(
            "select orders_count, predictor, batch_id from predictions.counts join predictions.runs using (run_id)"
        ).fetchall()


def test_predictions_are_stored_with_their_run_and_read_by_models(
    home: Settings, predictors: list[Predictor], tables: Tables
) -> None:
    predictors.append(Counting())
    before, first = tables(home), build_id(home)
    result = predict(home)
    assert (result.rows, result.failures) == ({"counting": 1}, {})
    assert result.tables == ("marts/fct_counts",)
    assert stored(home) == [(2, "counting", 1)]
    after = tables(home)
    assert after.pop("marts.fct_counts") == [("counting", 2)]
    del before["marts.fct_counts"]
    assert after == before  # a prediction changes no fact
    record = load_record(home)
    assert record is not None and record.is_whole and record.build_id != first and record.audit is None
    assert last_runs(home)["counting"].build_id == first


def test_turn_in_which_nothing_is_due_computes_nothing(home: Settings, predictors: list[Predictor]) -> None:
    counting = Counting()
    predictors.append(counting)
    predict(home)
    record_audit(home, passed=True)
    unchanged = build_id(home)
    assert predict(home).tables == ()
    assert counting.asked == 1 and build_id(home) == unchanged
    record = load_record(home)
    assert record is not None and record.has_passed


def test_new_rows_make_a_predictor_due_again_and_earlier_predictions_stay(
    home: Settings, predictors: list[Predictor]
) -> None:
    predictors.append(Counting())
    predict(home)
    receive(home, 2, {"C": "2026-01-03 10:00:00"})
    assert build(home, as_of=AS_OF).record.extent == "touched"
    predict(home)
    assert sorted(stored(home)) == [(2, "counting", 1), (3, "counting", 2)]


def test_models_of_predictions_follow_without_rows_that_no_build_has_read(
    home: Settings, predictors: list[Predictor], tables: Tables
) -> None:
    predictors.append(Counting())
    for batch, order in ((2, "C"), (3, "D")):
        receive(home, batch, {order: "2026-01-03 10:00:00"})
        build(home, as_of=AS_OF)
    before = tables(home)
    receive(home, 4, {"E": "2026-01-04 10:00:00"})
    assert predict(home).tables == ("marts/fct_counts",)
    assert tables(home) == {**before, "marts.fct_counts": [("counting", 4)]}
    build(home, as_of=AS_OF)
    assert len(tables(home)["marts.fct_orders"]) == 5


def test_full_build_holds_the_predictions_that_are_there(
    home: Settings, predictors: list[Predictor], tables: Tables
) -> None:
    predictors.append(Counting())
    predict(home)
    before = tables(home)
    build(home, as_of=AS_OF, full=True)
    assert tables(home) == before


def test_failed_predictor_is_told_and_its_last_predictions_stay(home: Settings, predictors: list[Predictor]) -> None:
    counting = Counting()
    predictors += [counting, Counting(name="other")]
    predict(home)
    counting.error = ValueError("Ann Example, 12 High Street")
    receive(home, 2, {"C": "2026-01-03 10:00:00"})
    build(home, as_of=AS_OF)
    result = predict(home)
    assert result.rows == {"other": 1}
    assert result.failures == {
        "counting": "The predictor counting failed, so its last predictions stay: ValueError. Report this as a defect."
    }
    assert (2, "counting", 1) in stored(home) and (3, "counting", 2) not in stored(home)
    (condition,) = [each for each in find_conditions(home) if each.kind == "predictor_failed"]
    assert condition.subject == "counting" and "orderhouse predict counting" in condition.message
    counting.error = None
    predict(home, name="counting")
    assert not [each for each in find_conditions(home) if each.kind == "predictor_failed"]


def test_rows_that_do_not_fit_the_table_are_refused_whole(
    home: Settings, predictors: list[Predictor], monkeypatch: pytest.MonkeyPatch
) -> None:
    predictors.append(Counting())
    monkeypatch.setattr(Counting, "compute", lambda *_: {"counts": pl.DataFrame({"orders_count": [1]})})
    assert "do not fit its columns: at" in predict(home).failures["counting"]
    assert stored(home) == []


def test_predictors_of_the_daily_rhythm_wait_for_it(home: Settings, predictors: list[Predictor]) -> None:
    predictors.append(Counting(rhythm="day"))
    assert not predict(home).rows
    assert predict(home, daily=True).rows == {"counting": 1}


def test_unknown_predictor_is_refused_with_the_nearest_name(home: Settings, predictors: list[Predictor]) -> None:
    predictors.append(Counting())
    with pytest.raises(OrderhouseError, match="Did you mean counting"):
        predict(home, name="countin")


def test_predictions_of_another_epoch_are_set_aside(
    home: Settings, predictors: list[Predictor], caplog: pytest.LogCaptureFixture
) -> None:
    predictors.append(Counting())
    predict(home)
    with contextlib.closing(open_raw(home)) as raw:
        raw.execute("insert into raw.stores by name select 'other' as store_id, 2 as epoch, now()::timestamp as since")
    build(home, as_of=AS_OF)
    assert "belong to other received rows and were set aside" in caplog.text
    assert stored(home) == []
    assert len(list(home.warehouse.glob("predictions-set-aside-*.duckdb"))) == 1


def test_damaged_predictions_are_set_aside(home: Settings, caplog: pytest.LogCaptureFixture) -> None:
    home.predictions_db.write_bytes(b"no database")
    build(home, as_of="2026-01-11T00:00:00Z")
    assert "could not be read and were set aside" in caplog.text
    assert stored(home) == []


def predict_in_a_process(home: str, project: str, fault: str) -> None:
    """Predict, and be killed by a fault."""
    dbt.project_folder = building.project_folder = lambda: Path(project)  # type: ignore[attr-defined]
    registry.PREDICTORS[:] = [Counting()]
    PREDICTION_TABLES["counts"] = {"run_id": "varchar", "orders_count": "bigint", "at": "timestamp"}
    os.environ[faults.VARIABLE] = fault
    running.predict(Settings(home=Path(home)))


@pytest.mark.parametrize("fault", ["predictions_written", "predictions_stored", "predictions_began"])
def test_killed_turn_is_caught_up(
    home: Settings, predictors: list[Predictor], project: Path, tables: Tables, fault: str
) -> None:
    assert ended(start(predict_in_a_process, str(home.home), str(project), fault)) in KILLED
    assert len(stored(home)) == (0 if fault == "predictions_written" else 1)
    predictors.append(Counting())
    build(home, as_of=AS_OF)
    predict(home)
    assert len(stored(home)) == 1
    assert tables(home)["marts.fct_counts"] == [("counting", 2)]
