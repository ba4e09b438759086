"""Tests of the rows that are stored: values of customers, the fit, and the sentence if there is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest
from orderhouse.predict.predictor import LastRun
from orderhouse.predict.value.predictor import CustomerValue
from orderhouse.settings import Settings
from orderhouse.storage.prediction_tables import PREDICTION_TABLES

from tests.predict.value.simulated import draw_amounts, draw_purchases

CLOCK = datetime(2026, 6, 30, 12)
COLUMNS = (
    "customer_key varchar, purchases_count bigint, repeat_purchases_count bigint, later_purchases_count bigint, "
    "recency_days bigint, observed_days bigint, amount_reporting decimal(18, 4), is_holdout boolean, origin_date date"
)


@pytest.fixture
def built() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection with the table of frequencies, which is empty."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as work")
        connection.execute("create schema work.intermediate")
        connection.execute(f"create table work.intermediate.int_customer_frequencies ({COLUMNS})")
        yield connection


def add(built: duckdb.DuckDBPyConnection, *rows: tuple[Any, ...]) -> None:
    frame = pl.DataFrame(rows, orient="row", infer_schema_length=None)
    built.register("fresh", frame.to_arrow())
    built.execute("insert into work.intermediate.int_customer_frequencies select * from fresh")


def add_drawn(built: duckdb.DuckDBPyConnection, customers: int = 400) -> None:
    drawn = draw_purchases((0.8, 5.0, 0.7, 2.5), customers, weeks=60, ahead=13, seed=4)
    means, _ = draw_amounts((6.0, 4.0, 90.0), drawn.x + 1, 4)
    today = CLOCK.date()
    rows = []
    for place in range(customers):
        x, days = int(drawn.x[place]), round(float(drawn.observed[place]) * 7)
        recency = round(float(drawn.recency[place]) * 7)
        amount = round(float(means[place]) * (x + 1), 2)
        for is_holdout in (False, True):
            origin = today - timedelta(days=90 * is_holdout)
            later = int(drawn.later[place]) if is_holdout else 0
            rows.append((f"c:{place}", x + 1, x, later, recency, days, amount, is_holdout, origin))
    add(built, *rows)


def test_every_customer_has_a_value_and_the_fit_beats_the_historic_average(built: duckdb.DuckDBPyConnection) -> None:
    add_drawn(built)
    found = CustomerValue().compute(built, CLOCK)
    values, (fit,) = found["customer_values"], found["customer_value_fits"].to_dicts()

    assert values.height == 400 and values["customer_key"].n_unique() == 400
    assert values.null_count().sum_horizontal().item() == 0
    assert values["alive_probability"].is_between(0, 1).all()
    assert (values["expected_purchases_365"] > values["expected_purchases_90"]).all()
    assert fit["problem"] is None and fit["holdout_days"] == 90 and fit["holdout_customers_count"] == 400
    assert fit["holdout_error"] < fit["holdout_average_error"]
    for table, frame in found.items():
        assert set(frame.columns) == set(PREDICTION_TABLES[table]) - {"run_id"}


def test_a_customer_with_a_missing_rate_has_purchases_and_no_value(built: duckdb.DuckDBPyConnection) -> None:
    add_drawn(built)
    built.execute(
        "update work.intermediate.int_customer_frequencies set amount_reporting = null where customer_key = 'c:7'"
    )
    values = CustomerValue().compute(built, CLOCK)["customer_values"]
    (row,) = values.filter(pl.col("customer_key") == "c:7").to_dicts()

    assert row["expected_purchases_90"] is not None
    assert row["expected_value_90"] is None
    assert values["expected_value_90"].null_count() == 1


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "Fewer than two customers"),
        ([("c:1", 3, 2, 0, 20, 30, 60.0)], "Fewer than two customers"),
        ([("c:1", 1, 0, 0, 0, 0, 9.0), ("c:2", 1, 0, 0, 0, 0, 9.0)], "for the first time today"),
        ([("c:1", 1, 0, 0, 0, 9, 9.0), ("c:2", 1, 0, 0, 0, 3, 9.0)], "No customer has bought twice"),
    ],
)
def test_too_little_to_fit_stores_a_sentence_and_no_value(
    built: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]], sentence: str
) -> None:
    if rows:
        add(built, *((*row, False, date(2026, 6, 30)) for row in rows))
    found = CustomerValue().compute(built, CLOCK)

    assert found["customer_values"].is_empty()
    assert sentence in found["customer_value_fits"]["problem"].item()


def test_purchases_without_any_amount_are_expected_without_a_value(built: duckdb.DuckDBPyConnection) -> None:
    add_drawn(built)
    built.execute("update work.intermediate.int_customer_frequencies set amount_reporting = null")
    found = CustomerValue().compute(built, CLOCK)

    assert found["customer_values"]["expected_value_365"].null_count() == 400
    assert "no value is predicted" in found["customer_value_fits"]["problem"].item()
    assert found["customer_value_fits"]["r"].item() > 0


@pytest.mark.parametrize(("days", "is_due"), [(6.9, False), (7.0, True)])
def test_values_are_due_after_a_week(built_record: Any, days: float, is_due: bool) -> None:
    last = LastRun(CLOCK - timedelta(days=days), CLOCK, "build", 1, CustomerValue().model)
    assert CustomerValue().due(Settings(), built_record, last) is is_due


def test_values_are_due_without_a_run_and_after_another_model(built_record: Any) -> None:
    other = LastRun(CLOCK, CLOCK, "build", 1, "another model")
    assert CustomerValue().due(Settings(), built_record, None)
    assert CustomerValue().due(Settings(), built_record, other)


@pytest.fixture
def built_record() -> Any:
    """Return the record of a build of which the clock alone is read."""

    class Built:
        as_of = CLOCK.isoformat()

    return Built()
