"""Texts of figures: their period, count and judgement in the words of the pages."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from shared import formats
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import Open, said, tables_of
from tests.dashboards.published_home import publish

RETENTION = """
    select sum(numerator) / sum(denominator) from marts.fct_kpi_daily
    where kpi = 'retention_90d' and dimension = 'all' and business_date between ? and ?
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish 1,200 orders, 400 gaps of two numbers each, and a KPI that is better neither higher nor lower."""
    home = tmp_path_factory.mktemp("many")
    with duckdb.connect(str(publish(home, orders=1200))) as connection:
        connection.execute("""
            insert into quality.sequence_gaps by name
            select 'shop' as source, 'orders' as feed, 'order_id' as column_name, 'N' as prefix, n as gap_from,
                n + 2 as gap_to, 2 as missing, 0 as in_quarantine, timestamp '2026-03-26 06:00:00' as noticed_at
            from range(400) as numbers (n)
        """)
        connection.execute("update marts.kpi_catalogue set direction = 'neither', target = 3 where kpi = 'orders'")
    return home


def figure(app: AppTest, name: str) -> str:
    return next(str(metric.value) for metric in app.metric if metric.label == name)


def headings(app: AppTest) -> set[str]:
    return {heading for table in tables_of(app) for heading in table.headings.values()}


def test_retention_is_of_days_that_are_over_and_says_which(many: Path, open_page: Open) -> None:
    with duckdb.connect(
        str(many / "published" / (many / "published" / "current").read_text()), read_only=True
    ) as connection:
        ((clock,),) = connection.execute("select business_date from marts.as_of").fetchall()
        assert str(clock) == "2026-03-31"
        ((expected,),) = connection.execute(RETENTION, ["2025-10-03", "2025-12-31"]).fetchall()
    app = open_page(many, "customers")
    assert figure(app, "Retention, 90 days") == formats.per_cent(expected)
    assert "customers with a first purchase 3 Oct 2025 to 31 Dec 2025" in said(app)
    assert "still change: Retention" not in said(app)


def test_figures_of_days_that_still_change_are_named(many: Path, open_page: Open) -> None:
    assert "Not final, because some days still change: On-time delivery." in said(open_page(many, "fulfilment"))
    assert "Not final" not in said(open_page(many, "feedback"))


def test_a_target_beside_a_kpi_is_never_called_none(many: Path, open_page: Open) -> None:
    (table,) = [table for table in tables_of(open_page(many, "kpis")) if "verdict" in table.headings]
    assert next(row["state"] for row in table.rows if row["name"] == "Orders placed") == "Not judged"
    has_target = {"On target", "Off target", "Not judged", "No value"}
    for row in table.rows:
        assert (row["state"] in has_target) == str(row["verdict"]).startswith("Target"), row


def test_two_amounts_per_order_have_two_names(many: Path, open_page: Open) -> None:
    found = headings(open_page(many, "customers"))
    assert {"Average order value (EUR)", "Net spend per order (EUR)"} <= found
    assert not any(heading.startswith("Per order") for heading in found)


def test_missing_numbers_are_those_of_all_gaps(many: Path, open_page: Open) -> None:
    assert "804 numbers are missing" in said(open_page(many, "data_quality", quality_view="Feeds"))


def test_numbers_beside_buttons_follow_the_locale(many: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHOUSE_LOCALE", "de")
    try:
        assert "All 1.200 that match" in [box.label for box in open_page(many, "orders").checkbox]
    finally:
        formats.use_locale("en")


def test_a_number_agrees_with_its_noun() -> None:
    assert formats.counted(1, "unit") == "1 unit"
    assert formats.counted(0, "unit") == "0 units"
    assert formats.counted(1234, "order names", "orders name") == "1,234 orders name"
