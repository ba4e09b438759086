"""Tests of the expectations: each planted fault is found, and refuses publication or only warns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from orderhouse.audit.built import open_built
from orderhouse.audit.checks import AuditCheck
from orderhouse.audit.expectations import EXPECTATIONS
from orderhouse.audit.suite import run_suites
from orderhouse.audit.summaries import SUMMARIES, read_frame
from orderhouse.settings import Settings

from tests.audit.built_warehouse import make_built, plant


@pytest.fixture
def built(tmp_path: Path) -> Iterator[Settings]:
    yield make_built(tmp_path / "home")


def failed(settings: Settings, *names: str) -> dict[str, AuditCheck]:
    """Return those of the named expectations that fail, by name."""
    wanted = [expected for expected in EXPECTATIONS if expected.name in names]
    assert len(wanted) == len(names), "the expectation was renamed"
    with open_built(settings) as connection:
        checks = run_suites(connection, settings.home / "audit", SUMMARIES, wanted)
    return {check.name: check for check in checks if not check.passed}


FAULTS = [
    (
        "gross_less_discounts_less_returns_is_net_sales",
        "update marts.fct_revenue_daily set net_sales_amount = 0.01 where business_date = '2026-03-01'",
        "2026-03-01",
    ),
    (
        "net_sales_with_tax_and_shipping_is_total_sales",
        "update marts.fct_revenue_daily set tax_amount = 0.01 where business_date = '2026-03-02'",
        "2026-03-02",
    ),
    (
        "every_sale_has_a_day_and_a_currency",
        "update marts.fct_revenue_daily set currency = null where business_date = '2026-03-02'",
        "2026-03-02",
    ),
    (
        "no_rate_exceeds_all",
        "update marts.fct_kpi_daily set numerator = denominator + 1 where business_date = '2026-03-02'",
        "kpi=cancellation_rate",
    ),
    (
        "every_rate_lies_between_nothing_and_all",
        "update marts.fct_kpi_daily set numerator = -1 where business_date = '2026-03-02'",
        "kpi=cancellation_rate",
    ),
    (
        "every_kpi_is_in_the_catalogue",
        "update marts.fct_kpi_daily set kpi = 'luck' where business_date = '2026-03-02'",
        "kpi=luck",
    ),
    (
        "sales_and_cash_are_explained_to_the_cent",
        "update marts.fct_payment_reconciliation set unexplained_amount = 0.01 where order_id = 'O-12'",
        "O-12",
    ),
    (
        "captured_less_refunded_less_due_is_the_difference",
        "update marts.fct_payment_reconciliation set captured_amount = captured_amount + 1 where order_id = 'O-13'",
        "O-13",
    ),
    (
        "every_payment_difference_has_a_type",
        "update marts.fct_payment_reconciliation set break_type = null where order_id = 'O-14'",
        "O-14",
    ),
    (
        "lines_add_up_to_their_orders_net_amount",
        "update marts.fct_order_lines set net_amount = net_amount - 0.01 where order_id = 'O-15'",
        "O-15",
    ),
    (
        "lines_add_up_to_their_orders_quantity",
        "delete from marts.fct_order_lines where order_id = 'O-16'",
        "O-16",
    ),
    (
        "every_ledger_row_closes",
        "update marts.fct_inventory_ledger set shipped_quantity = 1 where sku = 'SKU-1' and opening_quantity = 20",
        "SKU-1",
    ),
    (
        "every_ledger_day_opens_where_the_last_one_closed",
        "delete from marts.fct_inventory_ledger where sku = 'SKU-2' and opening_quantity = 20",
        "SKU-2",
    ),
    (
        "rows_in_are_accepted_duplicate_or_quarantined",
        "update quality.files set accepted = accepted - 1",
        "orders.csv",
    ),
    (
        "every_order_status_is_one_of_ours",
        "update marts.fct_orders set order_status = 'paid' where order_id = 'O-1'",
        "O-1",
    ),
]


@pytest.mark.parametrize(("name", "fault", "named"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_planted_fault_refuses_and_is_named(built: Settings, name: str, fault: str, named: str) -> None:
    assert failed(built, name) == {}
    plant(built, fault)
    check = failed(built, name)[name]
    assert check.refuses
    assert check.failed_rows > 0
    assert named in check.sentence()
    assert "Look at" in check.detail


def test_a_day_without_orders_warns(built: Settings) -> None:
    plant(built, "delete from marts.fct_orders where placed_date = '2026-03-25'")
    check = failed(built, "orders_per_day_are_not_unusually_few")["orders_per_day_are_not_unusually_few"]
    assert check.severity == "warn"
    assert "2026-03-25" in check.sentence()


def test_a_day_of_many_times_the_orders_warns(built: Settings) -> None:
    plant(
        built,
        "insert into marts.fct_orders select orders.* replace ('N-' || order_id as order_id)"
        " from marts.fct_orders as orders, range(9) where placed_date = '2026-03-25'",
    )
    assert "orders_per_day_are_not_unusually_many" in failed(built, "orders_per_day_are_not_unusually_many")


def test_a_short_history_has_no_band(built: Settings) -> None:
    plant(built, "delete from marts.fct_orders where placed_date < '2026-03-20' or placed_date = '2026-03-25'")
    assert failed(built, "orders_per_day_are_not_unusually_few", "orders_per_day_are_not_unusually_many") == {}


@pytest.mark.parametrize("status", ["overdue", "quiet"])
def test_a_feed_that_is_not_fresh_warns(built: Settings, status: str) -> None:
    plant(
        built,
        f"insert into quality.freshness values ('shop', 'payments', null, '{status}', null, 4, 3.0),"
        " ('shop', 'returns', null, 'fresh', null, 90, null)",
    )
    check = failed(built, "every_feed_is_fresh")["every_feed_is_fresh"]
    assert (check.severity, check.failed_rows) == ("warn", 1)
    assert "feed=payments" in check.sentence()


def test_a_missing_table_refuses(built: Settings) -> None:
    plant(built, "drop table marts.fct_inventory_ledger")
    check = failed(built, "every_ledger_row_closes")["every_ledger_row_closes"]
    assert check.refuses
    assert "marts.fct_inventory_ledger is not in the warehouse" in check.detail


def test_an_expectation_over_nothing_is_no_expectation(built: Settings) -> None:
    plant(built, "update marts.kpi_catalogue set unit = 'percent' where unit = 'share'")
    check = failed(built, "no_rate_exceeds_all")["no_rate_exceeds_all"]
    assert check.refuses
    assert "nothing was checked" in check.detail


def test_a_merchant_without_a_day_of_any_rate_can_publish(built: Settings) -> None:
    plant(built, "update marts.fct_kpi_daily set kpi = 'orders', denominator = null")
    assert not failed(built, "every_rate_lies_between_nothing_and_all", "no_rate_exceeds_all")


def test_rows_in_quarantine_of_a_replaced_load_do_not_count(built: Settings) -> None:
    replaced = "'shop', 'orders', 'orders.csv', 'loaded', 100, 0, 0, 100"
    plant(built, f"insert into quality.files values ({replaced}, false)")
    with open_built(built) as connection:
        counted = read_frame(connection, SUMMARIES["files_by_feed"])
    plant(built, "update quality.files set is_superseded = true where quarantined = 100")
    with open_built(built) as connection:
        replaced = read_frame(connection, SUMMARIES["files_by_feed"])
    assert (list(counted["quarantined_rate"]), list(replaced["quarantined_rate"])) == ([100 / 2800], [0])


def test_summaries_stay_small(built: Settings) -> None:
    with open_built(built) as connection:
        sizes = {name: len(read_frame(connection, summary)) for name, summary in SUMMARIES.items()}
    assert max(sizes.values()) <= 100, sizes


def test_every_expectation_has_a_summary_and_every_summary_is_looked_at() -> None:
    assert {expected.summary for expected in EXPECTATIONS} == set(SUMMARIES)
    assert len({expected.name for expected in EXPECTATIONS}) == len(EXPECTATIONS)
