"""Tests of common complaints about order systems, as small feeds run by the installed command."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.integration.small_feeds import Row, Shop, line, order, payment, scan, shipment

SOURCES = """
merchant: {business_time_zone: Pacific/Auckland, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: shop/*.ndjson
  bulk:
    format: canonical
    path: bulk/*.csv
  tills:
    format: canonical
    path: tills/*.ndjson
    time_zone: Pacific/Auckland
  carrier:
    format: canonical
    path: carrier/*.ndjson
    words: {carrier: {"U.P.S. Ground": ups}}
"""
BULK = 500
MALFORMED = 251


def placed(order_id: str, at: str, **more: object) -> Row:
    """Return an order placed at a given instant."""
    return order(order_id, placed_at=at, updated_at=at, **more)


ORDERS = [
    order("quarantined", currency="EURO"),
    order("a_test", is_test=True),
    order("no_lines"),
    *[order(name) for name in ("renamed", "mapped", "recycled", "tardy", "closed", "eur", "changed")],
    placed("recycled_before", "2025-11-01T12:00:00Z"),
    order("usd", currency="USD"),
    order("jpy", currency="JPY"),
    placed("evening", "2026-03-02T10:30:00Z", channel="clock"),
    placed("after_midnight", "2026-03-02T11:30:00Z", channel="clock"),
    placed("evening_clocks_went_back", "2026-04-05T11:30:00Z", channel="clock"),
    placed("last_summer_evening", "2026-04-04T10:30:00Z", channel="clock"),
]
WITH_LINES = [row["order_id"] for row in ORDERS if row["order_id"] not in {"quarantined", "no_lines"}]
SHIPPED = ("renamed", "mapped", "recycled", "tardy", "closed")
SCANS = [
    {"carrier": "U.P.S.", "tracking_number": "1Z1", "status": "delivered", "occurred_at": "2026-03-05T12:00:00Z"},
    {"carrier": "dhl", "tracking_number": "R1", "status": "delivered", "occurred_at": "2026-03-05T12:00:00Z"},
    scan("tardy", "delivered", "2026-03-05T12:00:00Z"),
    scan("tardy", "out_for_delivery", "2026-03-06T12:00:00Z"),
    scan("closed", "delivered", "2026-03-05T12:00:00Z"),
]
ACTION = {"occurred_at": "2026-03-03T09:00:00Z", "actor": "mia", "role": "operator"}
SECRET = "Elm Street 5, third door"
ACTIONS = [
    ACTION
    | {
        "action_id": "cancel-one",
        "order_id": "changed",
        "kind": "cancel_line",
        "payload": {"line_id": "2", "quantity": 1, "note": SECRET},
    },
    ACTION
    | {
        "action_id": "promise",
        "order_id": "changed",
        "kind": "change_promise",
        "payload": {"promised_at": "2026-03-20T12:00:00Z"},
    },
    ACTION | {"action_id": "no-line", "order_id": "changed", "kind": "cancel_line", "payload": {"line_id": "9"}},
]
CARTS = [
    {"cart_id": "c1", "sku": "mug", "status": "added", "occurred_at": "2026-03-02T12:00:00Z", "quantity": 2},
    {"cart_id": "c1", "sku": "mug", "status": "abandoned", "occurred_at": "2026-03-03T12:00:00Z"},
    {"cart_id": "c2", "sku": "mug", "status": "added", "occurred_at": "2026-03-02T12:00:00Z", "quantity": 1},
    {"cart_id": "c2", "sku": "mug", "status": "abandoned", "occurred_at": "2026-03-03T12:00:00Z"},
    {"cart_id": "c2", "sku": "mug", "status": "converted", "occurred_at": "2026-03-04T12:00:00Z", "order_id": "eur"},
]
INBOUND = {"sku": "mug", "warehouse_id": "west", "updated_at": "2026-03-01T00:00:00Z"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Run the feeds of all complaints in one home."""
    shop = Shop(tmp_path_factory.mktemp("complaints"), SOURCES, "2026-04-10T00:00:00Z")
    rows = [f"bulk-{n},2026-03-01T12:00:00Z,2026-03-01T12:00:00Z,EUR" for n in range(BULK)]
    rows[MALFORMED] = f'bulk-{MALFORMED},"2026-03-01T12:00:00Z'
    bulk = shop.folder / "bulk" / "orders.csv"
    bulk.parent.mkdir()
    bulk.write_text("\n".join(["order_id,placed_at,updated_at,currency", *rows]) + "\n")
    lines = [line(order_id) for order_id in WITH_LINES]
    lines += [line("changed", "2", quantity=3, unit_price="10")]
    shop.deliver("shop/orders", [*ORDERS, order("changed", promised_at="2026-03-10T12:00:00Z")])
    shop.deliver("shop/order_lines", lines)
    late = payment("closed", "5.00", payment_id="late", occurred_at="2026-03-20T12:00:00Z")
    shop.deliver("shop/payments", [payment("closed"), late])
    numbers = {"renamed": ("ups", "1Z1"), "mapped": ("ups", "1Z2"), "recycled": ("dhl", "R1")}
    parcels = [
        shipment(
            name, **dict(zip(("carrier", "tracking_number"), numbers.get(name, ("gls", f"G-{name}")), strict=True))
        )
        for name in SHIPPED
    ]
    parcels.append(shipment("recycled_before", carrier="dhl", tracking_number="R1", shipped_at="2025-11-02T12:00:00Z"))
    shop.deliver("shop/shipments", parcels)
    shop.deliver("shop/tracking", SCANS)
    mapped = {"tracking_number": "1Z2", "status": "delivered", "occurred_at": "2026-03-05T12:00:00Z"}
    shop.deliver("carrier/tracking", [{"carrier": "U.P.S. GROUND", **mapped}])
    shop.deliver("shop/actions", ACTIONS)
    shop.deliver("shop/carts", CARTS)
    shop.deliver(
        "shop/inbound",
        [
            {**INBOUND, "po_id": "po1", "quantity": 7, "expected_at": "2026-04-20T00:00:00Z"},
            {**INBOUND, "po_id": "po2", "quantity": 5, "expected_at": "2026-04-15T00:00:00Z"},
            {**INBOUND, "po_id": "po2", "quantity": 4, "expected_at": "2026-04-18T00:00:00Z"}
            | {"updated_at": "2026-03-05T00:00:00Z"},
        ],
    )
    receipt = {"movement_id": "m1", "sku": "mug", "warehouse_id": "west", "kind": "receipt", "quantity": 100}
    shop.deliver("shop/stock", [receipt | {"occurred_at": "2025-10-01T00:00:00Z"}])
    shop.deliver("shop/fx_rates", [{"rate_date": "2026-03-02", "base": "EUR", "quote": "USD", "rate": "1.25"}])
    local = {"updated_at": "2026-04-06T00:00:00Z", "currency": "NZD"}
    shop.deliver(
        "tills/orders",
        [
            {"order_id": "till-twice", "placed_at": "2026-04-05T02:30:00", **local},
            {"order_id": "till-never", "placed_at": "2025-09-28T02:30:00", **local},
            {"order_id": "till-evening", "placed_at": "2026-04-05 23:30", **local},
        ],
    )
    shop.run()
    return shop


def test_one_malformed_row_among_500_does_not_block_the_other_499(shop: Shop) -> None:
    assert shop.published("select count(*) from ops.orders where order_id like 'bulk-%'") == [(BULK - 1,)]
    assert shop.published(
        "select rows_in, accepted, quarantined from quality.files where source = 'bulk' and role = 'primary'"
    ) == [(BULK, BULK - 1, 1)]
    # line 1 is the header
    assert shop.published("select record, reasons from quality.quarantine where source = 'bulk'") == [
        (MALFORMED + 2, "the line cannot be read: it opens a quote that is never closed")
    ]


def test_an_order_that_was_sent_is_always_somewhere(shop: Shop) -> None:
    sent = {row["order_id"] for row in ORDERS} | {"till-twice", "till-never", "till-evening"}
    places = [
        "select order_id from ops.orders",
        "select order_id from quality.test_orders",
        "select row_json ->> 'order_id' from quality.quarantine where feed = 'orders' and source <> 'bulk'",
    ]
    found = [{order_id for (order_id,) in shop.published(sql)} & sent for sql in places]
    assert set.union(*found) == sent
    assert sum(map(len, found)) == len(sent)
    assert found[1] == {"a_test"}
    assert found[2] == {"quarantined", "till-never"}
    assert ("no_lines",) in shop.published("select order_id from ops.exceptions where code = 'order_without_lines'")


def test_a_renamed_carrier_label_raises_an_exception_and_changes_no_state(shop: Shop) -> None:
    assert shop.published("select delivery_status, delivered_at from ops.orders where order_id = 'renamed'") == [
        ("none", None)
    ]
    assert shop.published("select order_id, detail from ops.exceptions where code = 'unmapped_word'") == [
        ("renamed", "Feed tracking, carrier U.P.S. for number 1Z1, which was sent with ups")
    ]


def test_a_carrier_label_that_the_source_maps_finds_its_parcel(shop: Shop) -> None:
    assert shop.published("select delivery_status from ops.orders where order_id = 'mapped'") == [("delivered",)]
    assert shop.published("select count(*) from ops.exceptions where code = 'orphan_scan'") == [(0,)]


def test_currencies_are_never_summed_as_one(shop: Shop) -> None:
    days = shop.published(
        "select currency, gross_sales_amount, gross_sales_amount_reporting, missing_rates_count > 0 "
        "from marts.fct_revenue_daily where recognition_clock = 'placed' and business_date = '2026-03-03' "
        "and channel = 'web' and gross_sales_amount > 0 order by currency"
    )
    euros = Decimal(60 * 7 + 30 - 10)
    assert days == [
        ("EUR", euros, euros, False),
        ("JPY", Decimal(60), None, True),
        ("USD", Decimal(60), Decimal(48), False),
    ]
    (missing,) = shop.published(
        "select currency from ops.exceptions where code = 'missing_fx_rate' and currency = 'JPY'"
    )
    assert missing == ("JPY",)


DAYS = [
    ("evening", date(2026, 3, 2)),
    ("after_midnight", date(2026, 3, 3)),
    ("last_summer_evening", date(2026, 4, 4)),
    ("evening_clocks_went_back", date(2026, 4, 5)),
]


def test_an_order_counts_on_the_merchants_day_and_not_on_utcs(shop: Shop) -> None:
    found = shop.published(
        "select business_date, sum(orders_count) from marts.fct_revenue_daily "
        "where recognition_clock = 'placed' and channel = 'clock' group by all having sum(orders_count) <> 0 order by 1"
    )
    assert found == [(day, 1) for _, day in DAYS]


def test_local_times_that_happen_twice_take_the_first_and_those_that_never_happen_are_quarantined(shop: Shop) -> None:
    assert shop.published(
        "select order_id, placed_at from ops.orders where order_id like 'till-%' order by order_id"
    ) == [("till-evening", datetime(2026, 4, 5, 11, 30)), ("till-twice", datetime(2026, 4, 4, 13, 30))]
    (reason,) = shop.published("select reasons from quality.quarantine where source = 'tills'")
    assert "the clocks were put forward over it" in reason[0]


def test_a_recycled_tracking_number_does_not_touch_the_old_order(shop: Shop) -> None:
    assert shop.published(
        "select order_id, delivery_status from ops.orders where order_id like 'recycled%' order by order_id"
    ) == [("recycled", "delivered"), ("recycled_before", "none")]


def test_out_for_delivery_after_delivered_changes_nothing(shop: Shop) -> None:
    assert shop.published("select delivery_status, stage, delivered_at from ops.orders where order_id = 'tardy'") == [
        ("delivered", "delivered", datetime(2026, 3, 5, 12))
    ]


def test_a_late_payment_does_not_reopen_an_order(shop: Shop) -> None:
    assert shop.published("select order_status, payment_status, stage from ops.orders where order_id = 'closed'") == [
        ("closed", "overpaid", "closed")
    ]


def test_an_operators_cancelled_units_and_new_promise_count(shop: Shop) -> None:
    assert shop.published(
        "select line_id, cancelled_quantity, open_quantity from ops.order_lines where order_id = 'changed' order by 1"
    ) == [("1", 0, 2), ("2", 1, 2)]
    assert shop.published(
        "select first_promised_at, current_promised_at from ops.orders where order_id = 'changed'"
    ) == [(datetime(2026, 3, 10, 12), datetime(2026, 3, 20, 12))]
    assert shop.published("select action_id, rejection from ops.actions where not is_accepted") == [
        ("no-line", "the order has no such line")
    ]
    assert shop.published("select order_id from ops.exceptions where code = 'rejected_action'") == [("changed",)]


def test_the_rest_of_a_payload_is_in_no_published_file(shop: Shop) -> None:
    for folder in ("published", "warehouse"):
        for path in (shop.home / folder).glob("*.duckdb"):
            assert SECRET.encode() not in path.read_bytes()


def test_inbound_reaches_incoming_units_and_the_next_date(shop: Shop) -> None:
    assert shop.published(
        "select warehouse_id, incoming_quantity, next_incoming_at from marts.fct_inventory_positions "
        "where sku = 'mug' and incoming_quantity > 0 order by warehouse_id"
    ) == [(name, 11, datetime(2026, 4, 18)) for name in ("network", "west")]


def test_carts_reach_the_abandonment_rate_and_can_be_seen(shop: Shop) -> None:
    assert shop.published(
        "select business_date, numerator, denominator from marts.fct_kpi_daily "
        "where kpi = 'abandonment_rate' and dimension = 'all'"
    ) == [(date(2026, 3, 3), 1, 2)]
    assert shop.published("select cart_id, cart_status, quantity, order_id from marts.fct_carts order by 1") == [
        ("c1", "abandoned", 2, None),
        ("c2", "converted", 1, "eur"),
    ]
