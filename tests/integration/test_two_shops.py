"""Tests of two shops that both number from one: with a prefix each, their rows are never confused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.integration.small_feeds import Shop, line, order, payment, scan, shipment

SOURCES = """
merchant: {business_time_zone: UTC, reporting_currency: EUR}
sources:
  north:
    format: canonical
    path: north/*
    id_prefix: N-
    numbered: {payments: payment_id}
  south:
    format: canonical
    path: south/*
    id_prefix: S-
"""
# Columns in which the orders of the two shops differ.
SHOPS = {"north": {"price": "30.00", "country": "DE"}, "south": {"price": "45.00", "country": "FR"}}


@pytest.fixture(scope="module")
def merchant(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Run both shops: order 9 of each by customer 12, paid by payment 8, shipped by shipment 4, partly returned."""
    shop = Shop(tmp_path_factory.mktemp("shops"), SOURCES, "2026-03-20T00:00:00Z")
    for name, of_shop in SHOPS.items():
        amount = str(2 * Decimal(of_shop["price"]))
        paid = payment("9", amount, payment_id="8", payout_id="1")
        back = {"kind": "refunded", "occurred_at": "2026-03-10T12:00:00Z", "return_id": "2", "parent_payment_id": "8"}
        returned = {"return_id": "2", "line_id": "1", "order_id": "9", "quantity": 1}
        feeds = {
            "orders": [order("9", customer_id="12", ship_country=of_shop["country"])],
            "order_lines": [line("9", unit_price=of_shop["price"])],
            "payments": [paid, payment("8", of_shop["price"], payment_id="11", **back)],
            "shipments": [shipment("9", shipment_id="4")],
            "tracking": [scan("9", "delivered", "2026-03-05T12:00:00Z", shipment_id="4")],
            "returns": [
                {**returned, "status": "requested", "occurred_at": "2026-03-08T12:00:00Z"},
                {**returned, "status": "received", "occurred_at": "2026-03-09T12:00:00Z"},
            ],
            "customers": [
                {"customer_id": "12", "updated_at": "2026-03-01T00:00:00Z", "country": of_shop["country"]},
            ],
            "carts": [
                {
                    "cart_id": "3",
                    "sku": "mug",
                    "status": "converted",
                    "occurred_at": "2026-03-02T12:00:00Z",
                    "customer_id": "12",
                    "quantity": 2,
                    "order_id": "9",
                }
            ],
            "feedback": [
                {
                    "feedback_id": "5",
                    "occurred_at": "2026-03-11T12:00:00Z",
                    "order_id": "9",
                    "customer_id": "12",
                    "score": 4,
                    "scale_max": 5,
                }
            ],
            "stock": [
                {
                    "movement_id": "6",
                    "sku": "mug",
                    "warehouse_id": "west",
                    "kind": "receipt",
                    "quantity": 10,
                    "occurred_at": "2026-03-01T12:00:00Z",
                }
            ],
        }
        for feed, rows in feeds.items():
            shop.deliver(f"{name}/{feed}", rows)
    shop.run()
    return shop


def test_each_shop_has_its_own_orders_with_their_own_money_and_parcels(merchant: Shop) -> None:
    orders = merchant.published(
        "select order_id, customer_id, captured_amount, refunded_amount, payment_status, delivery_status, "
        "return_status, shipments_count from marts.fct_orders order by order_id"
    )
    assert orders == [
        ("N-9", "N-12", Decimal(60), Decimal(30), "part_refunded", "delivered", "part_returned", 1),
        ("S-9", "S-12", Decimal(90), Decimal(45), "part_refunded", "delivered", "part_returned", 1),
    ]


def test_payments_that_name_their_parent_in_place_of_an_order_go_to_their_own_shops_order(merchant: Shop) -> None:
    ledger = merchant.published(
        "select payment_id, order_id, parent_payment_id, is_orphan from marts.fct_payment_ledger order by 1"
    )
    assert ledger == [
        ("N-11", "N-9", "N-8", False),
        ("N-8", "N-9", None, False),
        ("S-11", "S-9", "S-8", False),
        ("S-8", "S-9", None, False),
    ]


@pytest.mark.parametrize(
    ("table", "key", "ids"),
    [
        ("ops.shipments", "shipment_id", ["N-4", "S-4"]),
        ("ops.returns", "return_id", ["N-2", "S-2"]),
        ("marts.dim_customers", "customer_id", ["N-12", "S-12"]),
        ("marts.fct_carts", "cart_id", ["N-3", "S-3"]),
    ],
)
def test_nothing_of_one_shop_is_taken_for_the_others(merchant: Shop, table: str, key: str, ids: list[str]) -> None:
    found = merchant.published(f"select distinct {key} from {table} order by 1")  # noqa: S608
    assert [value for (value,) in found] == ids


def test_both_shops_stock_counts_and_nothing_contradicts_anything(merchant: Shop) -> None:
    assert merchant.staged("select movement_id from staging.stg_stock order by 1") == [("N-6",), ("S-6",)]
    assert merchant.staged("select feedback_id from staging.stg_feedback order by 1") == [("N-5",), ("S-5",)]
    codes = {code for (code,) in merchant.published("select distinct code from ops.exceptions")}
    assert codes.isdisjoint({"conflicting_versions", "conflicting_events", "orphan_payment", "orphan_scan"})


def test_gaps_between_numbered_ids_are_found_behind_the_prefix(merchant: Shop) -> None:
    assert merchant.published("select prefix, gap_from, gap_to, missing from quality.sequence_gaps") == [
        ("N-", 9, 10, 2)
    ]
