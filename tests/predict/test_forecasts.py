"""Tests of the predictor of demand and net sales on a built sample."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orderhouse.audit import audit
from orderhouse.predict.forecasts import DAYS, WEEKS, Forecasts
from orderhouse.predict.running import open_built_tables, predict
from orderhouse.serve.publishing import publish
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record
from orderhouse.transform.dbt import invoke

from tests.integration.running import PROJECT, run_steps

Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the home of the sample, built and published without forecasts."""
    folder = tmp_path_factory.mktemp("sample") / "home"
    folder.mkdir()
    run_steps(folder, PROJECT / "data" / "sample" / "sources.yaml")
    return Settings(home=folder)


@pytest.fixture(scope="module")
def before(home: Settings) -> Path:
    """Return the built warehouse before there were forecasts."""
    copy = home.home.parent / "before.duckdb"
    shutil.copy(home.warehouse_db, copy)
    return copy


@pytest.fixture(scope="module")
def forecast(home: Settings, before: Path) -> Settings:
    """Return the home with forecasts."""
    result = predict(home, name="forecasts")
    assert (result.failures, sorted(result.rows)) == ({}, ["forecasts"])
    return home


def ask(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.warehouse_db), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_every_series_with_demand_has_a_forecast_of_every_period(forecast: Settings) -> None:
    wanted = ask(forecast, "select distinct sku, warehouse_id from marts.fct_demand_weekly where is_complete")
    found = ask(
        forecast,
        "select sku, warehouse_id, count(*), min(target_date - origin_date) from marts.fct_forecast "
        "where forecast_level = 'sku_warehouse_week' group by all",
    )
    assert {(sku, warehouse) for sku, warehouse, *_ in found} == set(wanted)
    assert {(count, first) for *_, count, first in found} == {(WEEKS, 1)}
    days = ask(forecast, "select distinct max(horizon) from marts.fct_forecast where forecast_level = 'channel_day'")
    assert days == [(DAYS,)]


def test_quantiles_are_in_order_and_counts_are_whole(forecast: Settings) -> None:
    assert ask(
        forecast,
        "select count(*) from marts.fct_forecast where not (p10_value <= p50_value and p50_value <= p90_value)",
    ) == [(0,)]
    assert ask(
        forecast,
        "select count(*) from marts.fct_forecast where is_intermittent and model <> 'seasonal_naive' "
        "and (p10_value <> floor(p10_value) or p90_value <> floor(p90_value) or p10_value < 0)",
    ) == [(0,)]


def test_no_fact_of_what_happened_changes(forecast: Settings, before: Path) -> None:
    predicted = {
        "fct_forecast",
        "fct_forecast_accuracy",
        "fct_lead_time_demand",
        "fct_prediction_runs",
        "fct_reorder_proposals",
    }
    with duckdb.connect(str(forecast.warehouse_db), read_only=True) as connection:
        connection.execute(f"attach '{before}' as before (read_only)")
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name = 'before' and schema_name not in ('meta')"
        ).fetchall()
        assert len(names) > 50
        for schema, name in names:
            if name in predicted or name == "audit":
                continue
            table = f'"{schema}"."{name}"'
            differing = connection.execute(
                f"select count(*) from ((from {table} except all from before.{table}) "
                f"union all (from before.{table} except all from {table}))"
            ).fetchall()
            assert differing == [(0,)], table


def test_home_without_predictions_reorders_by_its_positions(before: Path) -> None:
    with duckdb.connect(str(before), read_only=True) as connection:
        rows = connection.execute(
            "select count(*), count(*) filter (q.reorder_quantity > 0), "
            "count(*) filter (q.reorder_quantity = p.reorder_quantity and q.reorder_point = p.reorder_point "
            "and q.position_quantity = p.available_to_promise_quantity and basis = 'window' and origin_date is null) "
            "from marts.fct_inventory_positions p full join marts.fct_reorder_proposals q using (sku, warehouse_id)"
        ).fetchall()
    ((positions, ordered, same),) = rows
    assert positions == same and ordered > 0


def test_proposals_name_the_origin_and_the_record_of_their_forecast(forecast: Settings) -> None:
    assert ask(
        forecast,
        "select count(*) from marts.fct_reorder_proposals where basis_reason <> 'no_forecast' "
        "and (origin_date is null "
        "or kind_observations_count > 0 and (kind_loss_ratio is null or kind_coverage_rate is null))",
    ) == [(0,)]
    ((forecast_origin, named, late),) = ask(
        forecast,
        "select (select max(origin_date) from marts.fct_forecast where forecast_level = 'sku_warehouse_week'), "
        "max(origin_date), count(*) filter (order_by_date < business_date) from marts.fct_reorder_proposals "
        "cross join marts.as_of",
    )
    assert named == forecast_origin and late == 0


def test_backtests_stand_beside_their_baseline(forecast: Settings) -> None:
    rows = ask(
        forecast,
        "select forecast_level, sum(pinball_sum) / sum(baseline_pinball_sum), "
        "sum(covered_sum) / sum(observations_count) "
        "from marts.fct_forecast_accuracy group by 1",
    )
    assert {level for level, *_ in rows} == {"sku_warehouse_week", "category_week", "channel_day"}
    for level, ratio, covered in rows:
        assert ratio < 1, level
        assert 0.6 < covered < 0.95, level


def test_forecast_knows_nothing_of_the_week_that_has_not_ended(forecast: Settings) -> None:
    ((origin, business_date),) = ask(
        forecast,
        "select max(origin_date), any_value(business_date) from marts.fct_forecast cross join marts.as_of "
        "where forecast_level = 'sku_warehouse_week'",
    )
    assert origin < business_date and origin.weekday() == 6
    assert ask(
        forecast,
        "select bool_and(week_start_date + 6 < business_date) from marts.fct_demand_weekly "
        "cross join marts.as_of where is_complete",
    ) == [(True,)]


def test_version_with_forecasts_is_audited_and_published(forecast: Settings) -> None:
    assert audit(forecast).passed
    version = publish(forecast)
    with duckdb.connect(str(version.path), read_only=True) as connection:
        assert connection.execute("select count(*) > 0 from marts.fct_forecast where is_current").fetchall() == [
            (True,)
        ]


def test_series_that_did_not_change_are_not_computed_again(forecast: Settings) -> None:
    record = load_record(forecast)
    assert record is not None
    with open_built_tables(forecast) as connection:
        again = Forecasts().compute(connection, datetime.fromisoformat(record.as_of))
    assert {name: frame.height for name, frame in again.items()} == {"forecasts": 0, "backtests": 0}


def test_short_series_follow_the_curve_of_their_category(forecast: Settings) -> None:
    rows = ask(
        forecast,
        "select distinct f.sku, f.model_reason from marts.fct_forecast f where model = 'category_curve'",
    )
    assert rows and all("category" in reason for _, reason in rows)


@pytest.mark.parametrize(
    ("model", "number"),
    [
        ("int_demand_daily", 1),
        ("int_stock_outs", 1),
        ("fct_prediction_runs", 1),
        ("fct_lead_time_demand", 2),
        ("fct_reorder_receipts", 1),
        ("fct_reorder_stock_outs", 1),
        ("fct_reorder_proposals", 1),
        ("fct_service_levels", 1),
        ("fct_purchase_proposals", 1),
        ("fct_forecast_outcomes", 1),
        ("fct_revenue_outlook", 1),
        ("fct_carrier_mix", 1),
        ("fct_product_performance", 1),
    ],
)
def test_definitions_hold_in_their_unit_tests(home: Settings, model: str, number: int) -> None:
    outcome = invoke(home, ["test", "--select", f"test_type:unit,{model}"], variables={})
    assert outcome.success
    assert [str(each.status) for each in outcome.result.results].count("pass") == number
