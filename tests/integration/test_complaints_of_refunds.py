"""Tests of refunds, losses, disputes, holds on a card and amounts below a cent, as small feeds."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
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
LOST = "2026-03-06T12:00:00Z"
# The order of every test is placed on 2 March at noon with two units at thirty, and paid five minutes later.
WITH_LOSS = ("lost", "for_shipping", "in_two_parts", "half", "named", "unnamed", "not_paid_for", "dollars")
FEEDS: dict[str, list[Row]] = {name: [] for name in ("orders", "order_lines", "payments", "shipments", "tracking")}
FEEDS |= {"returns": [], "fx_rates": []}


def add(feed: str, *rows: Row) -> None:
    """Add rows to a feed."""
    FEEDS[feed] += rows


def refund(order_id: str, amount: str, day: int = 12, **more: Any) -> Row:
    """Return a refund on a day of March."""
    at = f"2026-03-{day:02}T12:00:00Z"
    return payment(
        order_id, amount, **{"payment_id": f"refund-{order_id}-{day}", "kind": "refunded", "occurred_at": at} | more
    )


def event(order_id: str, kind: str, amount: str, day: int, **more: Any) -> Row:
    """Return a payment event of a kind on a day of March."""
    return refund(order_id, amount, day, **{"payment_id": f"{kind}-{order_id}-{day}", "kind": kind} | more)


def came_back(order_id: str, quantity: int, line_id: str = "1", **more: Any) -> Row:
    """Return a return that was received on 10 March."""
    row = {"return_id": f"back-{order_id}", "order_id": order_id, "line_id": line_id, "status": "received"}
    return row | {"quantity": quantity, "occurred_at": "2026-03-10T12:00:00Z", "sku": "mug"} | more


for name in WITH_LOSS:
    add("shipments", shipment(name))
    add("tracking", scan(name, "lost", LOST))
add("orders", *[order(name) for name in WITH_LOSS if name not in ("for_shipping",)])
add("orders", order("for_shipping", shipping_amount="30.00"))
add("order_lines", *[line(name) for name in WITH_LOSS])
add("payments", payment("lost"), refund("lost", "60.00"))
add(
    "payments",
    payment("for_shipping", "90.00"),
    refund("for_shipping", "30.00", goods_amount="0", shipping_amount="30.00"),
)
add("payments", payment("in_two_parts"), refund("in_two_parts", "20.00"), refund("in_two_parts", "10.00", 14))
add("payments", payment("half"), refund("half", "30.00"))
# A second line of these two orders arrives and comes back.
for name in ("named", "unnamed"):
    add("order_lines", line(name, "2", quantity=1))
    add("shipments", shipment(name, shipment_id=f"second-{name}", line_id="2", quantity=1))
    add("tracking", scan(name, "delivered", "2026-03-05T12:00:00Z", shipment_id=f"second-{name}"))
    add("returns", came_back(name, 1, "2"))
    add("payments", payment(name, "90.00"))
add("payments", refund("named", "30.00", return_id="back-named"), refund("unnamed", "30.00"))
# One of two units is cancelled before the capture of the other one.
FEEDS["order_lines"] = [row for row in FEEDS["order_lines"] if row["order_id"] != "not_paid_for"]
add("order_lines", line("not_paid_for", cancelled_quantity=1))
FEEDS["shipments"] = [row for row in FEEDS["shipments"] if row["order_id"] != "not_paid_for"]
add("shipments", shipment("not_paid_for", quantity=1))
add("payments", payment("not_paid_for", "30.00"), refund("not_paid_for", "30.00"))
add("payments", payment("dollars", "66.00", currency="USD"))
add("payments", refund("dollars", "33.00", 20, currency="USD", parent_payment_id="pay-dollars"))
rate = {"base": "EUR", "quote": "USD"}
add("fx_rates", rate | {"rate_date": "2026-03-02", "rate": "1.10"}, rate | {"rate_date": "2026-03-20", "rate": "1.20"})

# Cancelled units and goodwill.
add("orders", *[order(name) for name in ("cancelled_goodwill", "all_cancelled", "over_refunded", "a_cent_over")])
add(
    "order_lines",
    line("cancelled_goodwill"),
    line("cancelled_goodwill", cancelled_quantity=1, updated_at="2026-03-04T12:00:00Z"),
)
add("payments", payment("cancelled_goodwill"), refund("cancelled_goodwill", "40.00"))
add(
    "order_lines", line("all_cancelled"), line("all_cancelled", cancelled_quantity=2, updated_at="2026-03-04T12:00:00Z")
)
add("payments", payment("all_cancelled"), refund("all_cancelled", "60.00"))
add("order_lines", line("over_refunded"), line("a_cent_over"))
add("payments", payment("a_cent_over"), refund("a_cent_over", "60.01"))
add("payments", payment("over_refunded"), refund("over_refunded", "60.01"), refund("over_refunded", "0.01", 13))

# Disputes, one a story.
DISPUTES = {
    "opened": [("disputed", "60.00", 6)],
    "won": [("disputed", "60.00", 6), ("dispute_won", "60.00", 9)],
    "lost_without_opening": [("dispute_lost", "60.00", 9)],
    "lost_after_opening": [("disputed", "60.00", 6), ("dispute_lost", "60.00", 9)],
    "inquiry": [("disputed", "0", 6), ("dispute_won", "0", 9)],
    "won_in_part": [("disputed", "60.00", 6), ("dispute_won", "40.00", 9)],
}
for name, events in DISPUTES.items():
    add("orders", order(name))
    add("order_lines", line(name))
    add("payments", payment(name), *[event(name, *each) for each in events])

# Holds on a card. The order's lines cost sixty.
HOLDS = {
    "held_in_full": [("authorized", "60.00", 3)],
    "held_in_part": [("authorized", "40.00", 3)],
    "released_in_part": [("authorized", "60.00", 3), ("voided", "20.00", 5)],
    "taken_in_part": [("authorized", "60.00", 3), ("captured", "40.00", 4)],
    "held_twice": [("authorized", "30.00", 3), ("authorized", "30.00", 5)],
    "refused": [("failed", "60.00", 3)],
}
for name, events in HOLDS.items():
    add("orders", order(name))
    add("order_lines", line(name))
    add("payments", *[event(name, *each) for each in events])

# Three at a third of a euro; halves of a cent; a currency without cents.
add("orders", *[order(name, channel=name) for name in ("thirds", "halves")], order("yen", currency="JPY"))
add("order_lines", line("thirds", quantity=3, unit_price="0.3333", cancelled_quantity=1))
add("shipments", shipment("thirds"))
add("tracking", scan("thirds", "delivered", "2026-03-05T12:00:00Z"))
add("returns", came_back("thirds", 1))
add("payments", payment("thirds", "0.67"), refund("thirds", "0.34", return_id="back-thirds"))
add("order_lines", line("halves", quantity=1, unit_price="0.125"), line("halves", "2", quantity=1, unit_price="0.135"))
add("order_lines", line("halves", "3", quantity=1, unit_price="10.005", discount_amount="0.005"))
add("payments", payment("halves", "10.26"))
add("order_lines", line("yen", quantity=1, unit_price="100.5"))
add("payments", payment("yen", "100", currency="JPY"))

# Shipping and its tax.
for name in ("tax_within", "tax_beside"):
    included = name == "tax_within"
    add(
        "orders",
        order(name, channel=name, prices_include_tax=included, shipping_amount="5.00", shipping_tax_amount="0.80"),
    )
    add("order_lines", line(name, tax_amount="9.58"))
    add("payments", payment(name, "65.00" if included else "75.38"))

# Gift cards, replacements, lines of zero units.
add("orders", *[order(name, channel=name) for name in ("card_and_mug", "card", "zero_line")])
add("orders", order("replacement", channel="replacement", order_type="replacement", original_order_id="card_and_mug"))
add("orders", order("dearer_replacement", channel="dearer_replacement", order_type="replacement"))
card = {"sku": "card", "quantity": 1, "unit_price": "50.00", "is_gift_card": True, "requires_shipping": False}
add("order_lines", line("card_and_mug"), line("card_and_mug", "2", **card), line("card", **card))
add("order_lines", line("zero_line"), line("zero_line", "2", quantity=0, unit_price="9.00"))
add(
    "order_lines",
    line("replacement", quantity=1, unit_price="0"),
    line("dearer_replacement", quantity=1, unit_price="10.00"),
)
add("payments", payment("card_and_mug", "110.00"), payment("card", "50.00"), payment("zero_line"))
add("payments", payment("dearer_replacement", "10.00"))
for name in ("card_and_mug", "zero_line"):
    add("shipments", shipment(name))
    add("tracking", scan(name, "delivered", "2026-03-05T12:00:00Z"))

# An invoice of thirty that is paid, for one unit kept; one that is never paid.
INVOICE = {"payment_terms": "invoice", "invoice_due_at": "2026-04-01T12:00:00Z"}
for name in ("invoice_half_kept", "invoice_open", "invoice_paid_late"):
    add("orders", order(name, **INVOICE))
    add("order_lines", line(name))
    add("shipments", shipment(name))
    add("tracking", scan(name, "delivered", "2026-03-05T12:00:00Z"))
add("returns", came_back("invoice_half_kept", 1))
add("payments", payment("invoice_half_kept", "30.00", occurred_at="2026-04-20T12:00:00Z"))
add("payments", payment("invoice_paid_late", occurred_at="2026-05-20T12:00:00Z"))

# Back before it was paid; more back than was sent.
add("orders", order("back_before_paid", channel="back_before_paid", **INVOICE), order("more_back"))
add("order_lines", line("back_before_paid"), line("more_back"))
add("shipments", shipment("back_before_paid"), shipment("more_back", quantity=1))
add("tracking", *[scan(name, "delivered", "2026-03-05T12:00:00Z") for name in ("back_before_paid", "more_back")])
add("returns", came_back("back_before_paid", 1), came_back("more_back", 2))
add("payments", payment("back_before_paid", occurred_at="2026-04-10T12:00:00Z"))
add("payments", refund("back_before_paid", "30.00", 31), payment("more_back"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Run all orders in one home."""
    shop = Shop(tmp_path_factory.mktemp("refunds"), SOURCES, "2026-06-30T12:00:00Z")
    for feed, rows in FEEDS.items():
        shop.deliver(f"shop/{feed}", rows)
    shop.run()
    return shop


def revenue_of(shop: Shop, channel: str, columns: str, clock: str = "placed") -> tuple[Any, ...]:
    """Return sums over a channel's days by one clock."""
    summed = ", ".join(f"sum({column})" for column in columns.split(", "))
    sql = f"select {summed} from marts.fct_revenue_daily where recognition_clock = ? and channel = ?"
    ((*values,),) = shop.published(sql, clock, channel)
    return tuple(values)


def codes(shop: Shop, order_id: str) -> set[str]:
    """Return the codes of the open exceptions of an order."""
    return {code for (code,) in shop.published("select code from ops.exceptions where order_id = ?", order_id)}


UNITS = "lost_quantity, cancelled_quantity, open_quantity"


def test_a_refund_of_all_lost_units_cancels_them(shop: Shop) -> None:
    assert line_of(shop, "lost", UNITS) == (2, 2, 0)
    assert order_of(shop, "lost", "order_status, payment_status, due_amount") == ("cancelled", "refunded", 0)


def test_a_refund_of_shipping_cancels_no_lost_unit(shop: Shop) -> None:
    assert line_of(shop, "for_shipping", UNITS) == (2, 0, 2)
    assert "lost" in codes(shop, "for_shipping")


def test_two_refunds_together_cancel_the_lost_unit_that_neither_pays_for_alone(shop: Shop) -> None:
    assert line_of(shop, "in_two_parts", UNITS) == (2, 1, 1)


def test_a_refund_of_one_of_two_lost_units_leaves_the_other_one_to_ship(shop: Shop) -> None:
    assert line_of(shop, "half", UNITS) == (2, 1, 1)
    assert order_of(shop, "half", "payment_status, due_amount") == ("paid", 30)


@pytest.mark.parametrize("order_id", ["named", "unnamed"])
def test_the_refund_of_a_returned_unit_cancels_no_lost_one(shop: Shop, order_id: str) -> None:
    assert line_of(shop, order_id, UNITS) == (2, 0, 2)


def test_a_unit_cancelled_before_it_was_captured_takes_nothing_of_the_refund_of_a_lost_one(shop: Shop) -> None:
    assert line_of(shop, "not_paid_for", UNITS) == (1, 2, 0)


def test_a_refund_of_a_loss_in_another_currency_counts_at_the_rate_of_its_capture(shop: Shop) -> None:
    assert line_of(shop, "dollars", UNITS) == (2, 1, 1)
    assert order_of(shop, "dollars", "payment_status, due_amount") == ("paid", 30)


def test_goodwill_beside_a_refunded_cancellation_is_a_part_refund(shop: Shop) -> None:
    assert order_of(shop, "cancelled_goodwill", "payment_status, due_amount") == ("part_refunded", 30)
    assert order_of(shop, "all_cancelled", "order_status, payment_status, cancelled_at") == (
        "cancelled",
        "refunded",
        datetime(2026, 3, 4, 12),
    )


def test_a_cent_over_the_capture_is_tolerated_and_two_are_not(shop: Shop) -> None:
    assert "refund_exceeds_capture" in codes(shop, "over_refunded")
    assert "refund_exceeds_capture" not in codes(shop, "a_cent_over")


@pytest.mark.parametrize(
    ("order_id", "disputed", "status"),
    [
        ("opened", 60, "disputed"),
        ("won", 0, "paid"),
        ("lost_without_opening", 60, "disputed"),
        ("lost_after_opening", 60, "disputed"),
        ("inquiry", 0, "paid"),
        ("won_in_part", 20, "disputed"),
    ],
)
def test_a_dispute_holds_what_is_open_or_lost(shop: Shop, order_id: str, disputed: int, status: str) -> None:
    assert order_of(shop, order_id, "disputed_amount, payment_status") == (disputed, status)


@pytest.mark.parametrize(
    ("order_id", "expected"),
    [
        ("held_in_full", ("confirmed", "authorized", datetime(2026, 3, 3, 12))),
        ("held_in_part", ("placed", "authorized", None)),
        ("released_in_part", ("placed", "authorized", None)),
        ("taken_in_part", ("confirmed", "part_paid", datetime(2026, 3, 3, 12))),
        ("held_twice", ("confirmed", "authorized", datetime(2026, 3, 5, 12))),
        ("refused", ("placed", "failed", None)),
    ],
)
def test_an_order_is_confirmed_while_a_hold_on_the_card_covers_it(
    shop: Shop, order_id: str, expected: tuple[str, str, datetime | None]
) -> None:
    assert order_of(shop, order_id, "order_status, payment_status, confirmed_at") == expected


def test_parts_of_a_line_of_thirds_add_up(shop: Shop) -> None:
    assert line_of(shop, "thirds", "ordered_gross_amount, gross_amount, returned_net_amount") == (
        Decimal("1.00"),
        Decimal("0.67"),
        Decimal("0.34"),
    )
    assert order_of(shop, "thirds", "due_amount, due_now_amount, payment_status, is_settled") == (
        Decimal("0.67"),
        Decimal("0.33"),
        "part_refunded",
        True,
    )


def test_halves_of_a_minor_unit_are_rounded_to_the_even_one_per_line(shop: Shop) -> None:
    expected = (Decimal("10.26"), 0, Decimal("10.26"))
    assert revenue_of(shop, "halves", "gross_sales_amount, discounts_amount, net_sales_amount") == expected
    assert order_of(shop, "yen", "due_amount, payment_status") == (100, "paid")


def test_tax_of_shipping_is_added_only_where_prices_leave_it_out(shop: Shop) -> None:
    columns = "gross_sales_amount, tax_amount, shipping_amount, total_sales_amount"
    within = (Decimal("50.42"), Decimal("10.38"), Decimal("4.20"), Decimal("65.00"))
    assert revenue_of(shop, "tax_within", columns) == within
    beside = (Decimal("60.00"), Decimal("10.38"), Decimal("5.00"), Decimal("75.38"))
    assert revenue_of(shop, "tax_beside", columns) == beside
    assert order_of(shop, "tax_within", "due_amount, payment_status") == (65, "paid")
    assert order_of(shop, "tax_beside", "due_amount, payment_status") == (Decimal("75.38"), "paid")


def test_gift_cards_are_due_and_are_no_sale(shop: Shop) -> None:
    assert order_of(shop, "card_and_mug", "due_amount, order_status") == (110, "closed")
    assert revenue_of(shop, "card_and_mug", "gross_sales_amount, orders_count, units_quantity") == (60, 1, 2)
    assert order_of(shop, "card", "order_status, fulfilment_status") == ("closed", "nothing_to_fulfil")
    assert revenue_of(shop, "card", "gross_sales_amount") in {(None,), (0,)}


def test_a_line_of_zero_units_keeps_no_order_open(shop: Shop) -> None:
    assert order_of(shop, "zero_line", "order_status, fulfilment_status") == ("closed", "delivered")


def test_a_free_replacement_is_no_sale_and_a_paid_one_is(shop: Shop) -> None:
    assert revenue_of(shop, "replacement", "orders_count, units_quantity, gross_sales_amount") in {
        (0, 0, 0),
        (None,) * 3,
    }
    assert revenue_of(shop, "dearer_replacement", "orders_count, units_quantity, gross_sales_amount") == (1, 1, 10)


def test_an_invoice_is_unpaid_until_what_was_kept_is_paid(shop: Shop) -> None:
    columns = "is_unpaid, is_settled, owed_to_us_amount"
    assert order_of(shop, "invoice_half_kept", columns) == (False, True, 0)
    assert order_of(shop, "invoice_paid_late", columns) == (False, True, 0)
    assert order_of(shop, "invoice_open", columns) == (True, False, 60)
    assert codes(shop, "invoice_open") == {"unpaid"}
    assert codes(shop, "invoice_half_kept") == set()
    breaks = "select break_type, is_open from marts.fct_payment_reconciliation where order_id = ?"
    assert shop.published(breaks, "invoice_half_kept") == [("returned", False)]
    assert shop.published(breaks, "invoice_open") == [("unpaid", True)]


def test_a_return_before_the_payment_counts_on_the_day_of_the_payment_by_the_paid_clock(shop: Shop) -> None:
    sql = """
        select recognition_clock, business_date, sum(returns_amount) from marts.fct_revenue_daily
        where channel = 'back_before_paid' and returns_amount <> 0 and recognition_clock in ('placed', 'paid')
        group by all order by all
    """
    paid, placed = shop.published(sql)
    assert (str(paid[1]), paid[2]) == ("2026-04-10", 30)
    assert (str(placed[1]), placed[2]) == ("2026-03-10", 30)


def test_goods_that_were_never_sent_are_an_exception_and_no_return(shop: Shop) -> None:
    assert line_of(shop, "more_back", "shipped_quantity, returned_quantity, returned_net_amount") == (1, 2, 30)
    assert "return_exceeds_shipment" in codes(shop, "more_back")
    assert order_of(shop, "more_back", "due_amount, due_now_amount") == (60, 30)
