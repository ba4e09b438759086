"""Pages with data, without rows, without their tables, and before the first publication."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tests.dashboards.conftest import Open, said, table_with
from tests.dashboards.published_home import columns_by_table, publish

TITLES = {
    "today": "Today",
    "orders": "Orders",
    "exceptions": "Exceptions",
    "fulfilment": "Fulfilment",
    "routing": "Routing",
    "shipments": "Shipments",
    "inventory": "Inventory",
    "returns": "Returns",
    "messages": "Messages",
    "revenue": "Revenue",
    "payments": "Payments",
    "customers": "Customers",
    "feedback": "Feedback",
    "kpis": "KPIs",
    "forecasts": "Forecasts",
    "products": "Products",
    "rules": "Rules",
    "campaigns": "Campaigns",
    "schedules": "Schedules",
    "data_quality": "Data quality",
    "sql": "SQL",
    "exports": "Exports",
    "audit_log": "Audit log",
    "settings": "Settings",
}
NEEDS_NEWER = "was built by another release"


@pytest.mark.parametrize("page", TITLES)
def test_page_opens_with_every_part_filled(page: str, published: Path, open_page: Open) -> None:
    app = open_page(published, page)
    assert [title.value for title in app.title] == [TITLES[page]]
    assert not app.exception
    assert NEEDS_NEWER not in said(app)
    assert "Version 1" in said(app)


@pytest.mark.parametrize("page", TITLES)
def test_page_opens_on_a_warehouse_without_rows(page: str, tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, empty=True)
    app = open_page(tmp_path, page)
    assert [title.value for title in app.title] == [TITLES[page]]
    assert not app.exception
    assert NEEDS_NEWER not in said(app)


@pytest.mark.parametrize(
    "page",
    sorted(TITLES.keys() - {"audit_log", "campaigns", "exports", "messages", "rules", "schedules", "settings", "sql"}),
)
def test_version_of_another_release_is_explained_without_a_traceback(
    page: str, tmp_path: Path, open_page: Open
) -> None:
    gone = [table for table in columns_by_table() if table != "marts.as_of"]
    publish(tmp_path, orders=50, without=gone)
    app = open_page(tmp_path, page)
    assert not app.exception
    assert NEEDS_NEWER in said(app)
    assert "Catalog Error" not in said(app)


@pytest.mark.parametrize(
    ("page", "table", "kept"),
    [
        ("customers", "marts.fct_customer_segments", "Cohorts"),
        ("inventory", "marts.dim_products", "Ledger"),
        ("fulfilment", "ops.order_lines", "Carriers"),
        ("payments", "marts.fct_payment_ledger", "Which breaks are there?"),
        ("data_quality", "quality.audit", "Files"),
    ],
)
def test_one_missing_table_leaves_the_rest_of_the_page(
    page: str, table: str, kept: str, tmp_path: Path, open_page: Open
) -> None:
    publish(tmp_path, orders=50, without=[table])
    app = open_page(tmp_path, page)
    assert NEEDS_NEWER in said(app)
    assert [title.value for title in app.title] == [TITLES[page]]
    assert kept in [header.value for header in app.subheader]


def test_payments_lists_closed_months_and_what_was_restated_in_them(published: Path, open_page: Open) -> None:
    app = open_page(published, "payments", payments_view="Closed months")
    (month,) = table_with(app, "restated_figures_count").rows
    assert (month["month"], month["actor"], month["net_sales_difference_amount_reporting"]) == (
        "2026-02",
        "mia",
        "30.00",
    )
    assert [row["measure"] for row in table_with(app, "difference_amount_reporting").rows] == [
        "Gross sales",
        "Net sales",
    ]


def test_payments_says_that_no_month_is_closed(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, empty=True)
    page = said(open_page(tmp_path, "payments", payments_view="Closed months"))
    assert "No month is closed." in page
    assert "No month with revenue is over and open." in page


def test_data_quality_warns_of_overdue_feeds_gaps_and_control_totals(published: Path, open_page: Open) -> None:
    page = said(open_page(published, "data_quality"))
    assert "Tracking of carrier is overdue: a file is expected every 6h." in page
    assert "1 file differs from its control totals." in page
    assert "4 numbers are missing from numbered ids or file names" in page


def test_data_quality_warns_of_quiet_feeds_as_the_audit_does(published: Path, open_page: Open) -> None:
    app = open_page(published, "data_quality")
    assert (
        "Payments of psp is quiet: no new event since 27 Mar 2026, 4 days before this version's clock. "
        "Its usual rhythm allows 3.0 days." in said(app)
    )
    assert not [told.value for told in app.success if "in time" in told.value]


def test_ages_are_elapsed_hours_and_rates_have_days(tmp_path: Path, open_page: Open) -> None:
    path = publish(tmp_path)
    description = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    description |= {"published_at": "2026-03-31T09:59:00+00:00", "business_time_zone": "Pacific/Auckland"}
    path.with_suffix(".json").write_text(json.dumps(description), encoding="utf-8")
    rows = {row["feed"]: row for row in table_with(open_page(tmp_path, "data_quality"), "freshness_status").rows}
    assert rows["Fx rates"]["age_hours"] == "1.5", "no hour boundaries, of which there is one"
    assert rows["Fx rates"]["newest_event_date"] == "28 Mar 2026"
    assert rows["Fx rates"]["newest_event_at"] is None


def test_checks_show_their_outcome_and_failed_checks_the_consequence(tmp_path: Path, open_page: Open) -> None:
    rows = table_with(open_page(publish(tmp_path).parents[1], "data_quality"), "outcome").rows
    assert {(row["outcome"], row["consequence"]) for row in rows} == {
        ("Warned", "Published with a warning"),
        ("Passed", None),
    }
    assert list(rows[0])[0] == "outcome" and "severity" not in rows[0]


def test_files_are_shown_by_name_with_their_path_last(published: Path, open_page: Open) -> None:
    for first_key in ("ignored_columns", "quarantine_id"):
        rows = table_with(open_page(published, "data_quality"), first_key).rows
        assert rows and list(rows[0])[-1] == "path"
        assert all(str(row["path"]).endswith(f"/{row['file_name']}") for row in rows)


def test_page_names_the_command_before_the_first_version(tmp_path: Path, open_page: Open) -> None:
    app = open_page(tmp_path)
    assert [title.value for title in app.title] == ["Nothing is published yet"]
    assert "orderhouse run" in said(app)


def test_unexpected_failure_shows_a_sentence_and_logs_the_traceback(
    published: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from orderhouse import charts

    monkeypatch.setattr(charts, "ranked", lambda *_, **__: 1 / 0)
    with caplog.at_level(logging.ERROR):
        app = open_page(published, "exceptions")
    assert not app.exception
    assert "This page could not be shown" in said(app)
    assert "ZeroDivisionError" not in said(app)
    assert "ZeroDivisionError" in caplog.text


def test_wrong_setting_is_named(published: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHOUSE_KEEP_VERSIONS", "none at all")
    app = open_page(published)
    assert "The settings cannot be read" in said(app)
    assert "KEEP_VERSIONS" in said(app).upper()
