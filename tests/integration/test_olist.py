"""Tests of the marketplace data, end to end. Every number was counted in the source files, outside the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.dashboards.walk.walking import assert_walk_is_clean
from tests.integration.running import published_file, real_data, run_steps


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the home of the marketplace data."""
    home = tmp_path_factory.mktemp("olist")
    run_steps(home, real_data("olist", home))
    return home


@pytest.fixture(scope="module")
def olist(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return the published warehouse of the marketplace data, read only."""
    with duckdb.connect(str(published_file(home)), read_only=True) as connection:
        yield connection


def one(connection: duckdb.DuckDBPyConnection, sql: str) -> object:
    """Return the single value of a query."""
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def test_every_order_is_there(olist: duckdb.DuckDBPyConnection) -> None:
    assert one(olist, "select count(*) from marts.fct_orders") == 14_318


def test_line_amounts_as_ordered_and_freight_add_up_to_the_cent(olist: duckdb.DuckDBPyConnection) -> None:
    assert one(olist, "select sum(ordered_net_amount) from marts.fct_order_lines") == Decimal("1940489.10")
    assert one(olist, "select sum(ordered_shipping_amount) from marts.fct_orders") == Decimal("325305.27")


def test_payments_add_up_by_method(olist: duckdb.DuckDBPyConnection) -> None:
    by_method = dict(
        olist.execute(
            "select method, sum(amount) from marts.fct_payment_ledger "
            "where kind = 'captured' and amount <> 0 group by all"
        ).fetchall()
    )
    assert by_method == {
        "credit_card": Decimal("1776178.75"),
        "boleto": Decimal("424919.32"),
        "voucher": Decimal("59793.58"),
        "debit_card": Decimal("30180.19"),
    }
    assert one(olist, "select sum(captured_amount) from marts.fct_payment_reconciliation") == Decimal("2291071.84")


def test_delivered_and_late_orders(olist: duckdb.DuckDBPyConnection) -> None:
    assert one(olist, "select count(*) from marts.fct_orders where delivered_at is not null") == 13_910
    assert one(olist, "select count(*) from marts.fct_orders where was_late") == 922
    assert one(olist, "select count(*) from marts.fct_orders where promise_is_date_only") == 14_318


def test_orders_without_lines_hold_money_that_the_reconciliation_names(olist: duckdb.DuckDBPyConnection) -> None:
    assert one(
        olist,
        "select count(*), sum(captured_amount) from marts.fct_payment_reconciliation "
        "where break_type = 'order_without_lines' "
        "or order_id in (select order_id from marts.fct_orders where lines_count = 0)",
    ) == (110, Decimal("25128.94"))
    assert one(olist, "select count(*) from marts.fct_exceptions where code = 'order_without_lines'") == 110


def test_captured_money_against_what_was_ordered(olist: duckdb.DuckDBPyConnection) -> None:
    assert one(
        olist,
        """
        select
            count(*),
            count(*) filter (where r.captured_amount = r.ordered_due_amount),
            count(*) filter (where abs(r.captured_amount - r.ordered_due_amount) = 0.01),
            count(*) filter (where abs(r.captured_amount - r.ordered_due_amount) > 0.01)
        from marts.fct_payment_reconciliation as r
        join marts.fct_orders as o using (order_id)
        where o.lines_count > 0 and r.captured_amount > 0
        """,
    ) == (14_207, 14_126, 36, 45)


def test_cancelled_orders_whose_money_was_never_returned_are_named(olist: duckdb.DuckDBPyConnection) -> None:
    in_reconciliation = one(
        olist,
        "select count(*) from marts.fct_payment_reconciliation where break_type = 'cancelled_not_refunded'",
    )
    expected = one(
        olist,
        "select count(*) from marts.fct_orders where order_status = 'cancelled' and captured_amount > refunded_amount "
        "and lines_count > 0",
    )
    assert in_reconciliation == expected
    assert expected > 0
    raised = one(olist, "select count(*) from marts.fct_exceptions where code = 'cancelled_not_refunded'")
    assert raised >= expected


def test_customers_are_people_not_orders(olist: duckdb.DuckDBPyConnection) -> None:
    assert one(olist, "select count(*), count(*) filter (where orders_count > 1) from marts.dim_customers") == (
        14_242,
        73,
    )


def test_nothing_is_said_about_stock_that_is_not_covered(olist: duckdb.DuckDBPyConnection) -> None:
    stock_codes = "('negative_stock', 'oversold', 'backordered', 'stock_count_gap', 'transfer_gap')"
    assert one(olist, f"select count(*) from marts.fct_exceptions where code in {stock_codes}") == 0
    assert one(olist, "select count(*) from marts.fct_inventory_positions") == 0
    assert one(olist, "select sum(allocated_quantity + backordered_quantity) from marts.fct_order_lines") == 0


def test_every_row_of_every_file_is_accounted_for(olist: duckdb.DuckDBPyConnection) -> None:
    assert one(olist, "select count(*) from quality.files where rows_in <> accepted + duplicate + quarantined") == 0


def test_source_files_are_where_the_test_says(olist: duckdb.DuckDBPyConnection) -> None:
    paths = {Path(path).name for (path,) in olist.execute("select distinct path from quality.files").fetchall()}
    assert "olist_orders_dataset.csv" in paths


def test_every_page_is_right(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_walk_is_clean(home, monkeypatch)
