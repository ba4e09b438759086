"""Tests of small files with faults, through a whole run: the findings are in the tables and in the output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.integration.running import published_file, run_orderhouse, run_steps

AS_OF = "2030-01-01T00:00:00Z"
SOURCES = """
sources:
  shop:
    format: canonical
    path: shop/*
    covers: [orders, order_lines, payments]
    numbered: {orders: order_id, files: 'orders-(\\d+)'}
    expect_every: {orders: 1d, returns: 2w}
"""
HEADER = "order_id,placed_at,updated_at,currency,channel,ship_postcode"
AT = "2026-01-02T03:04:05Z"


def orders(numbers: range | list[int], header: str = HEADER, **changed: str) -> str:
    """Return orders of these numbers as CSV. `changed` replaces values of columns."""
    usual = {"placed_at": AT, "updated_at": AT, "currency": "EUR", "channel": "web", "ship_postcode": "10115"}
    names = header.split(",")
    rows = [{**usual, **changed, "order_id": f"A-{number:04}"} for number in numbers]
    return "\n".join([header, *(",".join(row[name] for name in names) for row in rows)]) + "\n"


def payments(first: int, *kinds: str) -> str:
    rows = [f"p{number},A-0001,{kind},10.05,EUR,{AT}" for number, kind in enumerate(kinds, first)]
    return "\n".join(["payment_id,order_id,kind,amount,currency,occurred_at", *rows]) + "\n"


FILES = {
    **{f"orders-{number}.csv": orders([2 * number - 1, 2 * number]) for number in range(1, 8)},
    # a volume spike, an extra column, a postcode that is not a number, and ids from 15 on; 17 is in quarantine
    "orders-8.csv": orders([15, 16, *range(18, 120)], HEADER + ",gift_note", ship_postcode="K1A 0B1", gift_note="none")
    + orders([17], HEADER + ",gift_note", currency="Euro", gift_note="none").partition("\n")[2],
    # a missing column; ids 120 to 124 and file 9 missing
    "orders-90.csv": orders([125, 126], "order_id,placed_at,updated_at,currency,ship_postcode"),
    "payments-1.csv": payments(1, "captured", "captured"),
    "payments-1.csv.control.json": '{"rows": 2, "sums": {"amount": "20.10"}}',
    "payments-2.csv": payments(3, "captured", "chargeback"),
    # refused as a whole: without amounts
    "payments-3.csv": "payment_id,order_id,kind,currency,occurred_at\n",
    "payments-2.csv.control.json": '{"rows": 3, "sums": {"amount": "20.10"}}',
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a home that loaded these files in one run."""
    folder = tmp_path_factory.mktemp("controlled")
    (folder / "shop").mkdir()
    (folder / "sources.yaml").write_text(SOURCES)
    for name, text in FILES.items():
        (folder / "shop" / name).write_text(text)
    output = run_steps(folder / "home", folder / "sources.yaml", AS_OF)
    assert "Published version 1" in output
    assert "payments-2.csv.control.json states 3 rows, but shop/payments-2.csv has 2." in output
    return folder / "home"


def ask(home: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(published_file(home)), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_control_total_that_differs_marks_its_file(home: Path) -> None:
    found = ask(home, "select path, measure, expected, actual, status from quality.controls order by path, measure")
    assert found == [
        ("shop/payments-1.csv", "amount", "20.10", "20.1", "passed"),
        ("shop/payments-1.csv", "rows", "2", "2", "passed"),
        ("shop/payments-2.csv", "amount", "20.10", "20.1", "passed"),
        ("shop/payments-2.csv", "rows", "3", "2", "failed"),
    ]
    status = "select path, control_status, status from quality.files where path like '%payments%' order by path"
    assert ask(home, status) == [
        ("shop/payments-1.csv", "passed", "loaded"),
        ("shop/payments-2.csv", "failed", "loaded"),
        ("shop/payments-3.csv", None, "rejected"),
    ]


def test_what_is_missing_from_numbered_ids_and_files_is_listed(home: Path) -> None:
    columns = "feed, prefix, gap_from, gap_to, missing, in_quarantine"
    gaps = f"select {columns} from quality.sequence_gaps order by feed, gap_from"
    assert ask(home, gaps) == [
        ("files", r"orders-(\d+)", 9, 89, 81, 0),
        ("orders", "A-", 17, 17, 0, 1),
        ("orders", "A-", 120, 124, 5, 0),
    ]


def test_every_difference_to_the_files_before_is_one_finding(home: Path) -> None:
    drift = """
        select path, kind, column_name, severity, before_value, after_value from quality.drift
        order by path, kind, column_name
    """
    assert ask(home, drift) == [
        ("shop/orders-8.csv", "kind_changed", "ship_postcode", "warn", "integer", "text"),
        ("shop/orders-8.csv", "new_column", "gift_note", "warn", None, "a column that nothing is taken from"),
        ("shop/orders-8.csv", "volume", None, "warn", "0 to 7 rows", "105 rows"),
        ("shop/orders-90.csv", "lost_column", "channel", "warn", "text", None),
        ("shop/payments-2.csv", "new_word", "kind", "warn", None, "chargeback"),
    ]


def test_a_feed_is_overdue_by_the_clock_of_the_build(home: Path) -> None:
    overdue = "select feed, expected_every, files_count, is_overdue from quality.freshness order by feed"
    assert ask(home, overdue) == [
        ("orders", "1d", 9, True),
        ("payments", None, 2, None),
        ("returns", "2w", 0, True),
    ]


def test_the_audit_warns_of_each_and_refuses_nothing(home: Path) -> None:
    failed = ask(home, "select name, severity from quality.audit where not passed and kind = 'dbt_test' order by name")
    assert failed == [
        ("assert_control_totals_are_as_stated", "warn"),
        ("assert_no_feed_is_overdue", "warn"),
        ("assert_no_file_was_refused_lately", "warn"),
        ("assert_numbered_ids_have_no_gaps", "warn"),
        ("assert_the_newest_files_are_like_those_before", "warn"),
    ]
    passed = "select passed from quality.audit where name like 'assert_every_row_of_a_file_is%'"
    assert ask(home, passed) == [(True,)]


def test_status_says_what_was_found_and_what_is_overdue_by_the_wall_clock(home: Path) -> None:
    before = run_orderhouse("status", home=home)
    assert "1 file does not match its control totals" in before
    assert "86 numbers are missing from numbered ids or files" in before
    assert "drifts against earlier files" in before
    assert "overdue" not in before
    with duckdb.connect(str(published_file(home))) as connection:
        connection.execute("update quality.freshness set due_at = timestamp '2026-01-01' where feed = 'returns'")
        connection.execute(
            "update quality.freshness set freshness_status = 'quiet', quiet_days = 4, allowed_quiet_days = 3, "
            "newest_event_date = date '2026-01-05' where feed = 'payments'"
        )
    after = run_orderhouse("status", home=home)
    assert "returns of shop is overdue: a file is expected every 2w. None came. The next was due" in after
    assert "payments of shop is quiet: no event since 2026-01-05, 4 days before the clock" in after
