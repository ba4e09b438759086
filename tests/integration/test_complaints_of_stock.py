"""Tests of promises, parcels, stock, holds and routes, as small feeds run by the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.integration.small_feeds import Row, Shop, line, line_of, order, order_of, payment, scan, shipment

SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: shop/*.ndjson
"""
EARLY = "2025-10-01T10:00:00Z"
FEEDS: dict[str, list[Row]] = {name: [] for name in ("orders", "order_lines", "payments", "shipments", "tracking")}
FEEDS |= {"stock": [], "actions": [], "returns": []}


def add(feed: str, *rows: Row) -> None:
    """Add rows to a feed."""
    FEEDS[feed] += rows


def sold(name: str, sku: str, **more: Any) -> None:
    """Add an order of two units of its own SKU."""
    add("orders", order(name))
    add("order_lines", line(name, sku=sku, **more))


def movement(number: str, sku: str, kind: str, quantity: int, at: str, warehouse_id: str = "west") -> Row:
    """Return a movement of stock."""
    row = {"movement_id": number, "sku": sku, "kind": kind, "quantity": quantity, "occurred_at": at}
    return row | {"warehouse_id": warehouse_id}


def action(number: str, order_id: str, kind: str, at: str = "2026-03-03T09:00:00Z", **more: Any) -> Row:
    """Return an action of an operator."""
    row = {"action_id": number, "order_id": order_id, "kind": kind, "occurred_at": at}
    return row | {"actor": "mia", "role": "operator"} | more


# Promises: when the order was placed, what was promised, when it arrived, and whether that was late.
PROMISES: dict[str, tuple[dict[str, Any], str, bool]] = {
    # On 29 March 2026 the clocks go forward. The day ends at 22:00 UTC.
    "spring_on_time": ({"promised_at": "2026-03-29"}, "2026-03-29T21:30:00Z", False),
    "spring_late": ({"promised_at": "2026-03-29"}, "2026-03-29T22:30:00Z", True),
    # On 26 October 2025 they go back. The day ends at 23:00 UTC.
    "autumn_on_time": ({"promised_at": "2025-10-26"}, "2025-10-26T22:30:00Z", False),
    "autumn_late": ({"promised_at": "2025-10-26"}, "2025-10-26T23:30:00Z", True),
    # A day counts as it is written, whatever the offset beside it.
    "written_west": (
        {"promised_at": "2026-03-10T23:00:00-07:00", "promise_is_date_only": True},
        "2026-03-11T05:00:00Z",
        True,
    ),
    "written_east": (
        {"promised_at": "2026-03-10T00:00:00+13:00", "promise_is_date_only": True},
        "2026-03-10T22:30:00Z",
        False,
    ),
    "to_the_minute": ({"promised_at": "2026-03-10T12:00:00+01:00"}, "2026-03-10T11:00:01Z", True),
}
for name, (promise, arrived, _) in PROMISES.items():
    at = {"placed_at": EARLY, "updated_at": EARLY}
    add("orders", order(name, **at, **promise))
    add("order_lines", line(name, sku=name, updated_at=EARLY))
    add("shipments", shipment(name, sku=name, shipped_at="2025-10-02T10:00:00Z"))
    add("tracking", scan(name, "delivered", arrived))
# A promise that was moved; lines with promises of their own, beside the order's and without one.
sold("moved", "moved")
FEEDS["orders"][-1]["promised_at"] = "2026-03-10"
add("orders", order("moved", updated_at="2026-03-08T12:00:00Z", promised_at="2026-03-20"))
for name in ("line_sooner", "lines_alone"):
    add("orders", order(name, **({"promised_at": "2026-03-20"} if name == "line_sooner" else {})))
    add("order_lines", line(name, sku=name, promised_at="2026-03-10"))
    add("order_lines", line(name, "2", sku=name, **({"promised_at": "2026-03-16"} if name == "lines_alone" else {})))
for name in ("moved", "line_sooner", "lines_alone"):
    add("shipments", shipment(name, sku=name))
    add("tracking", scan(name, "delivered", "2026-03-15T12:00:00Z"))
for name in ("line_sooner", "lines_alone"):
    add("shipments", shipment(name, sku=name, line_id="2"))

# One line over two parcels, of which one is lost, and once refunded; one parcel with lines of two orders.
for name in ("split", "split_refunded"):
    sold(name, name)
    add("payments", payment(name))
    add("shipments", shipment(name, sku=name, quantity=1))
    add("shipments", shipment(name, sku=name, quantity=1, shipment_id=f"second-{name}"))
    add("tracking", scan(name, "delivered", "2026-03-05T12:00:00Z"))
    add("tracking", scan(name, "lost", "2026-03-06T12:00:00Z", shipment_id=f"second-{name}"))
back = {"payment_id": "refund", "kind": "refunded", "occurred_at": "2026-03-09T12:00:00Z"}
add("payments", payment("split_refunded", "30.00", **back))
for name in ("joint_a", "joint_b"):
    sold(name, name)
    add("shipments", shipment(name, sku=name, shipment_id="joint"))
add("tracking", scan("joint", "delivered", "2026-03-05T12:00:00Z", shipment_id="joint"))
# Lost after it had been delivered; lost on its way back.
for name, scans in {"kept": ("delivered", "lost"), "gone": ("attempt_failed", "returning", "lost")}.items():
    sold(name, name)
    add("shipments", shipment(name, sku=name))
    add("tracking", *[scan(name, word, f"2026-03-{5 + day:02}T12:00:00Z") for day, word in enumerate(scans)])

# Stock. Every SKU is named after its story.
add("stock", movement("n1", "hole", "receipt", 1, EARLY), movement("n2", "hole", "receipt", 5, EARLY, "east"))
sold("hole_sent", "hole")
add("shipments", shipment("hole_sent", sku="hole"))
add("orders", order("hole_open", placed_at="2026-03-04T12:00:00Z", updated_at="2026-03-04T12:00:00Z"))
add("order_lines", line("hole_open", sku="hole", quantity=6))
add("stock", movement("c1", "counted", "receipt", 10, "2026-03-01T10:00:00Z"))
add("stock", movement("c2", "counted", "count", 8, "2026-03-10T10:00:00Z"))
add("stock", movement("c3", "counted", "receipt", 3, "2026-03-05T10:00:00Z"))
add("stock", movement("c4", "counted", "receipt", 4, "2026-03-10T10:00:00Z"))
HOLDS = {"held": ["hold"], "released": ["hold", "release"], "held_again": ["hold", "release", "hold"]}
for name, words in HOLDS.items():
    sold(name, name)
    add("stock", movement(name, name, "receipt", 9, EARLY))
    for hour, word in enumerate(words, 9):
        add("actions", action(f"{name}-{hour}", name, word, f"2026-03-03T{hour:02}:00:00Z"))
sold("never_held", "never_held")
add("actions", action("never", "never_held", "release"))
# Three units for two orders of two.
add("stock", movement("q1", "queued", "receipt", 3, EARLY))
for name, at in (("second", "2026-03-02T13:00:00Z"), ("first", "2026-03-02T12:00:00Z")):
    add("orders", order(f"queued_{name}", placed_at=at, updated_at=at))
    add("order_lines", line(f"queued_{name}", sku="queued"))
# Routes.
for name in ("routed", "routed_in_part", "routed_nowhere", "routed_and_sent"):
    add("stock", movement(f"{name}-e", name, "receipt", 9, EARLY, "east"))
    add("stock", movement(f"{name}-w", name, "receipt", 1, EARLY, "west"))
    sold(name, name, quantity=5, warehouse_id="west")
add("actions", action("r1", "routed", "route", payload={"line_id": "1", "warehouse_id": "east"}))
add("actions", action("r2", "routed_in_part", "route", line_id="1", quantity=2, warehouse_id="east"))
add("actions", action("r3", "routed_nowhere", "route", line_id="1"))
add("actions", action("r4", "routed_and_sent", "route", line_id="1", quantity=2, warehouse_id="east"))
sent = {"quantity": 2, "shipped_at": "2026-03-04T12:00:00Z", "warehouse_id": "east"}
add("shipments", shipment("routed_and_sent", sku="routed_and_sent", **sent))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Run all orders in one home."""
    shop = Shop(tmp_path_factory.mktemp("stock"), SOURCES, "2026-06-30T12:00:00Z")
    for feed, rows in FEEDS.items():
        if rows:
            shop.deliver(f"shop/{feed}", rows)
    shop.run()
    return shop


def codes(shop: Shop, subject: str) -> set[str]:
    """Return the codes of the open exceptions of an order or SKU."""
    sql = "select code from ops.exceptions where order_id = ? or (order_id is null and sku = ?)"
    return {code for (code,) in shop.published(sql, subject, subject)}


def positions_of(shop: Shop, sku: str, columns: str) -> dict[str, tuple[Any, ...]]:
    """Return columns of the positions of a SKU by warehouse."""
    places = "marts.fct_inventory_positions where position_level = 'warehouse' and sku = ?"
    sql = f"select warehouse_id, {columns} from {places}"
    return {warehouse: tuple(values) for warehouse, *values in shop.published(sql, sku)}


@pytest.mark.parametrize("order_id", list(PROMISES))
def test_a_promised_day_ends_with_the_business_day_that_was_written(shop: Shop, order_id: str) -> None:
    assert order_of(shop, order_id, "was_late, is_late") == (PROMISES[order_id][2], False)


def test_delivered_late_looks_at_the_first_promise(shop: Shop) -> None:
    assert order_of(shop, "moved", "was_late, is_late") == (True, False)


def test_a_line_that_comes_after_its_own_promise_makes_the_order_late(shop: Shop) -> None:
    assert order_of(shop, "line_sooner", "was_late, first_promised_at") == (True, datetime(2026, 3, 19, 23))


def test_an_order_with_promises_on_its_lines_alone_is_promised_for_the_last_of_them(shop: Shop) -> None:
    assert order_of(shop, "lines_alone", "was_late, first_promised_at") == (True, datetime(2026, 3, 15, 23))
    sql = """
        select kpi, numerator, denominator from marts.fct_kpi_daily
        where
            business_date = '2026-03-16' and dimension = 'all'
            and kpi in ('on_time_delivery_rate', 'otif', 'in_full_rate')
        order by kpi
    """
    assert shop.published(sql) == [("in_full_rate", 1, 1), ("on_time_delivery_rate", 1, 1), ("otif", 0, 1)]


def test_a_lost_parcel_reopens_only_its_part_of_a_line(shop: Shop) -> None:
    units = "shipped_quantity, delivered_quantity, lost_quantity, cancelled_quantity, open_quantity"
    assert line_of(shop, "split", units) == (1, 1, 1, 0, 1)
    assert order_of(shop, "split", "order_status, fulfilment_status, delivered_at") == (
        "confirmed",
        "part_delivered",
        None,
    )
    assert line_of(shop, "split_refunded", units) == (1, 1, 1, 1, 0)
    assert order_of(shop, "split_refunded", "order_status, fulfilment_status, payment_status, delivered_at") == (
        "closed",
        "delivered",
        "paid",
        datetime(2026, 3, 5, 12),
    )


def test_one_parcel_delivers_the_lines_of_two_orders(shop: Shop) -> None:
    for order_id in ("joint_a", "joint_b"):
        assert order_of(shop, order_id, "fulfilment_status, shipments_count") == ("delivered", 1)
    sql = "select order_id, quantity from marts.fct_shipments where shipment_id = 'joint' order by order_id"
    assert shop.published(sql) == [("joint_a", 2), ("joint_b", 2)]


def test_a_loss_counts_only_before_a_delivery(shop: Shop) -> None:
    units = "delivered_quantity, lost_quantity, carrier_returned_quantity, open_quantity"
    assert line_of(shop, "kept", units) == (2, 0, 0, 0)
    assert line_of(shop, "gone", units) == (0, 2, 0, 2)


def test_a_warehouse_below_zero_takes_nothing_from_another(shop: Shop) -> None:
    assert positions_of(shop, "hole", "on_hand_quantity, stockout_risk, days_of_cover")["west"] == (
        -1,
        "out_of_stock",
        None,
    )
    assert line_of(shop, "hole_open", "allocated_quantity, backordered_quantity") == (5, 1)
    assert "negative_stock" in codes(shop, "hole")


def test_a_backdated_receipt_changes_the_gap_of_a_count_and_no_level(shop: Shop) -> None:
    assert positions_of(shop, "counted", "on_hand_quantity") == {"west": (8,)}
    sql = """
        select received_quantity, count_adjustment_quantity, closing_quantity from marts.fct_inventory_ledger
        where sku = 'counted' and business_date = '2026-03-10'
    """
    # The count includes the receipt of its own instant: 13 and 4 in the books, 8 on the shelf.
    assert shop.published(sql) == [(4, -9, 8)]


@pytest.mark.parametrize(
    ("order_id", "units", "status"),
    [("held", (2, 0), "on_hold"), ("released", (0, 2), "placed"), ("held_again", (2, 0), "on_hold")],
)
def test_the_latest_hold_or_release_decides(shop: Shop, order_id: str, units: tuple[int, int], status: str) -> None:
    assert line_of(shop, order_id, "held_quantity, allocated_quantity") == units
    assert order_of(shop, order_id, "order_status") == (status,)


def test_a_release_without_a_hold_is_rejected(shop: Shop) -> None:
    assert "rejected_action" in codes(shop, "never_held")


def test_the_order_placed_first_is_served_first(shop: Shop) -> None:
    split = "allocated_quantity, backordered_quantity"
    assert line_of(shop, "queued_first", split) == (2, 0)
    assert line_of(shop, "queued_second", split) == (1, 1)


def test_a_route_acts_as_the_warehouse_of_the_line_for_its_quantity(shop: Shop) -> None:
    split = "warehouse_id, allocated_quantity, backordered_quantity"
    assert line_of(shop, "routed", split) == ("east", 5, 0)
    # Two from the east; of the other three, one is in the west.
    assert line_of(shop, "routed_in_part", split) == ("west", 3, 2)
    assert line_of(shop, "routed_nowhere", split) == ("west", 1, 4)
    # The two routed units have left; three are still to leave from the west.
    assert line_of(shop, "routed_and_sent", split) == ("west", 1, 2)
    assert "rejected_action" in codes(shop, "routed_nowhere")
    where = "allocated_quantity, backordered_quantity"
    assert positions_of(shop, "routed", where) == {"east": (5, 0), "west": (0, 0)}
    assert positions_of(shop, "routed_in_part", where) == {"east": (2, 0), "west": (1, 2)}
    assert positions_of(shop, "routed_and_sent", where) == {"east": (0, 0), "west": (1, 2)}
