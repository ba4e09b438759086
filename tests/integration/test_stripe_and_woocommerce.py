"""Tests of a WooCommerce shop paid through Stripe, end to end: the refund before its charge, the fee after it."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.integration.published_tables import differing_tables, table_hashes
from tests.integration.running import run_orderhouse

AS_OF = "2026-03-10T00:00:00Z"
PLACED = 1772323200  # 2026-03-01T00:00:00Z
SOURCES = """
merchant: {business_time_zone: UTC, reporting_currency: USD}
sources:
  shop:
    format: woocommerce_orders
    path: shop/*.json
    constants: {currency: USD}
    covers: [orders, order_lines, returns, products, customers]
    order_id_prefix: W-
  stripe:
    format: stripe_events
    path: stripe/*.json
    order_id_prefix: W-
  payouts:
    format: stripe_tables
    path: tables/*/*.csv
    serves: [shop]
"""
ORDER: dict[str, Any] = {
    "id": 1001,
    "status": "completed",
    "currency": "USD",
    "date_created_gmt": "2026-03-01T00:00:00",
    "date_modified_gmt": "2026-03-02T00:00:00",
    "date_paid_gmt": "2026-03-01T00:00:05",
    "prices_include_tax": False,
    "customer_id": 0,
    "payment_method": "stripe",
    "shipping_total": "4.00",
    "shipping_tax": "0.00",
    "total": "30.00",
    "billing": {"email": "ana@example.com", "city": "Reno", "country": "US"},
    "shipping": [],
    "line_items": [
        {
            "id": 1,
            "sku": "MUG",
            "quantity": 3,
            "subtotal": "25.00",
            "total": "24.00",
            "total_tax": "2.00",
            "meta_data": [],
        }
    ],
    "fee_lines": [],
    "coupon_lines": [{"code": "spring"}],
    "refunds": [{"id": 9, "reason": "broken", "total": "-8.00"}],
}
REFUND: dict[str, Any] = {
    "id": 9,
    "parent_id": 1001,
    "date_created_gmt": "2026-03-05T00:00:00",
    "amount": "8.00",
    "reason": "broken",
    "refunded_by": 1,
    "refunded_payment": True,
    "line_items": [
        {
            "id": 77,
            "sku": "MUG",
            "quantity": -1,
            "total": "-8.00",
            "total_tax": "0.00",
            "meta_data": [{"key": "_refunded_item_id", "value": "1"}],
        }
    ],
}


def charge(**changed: Any) -> dict[str, Any]:
    """Return a charge of the order."""
    plain = {
        "id": "ch_1",
        "object": "charge",
        "amount": 3000,
        "amount_captured": 3000,
        "balance_transaction": "txn_1",
        "captured": True,
        "created": PLACED + 5,
        "currency": "usd",
        "metadata": {"order_id": "1001"},
        "payment_method_details": {"type": "card", "card": {"brand": "visa"}},
        "status": "succeeded",
    }
    return plain | changed


def event(type_: str, body: dict[str, Any], at: int) -> dict[str, Any]:
    """Return the event that carries an object."""
    return {"object": "event", "id": f"evt_{at}", "type": type_, "created": at, "data": {"object": body}}


REFUNDED = {
    "id": "re_1",
    "object": "refund",
    "amount": 800,
    "balance_transaction": "txn_2",
    "charge": "ch_1",
    "created": PLACED + 4 * 86400,
    "currency": "usd",
    "metadata": {},
    "status": "succeeded",
}
DISPUTED = {
    "id": "dp_2",
    "object": "dispute",
    "amount": 500,
    "charge": "ch_2",
    "created": PLACED + 5 * 86400,
    "currency": "usd",
    "status": "needs_response",
    "balance_transactions": [{"object": "balance_transaction", "amount": -500, "fee": 1500, "currency": "usd"}],
}
LATER = {"object": "balance_transaction", "id": "txn_5", "amount": -20, "fee": 0, "currency": "usd", "created": PLACED}
BOUNCED = {**REFUNDED, "id": "re_2", "amount": 500}
# A payout that bounced and was paid again, with a fee and a charge that no table of charges has; one that takes money;
# one that the provider states with 1.00 too much. The first bundle comes while the first payout is on its way.
CHARGES = "id,amount,currency,created,status,captured,balance_transaction_id\n"
MOVEMENTS = "id,source,amount,currency,fee,type,created,payout_id\n"
PAYOUTS = "id,amount,currency,status,arrival_date,created\n"
FIRST_TABLES = {
    "charge": CHARGES + "ch_a,5000,usd,2026-03-02 10:00:00,succeeded,TRUE,txn_a\n",
    "balance_transaction": MOVEMENTS + "txn_a,ch_a,5000,usd,175,charge,2026-03-02 10:00:05,po_1\n",
    "payout": PAYOUTS + "po_1,4825,usd,in_transit,2026-03-06 00:00:00,2026-03-04 00:00:00\n",
}
SECOND_TABLES = {
    "charge": FIRST_TABLES["charge"] + "ch_b,3000,usd,2026-03-03 10:00:00,succeeded,TRUE,txn_b\n",
    "refund": "id,amount,currency,created,status,charge_id,balance_transaction_id\n"
    "re_b,3000,usd,2026-03-04 10:00:00,succeeded,ch_b,txn_r\n",
    "balance_transaction": FIRST_TABLES["balance_transaction"]
    + "txn_f,po_1,4825,usd,0,payout_failure,2026-03-07 00:00:00,po_2\n"
    + "txn_s,,-325,usd,0,stripe_fee,2026-03-07 00:00:00,po_2\n"
    + "txn_u,ch_gone,1000,usd,50,charge,2026-03-07 00:00:00,po_2\n"
    + "txn_p,po_2,-5450,usd,0,payout,2026-03-08 00:00:00,po_2\n"
    + "txn_b,ch_b,3000,usd,117,charge,2026-03-03 10:00:05,po_3\n"
    + "txn_r,re_b,-3000,usd,0,refund,2026-03-04 10:00:05,po_3\n"
    + "txn_h,,-200,usd,0,reserve_hold,2026-03-04 10:00:05,po_4\n",
    "payout": PAYOUTS
    + "po_1,4825,usd,failed,2026-03-06 00:00:00,2026-03-04 00:00:00\n"
    + "po_2,5450,usd,paid,2026-03-09 00:00:00,2026-03-08 00:00:00\n"
    + "po_3,-117,usd,paid,2026-03-06 00:00:00,2026-03-05 00:00:00\n"
    + "po_4,-100,usd,paid,2026-03-06 00:00:00,2026-03-05 00:00:00\n",
}
EXPANDED = {"object": "balance_transaction", "id": "txn_1", "fee": 117, "currency": "usd", "created": PLACED + 6}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a warehouse that receives the refund first, then the charge, and its fee last."""
    home = tmp_path_factory.mktemp("shop")
    for folder in ("shop", "stripe"):
        (home / folder).mkdir()
    (home / "sources.yaml").write_text(SOURCES)
    write(home / "shop" / "orders.json", [ORDER])
    write(home / "shop" / "refunds.json", [REFUND])
    write(home / "stripe" / "1.json", event("refund.created", REFUNDED, PLACED + 4 * 86400))
    write(home / "stripe" / "5.json", event("refund.created", BOUNCED, PLACED + 4 * 86400))
    land(home / "tables" / "1", FIRST_TABLES)
    run(home)
    write(home / "stripe" / "6.json", event("refund.failed", {**BOUNCED, "status": "failed"}, PLACED + 6 * 86400))
    moved = [*DISPUTED["balance_transactions"], LATER]
    write(
        home / "stripe" / "7.json", event("charge.dispute.updated", DISPUTED | {"balance_transactions": moved}, PLACED)
    )
    land(home / "tables" / "2", SECOND_TABLES)
    write(home / "stripe" / "2.json", event("charge.succeeded", charge(), PLACED + 5))
    write(home / "stripe" / "3.json", event("charge.dispute.created", DISPUTED, PLACED + 5 * 86400))
    write(home / "stripe" / "4.json", {"object": "list", "data": [charge(balance_transaction=EXPANDED)]})
    run(home)
    return home


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value))


def land(folder: Path, tables: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)


def run(home: Path) -> None:
    run_orderhouse("ingest", "--sources", str(home / "sources.yaml"), home=home / "home")
    build(home)


def build(home: Path, *more: str) -> None:
    run_orderhouse("build", "--as-of", AS_OF, *more, home=home / "home")


def built_file(home: Path) -> Path:
    return home / "home" / "warehouse" / "warehouse.duckdb"


def asked(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(built_file(home)), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_refund_that_came_before_its_charge_is_of_the_charges_order(home: Path) -> None:
    ledger = asked(
        home,
        "select payment_id, order_id, kind, amount, fee_amount, is_orphan from marts.fct_payment_ledger "
        "where source = 'stripe' order by 1",
    )
    assert ledger == [
        ("ch_1", "W-1001", "authorized", Decimal("30.0000"), Decimal("0.0000"), False),
        ("ch_1/captured", "W-1001", "captured", Decimal("30.0000"), Decimal("1.1700"), False),
        ("dp_2", "ch_2", "disputed", Decimal("5.0000"), Decimal("15.0000"), True),
        ("dp_2/txn_5", "ch_2", "disputed", Decimal("0.0000"), Decimal("0.2000"), True),
        ("re_1", "W-1001", "refunded", Decimal("8.0000"), Decimal("0.0000"), False),
        ("re_2", "W-1001", "failed", Decimal("5.0000"), Decimal("0.0000"), False),
    ]


def test_a_refund_that_failed_later_was_no_refund_and_no_second_capture(home: Path) -> None:
    assert asked(
        home,
        "select captured_amount, refunded_amount from marts.fct_payment_reconciliation where order_id = 'W-1001'",
    ) == [(Decimal("30.0000"), Decimal("8.0000"))]
    refunds = "select sum(refunds_amount) from marts.fct_revenue_daily where recognition_clock = 'placed'"
    assert asked(home, f"{refunds} and business_date = '2026-03-05'") == [(Decimal("8.0000"),)]


def test_a_later_movement_of_a_dispute_costs_and_takes_nothing_twice(home: Path) -> None:
    assert asked(
        home,
        "select disputed_amount, fee_amount from marts.fct_payment_reconciliation where order_id = 'ch_2'",
    ) == [(Decimal("5.0000"), Decimal("15.2000"))]


def test_a_payout_that_failed_is_not_paid_out_and_its_replacement_is(home: Path) -> None:
    columns = (
        "payout_id, payout_status, stated_amount, paid_out_amount, payout_amount, failed_payouts_amount, payout_at"
    )
    found = asked(home, f"select {columns} from marts.fct_payout_reconciliation where payout_id in ('po_1', 'po_2')")
    assert sorted(found) == [
        ("po_1", "failed", Decimal("48.25"), Decimal("0"), Decimal("0"), Decimal("-48.25"), None),
        ("po_2", "paid", Decimal("54.50"), Decimal("54.50"), Decimal("54.50"), Decimal("48.25"), datetime(2026, 3, 9)),
    ]
    at = "select payout_id, payout_at from marts.fct_payment_ledger where payment_id = 'ch_a/captured'"
    assert asked(home, at) == [("po_1", None)]


def test_movements_that_no_payment_explains_are_parts_of_their_payout(home: Path) -> None:
    columns = "captured_amount, fees_amount, provider_fees_amount, unexplained_payments_amount, payout_amount"
    (found,) = asked(home, f"select {columns} from marts.fct_payout_reconciliation where payout_id = 'po_2'")
    assert found == (Decimal("0"), Decimal("0"), Decimal("-3.25"), Decimal("9.50"), Decimal("54.50"))


def test_a_payout_may_take_money(home: Path) -> None:
    columns = "captured_amount, refunded_amount, fees_amount, payout_amount, stated_amount, residual_amount, break_type"
    (found,) = asked(home, f"select {columns} from marts.fct_payout_reconciliation where payout_id = 'po_3'")
    amounts = ("30", "30", "1.17", "-1.17", "-1.17", "0")
    assert found == (*(Decimal(amount) for amount in amounts), "exact")


def test_a_payout_whose_parts_do_not_add_up_shows_its_residual_and_is_an_exception(home: Path) -> None:
    columns = "reserves_amount, stated_amount, residual_amount, break_type"
    (found,) = asked(home, f"select {columns} from marts.fct_payout_reconciliation where payout_id = 'po_4'")
    assert found == (Decimal("-2"), Decimal("-1"), Decimal("1"), "unexplained")
    raised = "select subject_type, subject_id, amount_at_stake from marts.fct_exceptions where code = 'payout_mismatch'"
    assert asked(home, raised) == [("payout", "po_4", Decimal("1"))]


def test_the_orders_money_ties_out(home: Path) -> None:
    assert asked(
        home,
        "select order_id, ordered_due_amount, captured_amount, refunded_amount from marts.fct_payment_reconciliation "
        "where order_id = 'W-1001'",
    ) == [("W-1001", Decimal("30.0000"), Decimal("30.0000"), Decimal("8.0000"))]
    assert asked(home, "select payment_status, return_status from marts.fct_orders") == [
        ("part_refunded", "part_returned")
    ]


def test_views_that_know_less_are_no_conflict_and_no_word_is_unknown(home: Path) -> None:
    codes = asked(home, "select distinct code from marts.fct_exceptions order by 1")
    assert ("orphan_payment",) in codes
    assert ("conflicting_events",) not in codes
    assert ("unmapped_word",) not in codes


def test_the_same_files_built_at_once_give_the_same_tables(home: Path) -> None:
    before = table_hashes(built_file(home))
    build(home, "--full")
    assert differing_tables(before, table_hashes(built_file(home))) == []
