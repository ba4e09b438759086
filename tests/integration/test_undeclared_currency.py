"""Tests of a merchant who declares no reporting currency: the wholesaler's files, then an order in another currency."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from orderhouse.serve.rates import MISSING_RATES

from tests.dashboards.walk.walking import assert_walk_is_clean
from tests.integration.running import data_folder, published_file, real_data, run_orderhouse

DAYS = ("2010-12-01.csv", "2010-12-02.csv")
SUMS = """
    select sum(net_sales_amount), sum(net_sales_amount_reporting), count(*) filter (net_sales_amount_reporting is null)
    from marts.fct_revenue_daily where recognition_clock = 'placed'
"""
SOURCES = """\
sources:
  online_retail: {format: online_retail, path: shop/*.csv}
  dollars: {format: canonical, feed: orders, path: dollars/*.csv}
"""
DOLLARS = "order_id,placed_at,updated_at,currency\nUSD-1,2010-12-01T12:00:00Z,2010-12-01T12:00:00Z,USD\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a home, a sources file without merchant, and two days of files."""
    found = tmp_path_factory.mktemp("undeclared")
    real_data("online_retail", found)  # skips if the data is not there
    (found / "shop").mkdir()
    for name in DAYS:
        (found / "shop" / name).symlink_to(data_folder() / "online_retail" / name)
    (found / "sources.yaml").write_text(SOURCES)
    return found


@pytest.fixture(scope="module")
def first(folder: Path) -> str:
    """Return what the run over the wholesaler's files printed."""
    return run_orderhouse("run", "--sources", str(folder / "sources.yaml"), "--as-of", "data", home=folder / "home")


def asked(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(published_file(folder / "home")), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_revenue_is_in_the_currency_of_all_orders(folder: Path, first: str) -> None:
    ((net, reporting, missing),) = asked(folder, SUMS)
    assert net == reporting and missing == 0 and isinstance(net, Decimal) and net > 40_000
    assert asked(folder, MISSING_RATES) == []
    assert "Reports are in GBP, the currency of all orders." in first
    assert "amounts are missing" not in first


def test_every_page_is_right_in_the_currency_of_all_orders(
    folder: Path, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_walk_is_clean(folder / "home", monkeypatch)


def test_another_currency_without_rates_is_said_with_what_to_do(folder: Path, first: str) -> None:
    (folder / "dollars").mkdir()
    (folder / "dollars" / "orders.csv").write_text(DOLLARS)
    printed = run_orderhouse("run", "--sources", str(folder / "sources.yaml"), home=folder / "home")
    assert "because sources.yaml states no `merchant: reporting_currency:`" in printed
    orders = asked(folder, "select count(*) from ops.orders where currency = 'GBP'")[0][0]
    assert f"{orders} orders are in GBP, and amounts are missing from the figures in EUR." in printed
    assert "write `merchant: {reporting_currency: GBP}` into sources.yaml" in printed
    ((_, reporting, missing),) = asked(folder, SUMS)
    assert reporting is None and missing
    assert asked(
        folder,
        "select distinct severity from ops.exceptions where code = 'missing_fx_rate' and subject_type = 'currency'",
    ) == [("critical",)]
    assert asked(folder, "select as_of from marts.as_of")[0][0].year == 2010  # the clock of the first run is kept


def test_every_page_is_right_where_rates_are_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(folder, MISSING_RATES)
    assert_walk_is_clean(folder / "home", monkeypatch)


def test_declaring_the_currency_mends_it(folder: Path, first: str) -> None:
    (folder / "sources.yaml").write_text("merchant: {reporting_currency: GBP}\n" + SOURCES)
    printed = run_orderhouse("run", "--sources", str(folder / "sources.yaml"), home=folder / "home")
    assert "Reports are in" not in printed and "orders are in GBP" not in printed
    ((net, reporting, _),) = asked(folder, SUMS + " and currency = 'GBP'")
    assert net == reporting
