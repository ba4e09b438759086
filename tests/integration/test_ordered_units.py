"""Tests of the fate of ordered units: cancelled, sent, lost, returned and promised, and refunds that pay for them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.small_feeds import Row, Shop, line, order, payment, scan, shipment

# Midnight in Denver is 06:00 UTC in summer.
SOURCES = """
merchant: {business_time_zone: America/Denver, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: shop/*.ndjson
"""
AS_OF = "2026-06-30T12:00:00Z"
DAY = "2026-04-10"
LATER = {"updated_at": "2026-03-04T12:00:00Z"}
OPERATOR = {"actor": "mia", "role": "operator"}


def refund(order_id: str, amount: str, **more: Any) -> Row:
    """Return a refund that names no return, a week after the order."""
    number = more.pop("number", 1)
    return {
        **payment(order_id, amount, kind="refunded", payment_id=f"back-{order_id}-{number}"),
        "occurred_at": f"2026-03-{8 + number:02}T12:00:00Z",
        **more,
    }


def lost(order_id: str) -> Row:
    """Return the scan that reports the order's parcel lost."""
    return scan(order_id, "lost", "2026-03-06T12:00:00Z")


def promised(order_id: str, promised_at: str, **more: Any) -> Row:
    """Return an order of March with a promise in April."""
    return order(order_id, promised_at=promised_at, **more)


ORDERS = [
    *[
        order(name, channel=name)
        for name in (
            "lost_beside_cancelled", "lost_beside_returned", "lost_paid_in_dollars", "half_refunded", "sent_again",
            "shared_a", "shared_b", "never_sent", "nothing_ordered", "by_operator", "touched_again", "lost_on_way_back",
            "to_sender", "back_then_to_sender", "fine_prices", "goodwill", "refunded_loss",
        )
    ],
    order("yen", currency="JPY"),
    order("dinar", currency="KWD", shipping_amount="1.0004"),
    order("part_left"),
    order("part_left", **LATER, is_cancelled=True, cancelled_at="2026-03-04T11:00:00Z"),
    order("time_unknown"),
    order("time_unknown", **LATER, is_cancelled=True),
    order("time_unknown", updated_at="2026-03-09T12:00:00Z", is_cancelled=True),
    promised("on_the_day", f"{DAY}T00:00:00Z", promise_is_date_only=True),
    promised("the_day_after", f"{DAY}T00:00:00+02:00", promise_is_date_only=True),
    promised("bare_day", DAY),
    promised("at_noon", f"{DAY}T12:00:00Z"),
    promised("moved", f"{DAY}T12:00:00Z"),
    promised("moved", "2026-04-20T12:00:00Z", **LATER),
    promised("moved_ahead", "2026-08-10T12:00:00Z", **LATER),
    promised("own_promise", "2026-08-10T12:00:00Z"),
    promised("operators_day", "2026-04-10T12:00:00Z"),
]  # fmt: skip
TWO_LINES = ("lost_beside_cancelled", "lost_beside_returned")
PROMISED = ("on_the_day", "the_day_after", "bare_day", "at_noon", "moved")
SENT = (
    "lost_beside_cancelled", "lost_beside_returned", "lost_paid_in_dollars", "half_refunded", "sent_again",
    "lost_on_way_back", "to_sender", "back_then_to_sender", "refunded_loss",
)  # fmt: skip
SPECIAL = {*TWO_LINES, "nothing_ordered", "fine_prices", "yen", "dinar", "part_left", "goodwill", "own_promise"}
LINES = [
    *[line(row["order_id"]) for row in ORDERS if row["updated_at"] == "2026-03-02T12:00:00Z"
      if row["order_id"] not in SPECIAL],
    line("moved_ahead"),
    *[line(name, number) for name in TWO_LINES for number in ("1", "2")],
    line("lost_beside_cancelled", "2", **LATER, cancelled_quantity=2),
    line("nothing_ordered", quantity=0),
    line("touched_again", updated_at="2026-03-03T12:00:00Z", cancelled_quantity=2),
    line("touched_again", updated_at="2026-03-09T12:00:00Z", cancelled_quantity=2, warehouse_id="west"),
    line("fine_prices", "1", quantity=3, unit_price="0.3333"),
    line("fine_prices", "2", quantity=1, unit_price="0.3350", discount_amount="0.0049", tax_amount="0.0150"),
    line("yen", quantity=1, unit_price="100.5"),
    line("dinar", quantity=1, unit_price="10.0006"),
    line("part_left", quantity=3),
    line("goodwill", quantity=3),
    line("goodwill", **LATER, quantity=3, cancelled_quantity=1),
    line("own_promise", "1"),
    line("own_promise", "2", promised_at=DAY),
]  # fmt: skip
PARCELS = [
    *[shipment(name) for name in (*SENT, *PROMISED)],
    shipment("lost_beside_returned", line_id="2", shipment_id="ship-kept"),
    shipment("sent_again", shipment_id="ship-again", shipped_at="2026-03-08T12:00:00Z"),
    shipment("shared_a", shipment_id="ship-shared"),
    shipment("shared_b", shipment_id="ship-shared"),
    shipment("part_left", quantity=1),
    shipment("goodwill"),
    shipment("own_promise"),
]
SCANS = [
    *[lost(name) for name in (*TWO_LINES, "lost_paid_in_dollars", "half_refunded", "sent_again", "refunded_loss")],
    scan("kept", "delivered", "2026-03-05T12:00:00Z"),
    scan("shared", "delivered", "2026-03-05T12:00:00Z"),
    scan("part_left", "delivered", "2026-03-05T12:00:00Z"),
    scan("goodwill", "delivered", "2026-03-05T12:00:00Z"),
    scan("lost_on_way_back", "returning", "2026-03-05T12:00:00Z"),
    scan("lost_on_way_back", "lost", "2026-03-07T12:00:00Z"),
    scan("to_sender", "returning", "2026-03-05T12:00:00Z"),
    scan("to_sender", "delivered", "2026-03-07T12:00:00Z"),
    scan("back_then_to_sender", "returned", "2026-03-07T12:00:00Z"),
    scan("back_then_to_sender", "delivered", "2026-03-07T12:05:00Z"),
    scan("own_promise", "delivered", "2026-03-05T12:00:00Z"),
    scan("on_the_day", "delivered", "2026-04-11T05:59:00Z"),
    scan("the_day_after", "delivered", "2026-04-11T06:00:00Z"),
    scan("bare_day", "delivered", "2026-04-10T23:00:00Z"),
    scan("at_noon", "delivered", "2026-04-10T12:00:01Z"),
    scan("moved", "delivered", "2026-04-15T12:00:00Z", estimated_delivery_at="2026-04-16"),
]
PAYMENTS = [
    payment("lost_beside_cancelled", "120"),
    refund("lost_beside_cancelled", "60"),
    payment("lost_beside_returned", "120"),
    refund("lost_beside_returned", "60"),
    payment("lost_paid_in_dollars", "75", currency="USD"),
    refund("lost_paid_in_dollars", "75", currency="USD"),
    payment("half_refunded"),
    refund("half_refunded", "30"),
    refund("half_refunded", "10", number=2),
    payment("sent_again"),
    refund("sent_again", "60", goods_amount="60"),
    payment("never_sent"),
    payment("by_operator"),
    payment("part_left", "90"),
    payment("goodwill", "90"),
    refund("goodwill", "30"),
    refund("goodwill", "12", number=2, goods_amount="12"),
    payment("refunded_loss"),
    refund("refunded_loss", "60"),
]
RETURNS = [
    {
        "return_id": f"r-{order_id}",
        "line_id": number,
        "order_id": order_id,
        "status": "received",
        "occurred_at": "2026-03-08T12:00:00Z",
        "quantity": 2,
    }
    for order_id, number in (("lost_beside_returned", "2"), ("never_sent", "1"))
]
ACTIONS = [
    OPERATOR
    | {
        "action_id": "cancel",
        "order_id": "by_operator",
        "kind": "cancel_line",
        "line_id": "1",
        "quantity": 2,
        "occurred_at": "2026-03-05T12:00:00Z",
    },
    OPERATOR
    | {
        "action_id": "promise",
        "order_id": "operators_day",
        "kind": "change_promise",
        "payload": {"promised_at": "2026-08-10"},
        "occurred_at": "2026-03-05T12:00:00Z",
    },
]
# The rate of the day of the capture and of the day of the refund.
RATES = [
    {"rate_date": day, "base": "EUR", "quote": "USD", "rate": rate}
    for day, rate in (("2026-03-02", "1.25"), ("2026-03-09", "1.50"))
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Run the feeds of all orders in one home."""
    shop = Shop(tmp_path_factory.mktemp("ordered_units"), SOURCES, AS_OF)
    receipt = {"movement_id": "m1", "sku": "mug", "warehouse_id": "west", "kind": "receipt", "quantity": 500}
    feeds: dict[str, list[Row]] = {
        "orders": ORDERS,
        "order_lines": LINES,
        "shipments": PARCELS,
        "tracking": SCANS,
        "payments": PAYMENTS,
        "returns": RETURNS,
        "actions": ACTIONS,
        "fx_rates": RATES,
        "stock": [receipt | {"occurred_at": "2026-03-01T00:00:00Z"}],
    }
    for feed, rows in feeds.items():
        shop.deliver(f"shop/{feed}", rows)
    shop.run()
    return shop


def units(shop: Shop, order_id: str, columns: str, line_id: str = "1") -> tuple[Any, ...]:
    """Return columns of an order line."""
    sql = f"select {columns} from marts.fct_order_lines where order_id = ? and line_id = ?"  # noqa: S608
    (row,) = shop.published(sql, order_id, line_id)
    return row


def state(shop: Shop, order_id: str, columns: str) -> tuple[Any, ...]:
    """Return columns of an order."""
    (row,) = shop.published(f"select {columns} from marts.fct_orders where order_id = ?", order_id)  # noqa: S608
    return row


def codes(shop: Shop, order_id: str) -> set[str]:
    """Return the codes of the order's open exceptions."""
    return {code for (code,) in shop.published("select code from marts.fct_exceptions where order_id = ?", order_id)}


RETURNED = "select sum(returns_amount) from marts.fct_revenue_daily where channel = ? and recognition_clock = 'placed'"
FATE = "lost_quantity, open_quantity, cancelled_quantity"


def test_the_refund_of_a_cancelled_unit_does_not_close_a_lost_one(shop: Shop) -> None:
    assert units(shop, "lost_beside_cancelled", FATE) == (2, 2, 0)
    assert units(shop, "lost_beside_cancelled", FATE, "2") == (0, 0, 2)
    assert state(shop, "lost_beside_cancelled", "order_status, due_amount") == ("confirmed", Decimal(60))
    assert "lost" in codes(shop, "lost_beside_cancelled")


def test_a_refund_that_names_no_return_pays_for_the_returned_unit_before_the_lost_one(shop: Shop) -> None:
    assert units(shop, "lost_beside_returned", FATE) == (2, 2, 0)
    assert units(shop, "lost_beside_returned", "shipped_quantity, returned_quantity", "2") == (2, 2)


def test_a_lost_parcel_is_refunded_at_the_rate_at_which_it_was_paid(shop: Shop) -> None:
    assert units(shop, "lost_paid_in_dollars", FATE) == (2, 0, 2)


def test_a_lost_unit_is_not_sent_again_once_its_whole_value_is_refunded(shop: Shop) -> None:
    assert units(shop, "half_refunded", FATE) == (2, 1, 1)
    assert units(shop, "refunded_loss", FATE) == (2, 0, 2)
    assert state(shop, "refunded_loss", "order_status, cancelled_at") == ("cancelled", datetime(2026, 3, 9, 12))
    assert "lost" in codes(shop, "half_refunded")
    assert "lost" not in codes(shop, "refunded_loss")


def test_the_refund_of_a_lost_unit_that_was_sent_again_is_goodwill(shop: Shop) -> None:
    assert units(shop, "sent_again", f"{FATE}, shipped_quantity") == (2, 0, 0, 2)
    assert shop.published(RETURNED, "sent_again") == [(Decimal(60),)]


def test_only_what_is_refunded_beyond_cancelled_units_counts_as_returned_goods(shop: Shop) -> None:
    assert shop.published(RETURNED, "goodwill") == [(Decimal(12),)]


def test_one_parcel_may_hold_lines_of_two_orders(shop: Shop) -> None:
    for order_id in ("shared_a", "shared_b"):
        assert units(shop, order_id, "shipped_quantity, delivered_quantity") == (2, 2)


def test_goods_that_come_back_but_were_never_sent_are_an_exception_and_no_return(shop: Shop) -> None:
    assert units(shop, "never_sent", "returned_quantity, open_quantity") == (2, 2)
    assert state(shop, "never_sent", "return_status, order_status, fulfilment_status") == (
        "none",
        "confirmed",
        "unfulfilled",
    )
    assert "return_exceeds_shipment" in codes(shop, "never_sent")


def test_an_order_without_any_ordered_unit_is_not_cancelled(shop: Shop) -> None:
    assert state(shop, "nothing_ordered", "order_status") != ("cancelled",)


def test_a_cancellation_after_a_part_left_stands_with_its_time(shop: Shop) -> None:
    assert units(shop, "part_left", "shipped_quantity, cancelled_quantity, open_quantity") == (1, 2, 0)
    assert state(shop, "part_left", "order_status, is_cancelled, cancelled_at, due_amount") == (
        "closed",
        True,
        datetime(2026, 3, 4, 11),
        Decimal(30),
    )
    assert "cancelled_but_shipped" in codes(shop, "part_left")


def test_an_order_was_cancelled_when_its_last_unit_was(shop: Shop) -> None:
    assert state(shop, "by_operator", "order_status, cancelled_at") == ("cancelled", datetime(2026, 3, 5, 12))
    assert state(shop, "touched_again", "order_status, cancelled_at") == ("cancelled", datetime(2026, 3, 3, 12))
    assert state(shop, "time_unknown", "order_status, cancelled_at") == ("cancelled", datetime(2026, 3, 4, 12))


def test_a_parcel_that_is_lost_on_its_way_back_is_lost(shop: Shop) -> None:
    assert units(shop, "lost_on_way_back", FATE) == (2, 2, 0)
    assert state(shop, "lost_on_way_back", "delivery_status") == ("lost",)
    assert "lost" in codes(shop, "lost_on_way_back")


def test_a_parcel_that_turned_back_is_delivered_to_its_sender(shop: Shop) -> None:
    for order_id in ("to_sender", "back_then_to_sender"):
        assert units(shop, order_id, "delivered_quantity, carrier_returned_quantity, open_quantity") == (0, 2, 2)
        assert state(shop, order_id, "delivery_status, delivered_at") == ("returned", None)
        assert "delivery_failed" in codes(shop, order_id)
    assert "illegal_transition" in codes(shop, "to_sender")
    assert "illegal_transition" not in codes(shop, "back_then_to_sender")


def test_line_totals_are_rounded_half_even_once_to_the_currencys_minor_unit(shop: Shop) -> None:
    amounts = "ordered_gross_amount, discount_amount, net_amount, tax_amount"
    assert units(shop, "fine_prices", amounts) == (Decimal("1.00"), 0, Decimal("1.00"), 0)
    assert units(shop, "fine_prices", amounts, "2") == (Decimal("0.34"), 0, Decimal("0.34"), Decimal("0.02"))
    assert state(shop, "fine_prices", "due_amount") == (Decimal("1.36"),)
    assert state(shop, "yen", "due_amount") == (Decimal(100),)
    assert state(shop, "dinar", "due_amount, shipping_amount") == (Decimal("11.001"), Decimal(1))


def test_a_promise_of_a_day_is_that_day_where_the_merchant_is(shop: Shop) -> None:
    columns = "promise_is_date_only, current_promised_at, late_at, was_late, is_late"
    day = (True, datetime(2026, 4, 10, 6), datetime(2026, 4, 11, 5, 59, 59, 999999))
    noon = datetime(2026, 4, 10, 12)
    assert state(shop, "on_the_day", columns) == (*day, False, False)
    assert state(shop, "the_day_after", columns) == (*day, True, False)
    assert state(shop, "bare_day", columns) == (*day, False, False)
    assert state(shop, "at_noon", columns) == (False, noon, noon, True, False)


def test_late_now_looks_at_the_current_promise_and_delivered_late_at_the_first(shop: Shop) -> None:
    assert state(shop, "moved", "was_late, is_late") == (True, False)
    assert state(shop, "moved_ahead", "was_late, is_late") == (False, False)
    assert "late" not in codes(shop, "moved")


def test_an_order_is_late_as_soon_as_one_of_its_lines_is(shop: Shop) -> None:
    late_at = datetime(2026, 4, 11, 5, 59, 59, 999999)
    assert units(shop, "own_promise", "late_at, has_arrived") == (datetime(2026, 8, 10, 12), True)
    assert units(shop, "own_promise", "late_at, has_arrived, promise_is_date_only", "2") == (late_at, False, True)
    assert state(shop, "own_promise", "is_late, late_at, stage") == (True, late_at, "late")
    assert "late" in codes(shop, "own_promise")


def test_an_operator_may_promise_a_day(shop: Shop) -> None:
    columns = "current_promised_at, promise_is_date_only, is_late"
    assert state(shop, "operators_day", columns) == (datetime(2026, 8, 10, 6), True, False)


def test_an_estimate_of_a_day_is_that_day_where_the_merchant_is(shop: Shop) -> None:
    estimated = "select estimated_delivery_at, estimate_is_date_only from staging.stg_tracking where shipment_id = ?"
    assert (datetime(2026, 4, 16, 6), True) in shop.staged(estimated, "ship-moved")


def moves(shop: Shop, order_id: str, axis: str) -> list[str]:
    """Return the statuses that the order's history passes through on an axis."""
    told = "select to_status from marts.fct_order_timeline where order_id = ? and axis = ? order by event_number"
    return [status for (status,) in shop.published(told, order_id, axis)]


@pytest.mark.parametrize(
    "axis", ["order_status", "payment_status", "fulfilment_status", "delivery_status", "return_status"]
)
def test_the_history_of_every_order_ends_in_its_present(shop: Shop, axis: str) -> None:
    orders = shop.published(f"select order_id, {axis} from marts.fct_orders")  # noqa: S608
    assert {order_id: (moves(shop, order_id, axis) or ["none"])[-1] for order_id, _ in orders} == dict(orders)


def test_running_sums_alone_lead_to_the_present(shop: Shop) -> None:
    assert shop.published("select order_id, axis from marts.fct_order_timeline where event = 'reconciled'") == []


def test_a_lost_parcel_opens_the_order_again_until_it_is_refunded(shop: Shop) -> None:
    assert moves(shop, "refunded_loss", "fulfilment_status") == [
        "unfulfilled",
        "shipped",
        "unfulfilled",
        "nothing_to_fulfil",
    ]
    assert moves(shop, "refunded_loss", "delivery_status") == ["lost"]
    assert moves(shop, "refunded_loss", "order_status")[-1] == "cancelled"


def test_each_order_in_a_parcel_has_the_parcel_in_the_mart(shop: Shop) -> None:
    parcels = "select order_id, outcome from marts.fct_shipments where order_id like 'shared%' order by order_id"
    assert shop.published(parcels) == [("shared_a", "delivered"), ("shared_b", "delivered")]
