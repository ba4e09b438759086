"""Every page opens: with data, without rows, without its tables, and before anything is published."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.dashboards.conftest import Open, said
from tests.dashboards.published_home import columns_by_table, publish

TITLES = {
    "overview": "Overview",
    "orders": "Orders",
    "exceptions": "Exceptions",
    "fulfilment": "Fulfilment",
    "inventory": "Inventory",
    "revenue": "Revenue",
    "customers": "Customers",
    "data_quality": "Data quality",
    "exports": "Exports",
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


@pytest.mark.parametrize("page", [page for page in TITLES if page != "exports"])
def test_version_of_another_release_is_explained_not_traced(page: str, tmp_path: Path, open_page: Open) -> None:
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
        ("revenue", "marts.fct_payout_reconciliation", "Reconciliation"),
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


def test_data_quality_says_what_is_overdue_missing_and_not_as_stated(published: Path, open_page: Open) -> None:
    page = said(open_page(published, "data_quality"))
    assert "Tracking of carrier is overdue: a file is expected every 6h." in page
    assert "1 file is not as the control totals state." in page
    assert "4 numbers are missing from what is numbered" in page


def test_before_the_first_version_the_reader_is_told_what_to_type(tmp_path: Path, open_page: Open) -> None:
    app = open_page(tmp_path)
    assert [title.value for title in app.title] == ["Nothing is published yet"]
    assert "orderhouse run" in said(app)


def test_unexpected_failure_shows_a_sentence_and_logs_the_traceback(
    published: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import charts

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
