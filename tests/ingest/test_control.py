"""Tests of control totals of a sender: found beside the file, compared to the cent, early, late and corrected."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.loading import Loader
from orderhouse.ingest.trial import check_sources
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.sources.config.promises import NUMBERED_COLUMNS
from orderhouse.sources.config.sources_file import load_sources

from tests.ingest.landing import ORDERS_HEADER, PAYMENTS_HEADER, Landing, order, report

CHECKS = "select measure, expected, actual, status, is_rejected, batch_id from raw.controls order by batch_id, measure"


def payment(number: int, amount: str) -> str:
    return f"p{number},o1,captured,{amount},EUR,2026-01-02T03:04:05Z\n"


PAYMENTS = PAYMENTS_HEADER + payment(1, "0.10") + payment(2, "0.20") + payment(3, "1234.05")


def test_totals_that_hold_are_recorded_and_the_side_file_is_no_feed_file(landing: Landing) -> None:
    landing.write("feeds/payments.csv", PAYMENTS)
    landing.write("feeds/payments.csv.control.json", '{"rows": 3, "sums": {"amount": 1234.35}}')
    result = landing.ingest()
    assert [each.path for each in result.files] == ["feeds/payments.csv"]
    assert result.notes == []
    assert (result.controls_checked, result.controls_failed) == (2, 0)
    assert landing.query(CHECKS) == [
        ("amount", "1234.35", "1234.35", "passed", False, 1),
        ("rows", "3", "3", "passed", False, 1),
    ]
    assert landing.query("select detail from raw.controls order by measure") == [
        ("amount of feeds/payments.csv sums to 1234.35, as stated.",),
        ("feeds/payments.csv has 3 rows, as stated.",),
    ]
    assert not landing.ingest().changed


def test_totals_are_of_the_rows_as_received_duplicates_and_quarantined_ones_too(landing: Landing) -> None:
    bad = payment(4, "5.00").replace("EUR", "Euro")
    landing.write("feeds/payments.csv", PAYMENTS + payment(3, "1234.05") + bad)
    landing.write("feeds/payments.csv.control.json", '{"rows": 5, "sums": {"payments.amount": "2473.40"}}')
    result = landing.ingest()
    assert report(result, "payments.csv").quarantined == 1
    assert report(result, "payments.csv").duplicate == 1
    assert result.controls_failed == 0


def test_a_file_that_differs_is_loaded_marked_and_named(landing: Landing) -> None:
    landing.write("feeds/payments.csv", PAYMENTS)
    landing.write("feeds/payments.csv.control.json", '{"rows": 4, "sums": {"amount": "1234.36", "fee": "1"}}')
    result = landing.ingest()
    assert report(result, "payments.csv").status == "loaded"
    assert result.notes == [
        "feeds/payments.csv.control.json states 4 rows, but feeds/payments.csv has 3.",
        "feeds/payments.csv.control.json states 1234.36 of amount, but the rows of feeds/payments.csv sum to 1234.35.",
        "feeds/payments.csv.control.json states 1 of fee, but feeds/payments.csv has no column fee.",
    ]
    assert result.controls_failed == 3


def test_a_value_that_is_no_number_fails_the_sum_and_is_said(landing: Landing) -> None:
    landing.write("feeds/payments.csv", PAYMENTS + payment(4, "ten"))
    landing.write("feeds/payments.csv.control.json", '{"sums": {"amount": "1234.35"}}')
    (note,) = landing.ingest().notes
    assert "1 values of it are no numbers; the rest sums to 1234.35" in note


def test_a_side_file_that_cannot_be_read_is_a_control_that_fails(landing: Landing) -> None:
    landing.write("feeds/payments.csv", PAYMENTS)
    landing.write("feeds/payments.csv.control.json", '{"rows": "many"}')
    (note,) = landing.ingest().notes
    assert note.startswith("feeds/payments.csv.control.json states no totals of feeds/payments.csv: rows: ")
    assert landing.query(CHECKS) == [("control", None, None, "failed", False, 1)]


def test_a_sender_names_a_column_as_it_does(landing: Landing) -> None:
    landing.declare(
        "sources:\n  shop: {format: canonical, feed: payments, path: feeds/*.gz, columns: {betrag: amount},\n"
        "    control: {rows: 3, sums: {betrag: 1234.35}}}\n"
    )
    landing.write("feeds/a.csv.gz", gzip.compress(PAYMENTS.replace("amount", "betrag").encode()))
    assert landing.ingest().controls_failed == 0
    assert landing.query("select distinct origin, status from raw.controls") == [("sources.yaml", "passed")]


def test_totals_that_come_late_or_are_corrected_are_checked_though_the_file_is_known(landing: Landing) -> None:
    landing.write("feeds/payments.csv", PAYMENTS)
    landing.ingest()
    landing.write("feeds/payments.csv.control.json", '{"rows": 4}')
    late = landing.ingest()
    assert (late.batch_id, late.controls_failed) == (2, 1)
    assert report(late, "payments.csv").status == "skipped"
    landing.write("feeds/payments.csv.control.json", '{"rows": 3}')
    assert landing.ingest().controls_failed == 0
    assert [(row[3], row[5]) for row in landing.query(CHECKS)] == [("failed", 2), ("passed", 3)]
    assert landing.query("select count(*) from raw.payments") == [(3,)]
    assert not landing.ingest().changed


def test_a_source_may_refuse_files_whose_totals_differ_until_they_are_corrected(landing: Landing) -> None:
    landing.declare(landing.sources_file.read_text() + "    control: {on_mismatch: reject}\n")
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    landing.write("feeds/payments.csv", PAYMENTS)
    landing.write("feeds/payments.csv.control.json", '{"rows": 4}')
    result = landing.ingest()
    assert report(result, "payments.csv").status == "rejected"
    assert "states 4 rows, but feeds/payments.csv has 3" in (report(result, "payments.csv").reason or "")
    assert landing.query("select count(*) from raw.payments") == [(0,)]
    assert landing.query("select count(*) from raw.orders") == [(1,)]
    assert landing.query(CHECKS) == [("rows", "4", "3", "failed", True, 1)]
    assert not landing.ingest().changed
    landing.write("feeds/payments.csv.control.json", '{"rows": 3}')
    assert report(landing.ingest(), "payments.csv").status == "loaded"
    assert landing.query("select count(*) from raw.payments") == [(3,)]


def test_a_refused_file_is_taken_when_the_policy_is_lifted(landing: Landing) -> None:
    declared = landing.sources_file.read_text()
    landing.declare(declared + "    control: {on_mismatch: reject}\n")
    landing.write("feeds/payments.csv", PAYMENTS)
    landing.write("feeds/payments.csv.control.json", '{"rows": 4}')
    landing.ingest()
    landing.declare(declared)
    assert report(landing.ingest(), "payments.csv").status == "loaded"
    assert not landing.ingest().changed


def test_totals_in_the_sources_file_are_of_one_file(landing: Landing) -> None:
    landing.declare(landing.sources_file.read_text() + "    control: {rows: 1}\n")
    landing.write("feeds/orders-1.csv", ORDERS_HEADER + order(1))
    landing.write("feeds/orders-2.csv", ORDERS_HEADER + order(2))
    result = landing.ingest()
    assert result.controls_checked == 0
    assert "Put the totals of each file next to it, in <file>.control.json" in result.notes[-1]


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ("control: {rowz: 3}", "4: source shop has no key 'rowz'; did you mean 'rows'?"),
        ("control: {rows: some}", "4: source shop: rows: "),
        ("control: {sums: {amount: 1e3}}", "4: source shop: sums: '1e3' is no exact sum of amount"),
        ("control: {on_mismatch: shrug}", "4: source shop: on_mismatch: Input should be 'warn' or 'reject'"),
        ("numbered: {orders: email}", "4: source shop: numbered: the numbered ids of orders are in order_id"),
        ("numbered: {fx_rates: rate}", "4: source shop: numbered: 'fx_rates' has no ids that can be numbered"),
        ("numbered: {files: orders}", "4: source shop: numbered: 'orders' must have exactly one group"),
        ("expect_every: soon", "4: source shop: expect_every: 'soon' is not an interval; write one such as 15m"),
        ("expect_every: {order: 1d}", "4: source shop: expect_every: there is no feed 'order'"),
        (
            "feed: orders\n    expect_every: {stock: 1d}",
            "5: source shop: expect_every: the source gives no stock; it gives",
        ),
        ("feed: orders\n    numbered: {stock: movement_id}", "5: source shop: numbered: the source gives no stock; it"),
    ],
)
def test_a_wrong_promise_is_answered_with_file_line_and_sentence(
    landing: Landing, declared: str, sentence: str
) -> None:
    landing.declare(f"sources:\n  shop:\n    path: feeds/*\n    {declared}\n    format: canonical\n")
    with pytest.raises(OrderhouseError, match=re.escape(f"sources.yaml:{sentence}")):
        load_sources(landing.sources_file)


def test_promises_are_stored_as_data(landing: Landing) -> None:
    landing.write("feeds/orders-1.csv", ORDERS_HEADER + order(1))
    landing.declare(
        landing.sources_file.read_text()
        + "    numbered: {orders: order_id, files: 'orders-(\\d+)'}\n    expect_every: {orders: 6h, payments: 1d}\n"
    )
    landing.ingest()
    assert landing.query("select feed, column_name, pattern from raw.numbered order by 1") == [
        ("orders", "order_id", None),
        (None, None, r"orders-(\d+)"),
    ]
    every = "select feed, every, every_seconds from raw.expected_intervals order by 1"
    assert landing.query(every) == [("orders", "6h", 21_600), ("payments", "1d", 86_400)]
    assert not landing.ingest().changed


def test_rows_that_are_nowhere_take_the_transaction_back_and_name_the_file(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1) + order(2))
    insert: Any = Loader._insert

    def lossy(self: Loader, table: str, rows: pa.Table) -> None:
        insert(self, table, rows.slice(0, 1))

    monkeypatch.setattr(Loader, "_insert", lossy)
    with pytest.raises(OrderhouseError) as raised:
        landing.ingest()
    assert raised.value.exit_code == 2
    assert "feeds/orders.csv (source shop) gave 2 rows of orders, but 1 were stored and 0 quarantined" in str(
        raised.value
    )
    for table in ("orders", "files", "batches", "columns_seen"):
        assert landing.query(f"select count(*) from raw.{table}") == [(0,)], table  # noqa: S608
    monkeypatch.undo()
    assert landing.ingest().feeds["orders"].accepted == 2


SEEN = "select kind, rows_seen, empty_seen from raw.columns_seen where column_name = $name and is_used"


def test_the_kind_of_a_column_is_what_nearly_all_of_its_values_are(landing: Landing) -> None:
    rows = [order(number) for number in range(30)]
    header = ORDERS_HEADER.replace("email", "email,ship_city,channel,shipping_amount,is_test,invoice_due_at,colour")
    more = [
        f"{'' if number % 3 else number},{'web' if number else 7},{number}{'.5' if number == 9 else ''},"
        f"{'yes' if number % 2 else 'no'},2026-01-0{number % 9 + 1},red"
        for number in range(30)
    ]
    lines = [row.strip() + f",{extra}\n" for row, extra in zip(rows, more, strict=True)]
    landing.write("feeds/orders.csv", header + "".join(lines))
    landing.ingest()
    found = {name: landing.query(SEEN, name=name)[0] for name in header.strip().split(",")[:-1]}
    assert found == {
        "order_id": ("text", 30, 0),
        "placed_at": ("instant", 30, 0),
        "updated_at": ("instant", 30, 0),
        "currency": ("text", 30, 0),
        "email": ("text", 30, 0),
        "ship_city": ("integer", 30, 20),
        "channel": ("text", 30, 0),
        "shipping_amount": ("decimal", 30, 0),
        "is_test": ("bool", 30, 0),
        "invoice_due_at": ("date", 30, 0),
    }
    ignored = landing.query("select column_name, kind from raw.columns_seen where not is_used")
    assert ignored == [("colour", None)]


def test_typed_columns_of_tables_have_their_own_kind(landing: Landing) -> None:
    frame = pl.DataFrame({"order_id": ["1"], "line_id": [1], "updated_at": ["2026-01-01T00:00:00Z"], "sku": ["s"]})
    path = landing.folder / "feeds" / "order_lines.parquet"
    path.parent.mkdir()
    amounts = frame.with_columns(quantity=pl.lit(2), unit_price=pl.lit("1.5").cast(pl.Decimal(10, 2)))
    amounts.write_parquet(path)
    landing.ingest()
    kinds = dict(landing.query("select column_name, kind from raw.columns_seen"))
    assert kinds["line_id"] == "integer"
    assert kinds["unit_price"] == "decimal"


def test_words_of_every_row_are_seen_once_per_file_and_odd_text_is_not_kept(landing: Landing) -> None:
    rows = "".join(payment(number, "1") for number in range(1_000))
    odd = payment(1_000, "1").replace("captured", "Refunded") + payment(1_001, "1").replace("captured", "Ann B. Smith")
    landing.write("feeds/payments-1.csv", PAYMENTS_HEADER + rows + odd)
    landing.write("feeds/payments-2.csv", PAYMENTS_HEADER + payment(2_000, "1"))
    landing.ingest()
    words = """
        select path, column_name, word from raw.words_seen join raw.files using (file_id) order by 1, 2, 3
    """
    assert landing.query(words) == [
        ("feeds/payments-1.csv", "kind", "(other text)"),
        ("feeds/payments-1.csv", "kind", "Refunded"),
        ("feeds/payments-1.csv", "kind", "captured"),
        ("feeds/payments-2.csv", "kind", "captured"),
    ]


def test_what_was_seen_does_not_depend_on_what_was_loaded_with_it(landing: Landing) -> None:
    for number in range(5):
        rows = "".join(payment(each, "1" if each % 50 else "") for each in range(number * 150))
        landing.write(f"feeds/payments-{number}.csv", PAYMENTS_HEADER + rows)
    landing.ingest()
    together = "select file_id, column_name, kind, rows_seen, empty_seen from raw.columns_seen order by all"
    for number in range(5):
        alone = Landing(landing.folder / f"alone-{number}")
        alone.folder.mkdir()
        alone.declare(f"sources:\n  shop: {{format: canonical, path: ../feeds/payments-{number}.csv}}\n")
        receive(load_settings(home=alone.folder / "home", sources=alone.sources_file))
        rows = alone.query(together)
        assert [row for row in landing.query(together) if rows and row[0] == rows[0][0]] == rows


def test_the_model_of_received_ids_reads_the_columns_that_may_be_declared() -> None:
    models = Path(__file__).parents[2] / "dbt_project" / "models"
    model = models / "intermediate" / "quality" / "int_ids_received.sql"
    listed = re.search(r"set columns = \{(.*?)\}", model.read_text(encoding="utf-8"), re.DOTALL)
    assert listed is not None
    assert dict(re.findall(r"'(\w+)': '(\w+)'", listed[1])) == NUMBERED_COLUMNS


def test_a_trial_takes_no_side_file_for_a_feed_file(landing: Landing) -> None:
    landing.write("feeds/payments.csv", PAYMENTS)
    landing.write("feeds/payments.csv.control.json", '{"rows": 3}')
    (trial,) = check_sources(landing.settings)
    assert trial.notes == []
    assert {feed: found.rows_in for feed, found in trial.feeds.items()} == {"payments": 3}
