"""Tests of extreme values: the largest accepted ones build, larger ones are quarantined, and no row stops a build."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_EVEN, Decimal

import pytest

from tests.integration.small_feeds import Shop, line, order, payment, scan, shipment

SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  shop: {format: canonical, path: "*.ndjson"}
"""
MOST = "99999999999.9999"
MOST_UNITS = 999_999_999
TOO_MUCH = "99999999999999.9999"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Run feeds with every amount at its limit and one row beyond it each, in euros and in another currency."""
    shop = Shop(tmp_path_factory.mktemp("extremes"), SOURCES, "2026-03-20T00:00:00Z")
    large = {"shipping_amount": MOST, "shipping_tax_amount": MOST}
    cost = {"unit_cost": "100.0000", "currency": "EUR"}
    stock = {"sku": "mug", "warehouse_id": "west", "occurred_at": "2026-03-01T12:00:00Z", **cost}
    back = {"kind": "refunded", "occurred_at": "2026-03-10T12:00:00Z"}
    feeds = {
        "orders": [
            order("1", **large),
            order("2", **large, currency="USD"),
            order("3", shipping_amount=TOO_MUCH),
            order("4"),
        ],
        "order_lines": [
            line("1", quantity=MOST_UNITS, unit_price="100.0000", tax_amount=MOST, cancelled_quantity=1),
            line("1", "2", quantity=1, unit_price=MOST),
            line("2", quantity=1, unit_price=MOST),
            line("4", quantity=MOST_UNITS, unit_price="99999999.99"),
        ],
        "payments": [
            payment("1", MOST, fee_amount=MOST),
            payment("2", MOST, currency="USD"),
            payment("1", MOST, payment_id="back", **back),
            payment("4", TOO_MUCH),
        ],
        "shipments": [
            shipment("1", quantity=MOST_UNITS - 1),
            shipment("1", line_id="2", quantity=1),
            shipment("4", quantity=10**9),
        ],
        "returns": [
            {
                "return_id": "1",
                "line_id": "2",
                "order_id": "1",
                "quantity": 1,
                "status": "received",
                "occurred_at": "2026-03-09T12:00:00Z",
            }
        ],
        "tracking": [scan("1", "delivered", "2026-03-05T12:00:00Z")],
        "products": [{"sku": "mug", "updated_at": "2026-03-01T00:00:00Z", **cost}],
        "stock": [
            {"movement_id": "1", "kind": "receipt", "quantity": MOST_UNITS, **stock},
            {"movement_id": "2", "kind": "adjustment", "quantity": 4_006_381_333_931, **stock},
        ],
        "inbound": [
            {
                "po_id": "1",
                "quantity": MOST_UNITS,
                "expected_at": "2026-04-01T00:00:00Z",
                "updated_at": "2026-03-01T00:00:00Z",
                "sku": "mug",
                "warehouse_id": "west",
                **cost,
            }
        ],
        "fx_rates": [{"rate_date": "2026-03-02", "base": "EUR", "quote": "USD", "rate": "0.01"}],
    }
    for feed, rows in feeds.items():
        shop.deliver(feed, rows)
    shop.run()
    return shop


def test_what_is_beyond_reach_waits_in_quarantine_with_its_reason(shop: Shop) -> None:
    found = shop.published("select feed, rules, reasons from quality.quarantine order by feed, rules")
    assert [(feed, json.loads(rules)[0]) for feed, rules, _ in found] == [
        ("order_lines", "worth_within_reach"),
        ("orders", "shipping_amount|in_range"),
        ("payments", "amount|in_range"),
        ("shipments", "quantity|in_range"),
        ("stock", "quantity|in_range"),
    ]


def test_the_largest_amounts_add_up_exactly(shop: Shop) -> None:
    ((net, due),) = shop.published("select net_amount, due_amount from marts.fct_orders where order_id = '1'")
    most = Decimal(MOST).quantize(Decimal("0.01"), ROUND_HALF_EVEN)  # as every total of a line
    assert net == (MOST_UNITS - 1) * 100 + most
    # the tax of the line, of which one unit is cancelled, and the shipping with its tax
    assert due == net + (most * (MOST_UNITS - 1) / MOST_UNITS).quantize(Decimal("0.01")) + most * 2
