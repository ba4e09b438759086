"""Tests of common complaints about what is owed on an order, as small feeds run by the installed command."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from tests.integration.small_feeds import Row, Shop, line, order, payment, scan, shipment

SOURCES = """
merchant: {business_time_zone: Europe/Vienna, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: shop/*.ndjson
"""
# An order is placed on 2 March at noon with two units at thirty; its parcel arrives on 5 March.
DELIVERED = "2026-03-05T12:00:00Z"
BACK = "2026-03-10T12:00:00Z"
INVOICE = {"payment_terms": "invoice", "invoice_due_at": "2026-03-20T12:00:00Z"}


def came_back(order_id: str, quantity: int = 1, **more: object) -> Row:
    """Return a return of units of line 1 that the merchant received."""
    return {
        "return_id": f"back-{order_id}",
        "order_id": order_id,
        "line_id": "1",
        "status": "received",
        "quantity": quantity,
        "occurred_at": BACK,
        "sku": "mug",
        "warehouse_id": "west",
        **more,
    }


def refund(order_id: str, amount: str, **more: object) -> Row:
    """Return a refund, two days after goods come back."""
    row = {"payment_id": f"refund-{order_id}", "kind": "refunded", "occurred_at": "2026-03-12T12:00:00Z"}
    return payment(order_id, amount, **{**row, **more})


def dispute(order_id: str, kind: str, amount: str, day: int, **more: object) -> Row:
    """Return an event of a dispute on a day of March."""
    row = {"payment_id": f"{kind}-{order_id}-{day}", "kind": kind, "occurred_at": f"2026-03-{day:02}T12:00:00Z"}
    return payment(order_id, amount, **{**row, **more})


RETURNED_AND_REFUNDED = [payment("returned"), refund("returned", "30.00", return_id="back-returned")]
DEARER = [payment("exchanged", "30.00"), payment("exchanged", "45.00", payment_id="difference")]
SHIPPING_BACK = refund("shipping", "6.00", goods_amount="0", tax_amount="1.00", shipping_amount="5.00")
TWO_DISPUTES = [
    payment("disputed", "20.00", payment_id="first"),
    payment("disputed", "40.00", payment_id="second"),
    dispute("disputed", "disputed", "20.00", 6, parent_payment_id="first", fee_amount="15.00"),
    dispute("disputed", "dispute_won", "20.00", 9, parent_payment_id="first", fee_amount="-15.00"),
    dispute("disputed", "dispute_lost", "40.00", 10, parent_payment_id="second", fee_amount="2.50"),
]
WON_MORE = [payment("won"), dispute("won", "disputed", "20.00", 6), dispute("won", "dispute_won", "30.00", 9)]
FAILED_REFUND = [
    payment("failed_refund"),
    refund("failed_refund", "25.00"),
    refund("failed_refund", "25.00", payment_id="failure", kind="failed", parent_payment_id="refund-failed_refund"),
]
VOIDED = [
    payment("voided", kind="authorized"),
    payment("voided", payment_id="void", kind="voided", occurred_at="2026-03-04T12:00:00Z"),
]
IN_DOLLARS = [
    payment("dollars", "75.00", currency="USD"),
    refund("dollars", "75.00", currency="USD", return_id="back-dollars"),
]
LATER_PAYMENT = [
    payment("paid_twice", kind="authorized", payment_id="hold"),
    payment("paid_twice", occurred_at="2026-03-06T12:00:00Z"),
    payment("paid_twice", "5.00", payment_id="more", occurred_at="2026-03-15T12:00:00Z"),
]
TWO_KINDS_OF_DEBT = [
    payment("two_debts", "65.00"),
]
SHORT = payment("short_on_delivery", "55.00", occurred_at="2026-03-06T12:00:00Z")
PAYMENTS = [
    *RETURNED_AND_REFUNDED,
    *DEARER,
    payment("shipping", "66.00"),
    SHIPPING_BACK,
    payment("goodwill"),
    refund("goodwill", "10.00"),
    *TWO_DISPUTES,
    *WON_MORE,
    *FAILED_REFUND,
    *VOIDED,
    *IN_DOLLARS,
    *LATER_PAYMENT,
    *TWO_KINDS_OF_DEBT,
    SHORT,
    payment("half_cents", "1.34"),
    payment("kept_one", "30.00"),
]
ORDERS = [
    order("returned"),
    order("on_account", **INVOICE),
    order("kept_one", **INVOICE),
    order("exchanged"),
    order("shipping", shipping_amount="5.00", shipping_tax_amount="1.00"),
    *[
        order(name)
        for name in ("goodwill", "disputed", "won", "failed_refund", "voided", "dollars", "paid_twice", "two_debts")
    ],
    order("short_on_delivery", payment_terms="on_delivery"),
    order("half_cents"),
]
LINES = [
    *[line(row["order_id"]) for row in ORDERS if row["order_id"] not in ("exchanged", "half_cents")],
    line("exchanged", quantity=1),
    line("exchanged", "2", quantity=1, unit_price="75.00"),
    *[line("half_cents", str(number), quantity=1, unit_price="0.335", sku=f"pin-{number}") for number in range(4)],
]
RETURNS = [
    came_back("returned"),
    came_back("on_account", 2),
    came_back("kept_one"),
    came_back("exchanged"),
    came_back("dollars", 2),
    came_back("two_debts"),
]
NO_PARCEL = {"voided", "half_cents", "exchanged"}
PARCELS = [shipment(row["order_id"]) for row in ORDERS if row["order_id"] not in NO_PARCEL]
EXCHANGED = [shipment("exchanged", quantity=1), shipment("exchanged", quantity=1, line_id="2")]
RATES = [("2026-03-02", "1.25"), ("2026-03-12", "1.20")]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Run the feeds of all complaints in one home, with the clock on 1 May."""
    shop = Shop(tmp_path_factory.mktemp("complaints_of_money"), SOURCES, "2026-05-01T00:00:00Z")
    shop.deliver("shop/orders", ORDERS)
    shop.deliver("shop/order_lines", LINES)
    shop.deliver("shop/payments", PAYMENTS)
    shop.deliver("shop/shipments", [*PARCELS, *EXCHANGED])
    parcels = {row["order_id"] for row in [*PARCELS, *EXCHANGED]}
    shop.deliver("shop/tracking", [scan(order_id, "delivered", DELIVERED) for order_id in sorted(parcels)])
    shop.deliver("shop/returns", RETURNS)
    shop.deliver(
        "shop/fx_rates", [{"rate_date": day, "base": "EUR", "quote": "USD", "rate": rate} for day, rate in RATES]
    )
    shop.run()
    return shop


def codes(shop: Shop, order_id: str) -> set[str]:
    """Return the codes of the open exceptions of an order."""
    return {code for (code,) in shop.published("select code from ops.exceptions where order_id = ?", order_id)}


def money_of(shop: Shop, order_id: str) -> tuple[str, bool, Decimal, Decimal]:
    """Return payment status, settled or not, and the amounts owed to the merchant and back."""
    columns = "payment_status, is_settled, owed_to_us_amount, owed_back_amount"
    ((status, settled, owed, back),) = shop.published(f"select {columns} from ops.orders where order_id = ?", order_id)
    return status, settled, owed, back


def break_of(shop: Shop, order_id: str) -> tuple[str, bool, Decimal]:
    """Return the type of the break, whether it is open, and the amount that it leaves open."""
    columns = "break_type, is_open, open_amount"
    ((kind, is_open, amount),) = shop.published(
        f"select {columns} from marts.fct_payment_reconciliation where order_id = ?", order_id
    )
    return kind, is_open, amount


def test_a_refunded_return_is_no_debt_and_no_open_break(shop: Shop) -> None:
    assert money_of(shop, "returned") == ("part_refunded", True, 0, 0)
    assert break_of(shop, "returned") == ("returned", False, 0)
    assert codes(shop, "returned") == set()


def test_goods_brought_back_before_an_invoice_was_paid_leave_nothing_to_pay(shop: Shop) -> None:
    assert money_of(shop, "on_account") == ("paid", True, 0, 0)
    assert break_of(shop, "on_account") == ("returned", False, 0)
    assert codes(shop, "on_account") == set()


def test_an_invoice_paid_for_what_was_kept_is_paid(shop: Shop) -> None:
    assert money_of(shop, "kept_one") == ("paid", True, 0, 0)
    assert break_of(shop, "kept_one") == ("returned", False, 0)
    assert codes(shop, "kept_one") == set()


def test_an_exchange_for_something_dearer_is_paid_with_the_difference(shop: Shop) -> None:
    assert money_of(shop, "exchanged") == ("paid", True, 0, 0)
    assert break_of(shop, "exchanged") == ("returned", False, 0)
    assert codes(shop, "exchanged") == set()
    assert shop.published("select order_status, is_unpaid from ops.orders where order_id = 'exchanged'") == [
        ("closed", False)
    ]


def test_refunded_shipping_asks_for_no_return_and_refunded_goods_do(shop: Shop) -> None:
    assert codes(shop, "shipping") == set()
    assert money_of(shop, "shipping") == ("part_refunded", True, 0, 0)
    assert shop.published("select amount_at_stake from ops.exceptions where code = 'refund_without_return'") == [
        (Decimal(10),)
    ]
    assert codes(shop, "goodwill") == {"refund_without_return"}


def test_a_won_dispute_does_not_hide_a_lost_one(shop: Shop) -> None:
    assert shop.published(
        "select payment_status, disputed_amount, fee_amount from ops.orders where order_id = 'disputed'"
    ) == [("disputed", 40, Decimal("2.5"))]


def test_a_dispute_won_for_more_than_was_disputed_leaves_nothing_disputed(shop: Shop) -> None:
    assert shop.published("select payment_status, disputed_amount from ops.orders where order_id = 'won'") == [
        ("paid", 0)
    ]
    assert shop.published("select sum(signed_amount) from marts.fct_payment_ledger where order_id = 'won'") == [(60,)]


def test_a_refund_that_failed_is_no_refund(shop: Shop) -> None:
    assert shop.published(
        "select payment_status, captured_amount, refunded_amount from ops.orders where order_id = 'failed_refund'"
    ) == [("paid", 60, 0)]
    assert shop.published(
        "select sum(refunds_amount) from marts.fct_revenue_daily "
        "where recognition_clock = 'placed' and business_date = '2026-03-12' and currency = 'EUR'"
    ) == [(Decimal(30 + 6 + 10) + Decimal("62.50"),)]


def test_a_voided_authorisation_confirms_nothing(shop: Shop) -> None:
    assert shop.published(
        "select order_status, payment_status, authorized_amount, confirmed_at, is_unpaid from ops.orders "
        "where order_id = 'voided'"
    ) == [("placed", "voided", 0, None, True)]


def test_a_refund_counts_at_the_rate_of_its_capture_and_the_rest_is_a_difference_of_the_rate(shop: Shop) -> None:
    assert shop.published(
        "select payment_status, captured_amount, refunded_amount from ops.orders where order_id = 'dollars'"
    ) == [("refunded", 60, Decimal("62.5"))]
    assert shop.published(
        "select cash_amount, returned_break_amount, fx_difference_break_amount, unexplained_amount, is_open "
        "from marts.fct_payment_reconciliation where order_id = 'dollars'"
    ) == [(Decimal("-2.5"), -60, Decimal("-2.5"), 0, False)]


def test_later_payments_do_not_move_the_confirmation(shop: Shop) -> None:
    assert shop.published("select confirmed_at from ops.orders where order_id = 'paid_twice'") == [
        (datetime(2026, 3, 2, 12, 5),)
    ]
    assert codes(shop, "paid_twice") == {"payment_mismatch"}


def test_money_beyond_the_order_and_money_for_goods_that_came_back_are_told_apart(shop: Shop) -> None:
    assert money_of(shop, "two_debts") == ("overpaid", True, 0, 35)
    assert break_of(shop, "two_debts") == ("overpaid", True, 35)
    assert shop.published(
        "select code, amount_at_stake, amount_at_stake_reporting from ops.exceptions "
        "where order_id = 'two_debts' order by 2"
    ) == [("payment_mismatch", 5, 5), ("received_not_refunded", 30, 30)]


def test_an_order_is_unpaid_exactly_if_the_worklist_says_so(shop: Shop) -> None:
    unpaid = shop.published("select order_id from ops.orders where is_unpaid order by 1")
    assert unpaid == shop.published("select order_id from ops.exceptions where code = 'unpaid' order by 1")
    assert unpaid == [("short_on_delivery",), ("voided",)]
    assert money_of(shop, "short_on_delivery") == ("part_paid", False, 5, 0)


def test_shops_that_round_the_sum_once_are_paid_too(shop: Shop) -> None:
    assert shop.published("select is_settled, tolerance_amount from ops.orders where order_id = 'half_cents'") == [
        (True, Decimal("0.03"))
    ]
    assert "payment_mismatch" not in codes(shop, "half_cents")
