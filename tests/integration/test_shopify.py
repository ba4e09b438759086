"""Tests of a Shopify order, end to end: its page, its later version, its payment, its parcel and the scans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from tests.integration.running import published_file, run_steps
from tests.sources.shopify_examples import cancelled_hat, fulfilment, order, refund, transaction

SOURCES = """
merchant: {reporting_currency: USD}
sources:
  shop: {format: shopify_orders, path: landing/*.json}
  carrier: {format: canonical, feed: tracking, path: scans.csv}
"""
LATER = "2026-03-21T10:00:00-04:00"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Publish the warehouse of one order, sent twice unchanged and once in a later version."""
    home = tmp_path_factory.mktemp("shopify")
    (home / "landing").mkdir()
    numbered = fulfilment(updated_at="2026-03-02T12:00:00-05:00", tracking_company="UPS", tracking_number="1Z9")
    later = order(updated_at=LATER, fulfillments=[numbered], refunds=[refund(), cancelled_hat()])
    later["line_items"][0]["current_quantity"], later["line_items"][1]["current_quantity"] = 1, 0
    files = {"page": {"orders": [order()]}, "webhook": order(), "later": {"order": later}}
    for name, value in (files | {"money": {"transactions": [transaction()]}}).items():
        (home / "landing" / f"{name}.json").write_text(json.dumps(value, indent=1))
    (home / "landing" / "sent.json").write_text(json.dumps(fulfilment()))
    (home / "scans.csv").write_text(
        "carrier,tracking_number,status,occurred_at\nUPS,1Z9,delivered,2026-03-05T12:00:00Z\n"
    )
    (home / "sources.yaml").write_text(SOURCES)
    run_steps(home, home / "sources.yaml")
    with duckdb.connect(str(published_file(home)), read_only=True) as connection:
        yield connection


def test_the_order_ends_closed_with_its_money_tied_out(shop: duckdb.DuckDBPyConnection) -> None:
    amounts = "ordered_due_amount, captured_amount, refunded_amount"
    row = f"select currency, order_status, payment_status, {amounts} from marts.fct_orders"  # noqa: S608
    # 78.38 was charged and paid. Without the hat (11.25 + 1.13) 66.00 is due; 36.30 of it went back.
    assert shop.execute(row).fetchall() == [
        ("USD", "closed", "part_refunded", Decimal("78.38"), Decimal("78.38"), Decimal("36.30"))
    ]


def test_the_parcel_is_delivered_by_a_number_it_got_after_it_left(shop: duckdb.DuckDBPyConnection) -> None:
    parcel = "select carrier, tracking_number, delivery_status from ops.shipments"
    assert shop.execute(parcel).fetchall() == [("ups", "1Z9", "delivered")]
    units = "sku, shipped_quantity, delivered_quantity, returned_quantity, cancelled_quantity"
    assert shop.execute(f"select {units} from marts.fct_order_lines order by sku").fetchall() == [  # noqa: S608
        ("MUG", 2, 2, 1, 0),
        ("variant-22", 0, 0, 0, 1),
    ]


def test_every_word_is_known_and_nothing_conflicts(shop: duckdb.DuckDBPyConnection) -> None:
    codes = "('conflicting_versions', 'conflicting_events', 'unmapped_word', 'illegal_transition', 'currency_mismatch')"
    assert shop.execute(f"select code, detail from marts.fct_exceptions where code in {codes}").fetchall() == []  # noqa: S608
