"""Tests of feeds of which every row is in quarantine: they make no order late, and count again once one is repaired."""

from __future__ import annotations

from pathlib import Path

from tests.integration.small_feeds import Shop, line, order, payment, scan, shipment

SOURCES = """
merchant: {business_time_zone: UTC, reporting_currency: EUR}
sources:
  shop: {format: canonical, path: landing/*}
"""


def late(shop: Shop) -> list[str]:
    """Return the orders with an open exception `late`, as built."""
    return [
        order_id
        for (order_id,) in shop.built("select order_id from marts.fct_exceptions where code = 'late' order by all")
    ]


def test_orders_are_late_only_once_a_shipment_was_accepted(tmp_path: Path) -> None:
    shop = Shop(tmp_path, SOURCES, "2026-03-20T00:00:00Z")
    promised = {"promised_at": "2026-03-05T00:00:00Z"}
    shop.deliver("landing/orders", [order(each, **promised) for each in ("1", "2")])
    shop.deliver("landing/order_lines", [line(each) for each in ("1", "2")])
    shop.deliver("landing/payments", [payment(each) for each in ("1", "2")])
    shop.deliver("landing/shipments", [shipment(each, shipped_at="next week") for each in ("1", "2")])
    shop.deliver("landing/tracking", [scan("1", "delivered", "2026-03-04T18:00:00Z")])
    shop.build()
    assert late(shop) == []
    axes = shop.built("select distinct fulfilment_status from marts.fct_orders")
    assert axes == [("not_tracked",)]

    shop.deliver("landing/shipments-2", [shipment("1", shipped_at="2026-03-04T12:00:00Z")])
    shop.build()
    assert late(shop) == ["2"]
    assert ("not_tracked",) not in shop.built("select distinct fulfilment_status from marts.fct_orders")
