"""Pages Forecasts and Products, and the purchase proposals of Inventory: figures, origins, records and empty states."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboards.conftest import Open, open_row, said, table_with
from tests.dashboards.published_home import publish
from tests.dashboards.test_numbers import ask


def test_demand_names_its_origin_and_marks_weeks_without_stock(published: Path, open_page: Open) -> None:
    ((series,),) = ask(
        published, "select min(sku) || '|unassigned' from marts.fct_stock_outs where warehouse_id = 'unassigned'"
    )
    page = said(open_page(published, "forecasts", demand_by="sku", series=series))
    assert "Forecast from 29 Mar 2026 by auto_ets: the usual model" in page
    # From Tuesday to Friday of one week.
    assert "Red diamonds: 1 week with a day without stock" in page


def test_record_of_a_series_stands_beside_its_baseline_and_average(published: Path, open_page: Open) -> None:
    rows = table_with(open_page(published, "forecasts"), "mase", "method").rows
    assert [(row["method"], row["wape_rate"], row["coverage_rate"]) for row in rows] == [
        ("Forecast", "40.0 %", "79.2 %"),
        ("Baseline", "50.0 %", "75.0 %"),
        ("Average of 13 periods", "43.3 %", "79.2 %"),
    ]


def test_picked_series_is_shown(published: Path, open_page: Open) -> None:
    app = open_page(published, "forecasts")
    second = table_with(app, "expected_in_all").rows[1]["category"]
    assert f"**{second}**" not in said(app)
    app = open_row(app, "forecast_series", 1)
    assert f"**{second}**" in said(app)


def test_weeks_stand_beside_targets_of_all_channels(published: Path, open_page: Open) -> None:
    rows = table_with(open_page(published, "forecasts", forecasts_view="Net sales"), "p90_net_sales_reporting").rows
    assert [row["target_amount_reporting"] for row in rows] == ["24,000.00", *["28,000.00"] * 3, "4,000.00"]
    app = open_page(published, "forecasts", forecasts_view="Net sales", outlook_channel="web")
    assert {row["target_amount_reporting"] for row in table_with(app, "p90_net_sales_reporting").rows} == {None}


def test_what_was_said_is_compared_with_what_came(published: Path, open_page: Open) -> None:
    app = open_page(published, "forecasts", forecasts_view="What was said")
    ((within,),) = ask(
        published,
        "select avg(is_within::integer) from marts.fct_forecast_outcomes where forecast_level = 'category_week'",
    )
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Within p10–p90"] == f"{within:.1%}".replace("%", " %")
    assert "what the forecast of 22 Feb 2026 had said" in said(app)


@pytest.mark.parametrize(("level", "z"), [("0.95", 1.644854), ("0.99", 2.326348)])
def test_service_level_changes_the_safety_stock(level: str, z: float, published: Path, open_page: Open) -> None:
    app = open_page(published, "forecasts", forecasts_view="Service level", level=level)
    ((units,),) = ask(
        published,
        f"select sum(ceil({z} * lead_deviation_quantity)) from marts.fct_reorder_proposals "
        "where position_level = 'network'",
    )
    assert {metric.label: metric.value for metric in app.metric}["Units"] == f"{units:,.0f}"


def test_share_of_parcels_scales_what_another_carrier_would_change(published: Path, open_page: Open) -> None:
    moved = [
        float(
            next(
                metric.value
                for metric in open_page(published, "forecasts", forecasts_view="Carriers", share=share).metric
                if metric.label == "Parcels moved"
            ).replace(",", "")
        )
        for share in ("0.5", "1.0")
    ]
    assert moved[0] > 0 and moved[1] == pytest.approx(2 * moved[0], abs=1)


@pytest.mark.parametrize("view", ["Demand", "Net sales", "Record"])
def test_home_that_has_not_predicted_says_how_to(view: str, tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, empty=True)
    page = said(open_page(tmp_path, "forecasts", forecasts_view=view))
    assert "Nothing has been forecast yet. The daily schedule and `orderhouse predict forecasts` do." in page


def test_lines_of_a_supplier_say_their_basis_and_record(published: Path, open_page: Open) -> None:
    app = open_page(published, "inventory")
    first = table_with(app, "forecast_lines_count").rows[0]
    app = open_row(app, "purchase_proposals", 0)
    rows = table_with(app, "basis_reason").rows
    assert len(rows) == int(str(first["lines_count"])) and {row["supplier"] for row in rows} == {first["supplier"]}
    assert {row["basis"] for row in rows} <= {"Forecast", "Window"} and {row["origin_date"] for row in rows} == {
        "29 Mar 2026"
    }
    assert "lines rest on forecasts from 29 Mar 2026" in said(app)


def test_products_of_a_trend_and_what_is_bought_with_one(published: Path, open_page: Open) -> None:
    app = open_page(published, "products", trend="rising")
    ((number,),) = ask(
        published,
        "select count(*) from marts.fct_product_performance where item_level = 'sku' and change_low_per_week > 0",
    )
    listed = next(table for table in (table_with(app, "margin_rate", "product"),))
    assert number > 0 and {row["trend"] for row in listed.rows} == {"Rising"} and len(listed.rows) == number
    app = open_row(app, "product_performance", 0)
    assert {row["sku"] for row in table_with(app, "lift").rows} == {listed.rows[0]["item"]}
