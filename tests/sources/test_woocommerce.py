"""Tests of WooCommerce's objects as feeds: real payloads against hand-worked figures, and made-up ones."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orderhouse.files.source_files import FileRejected
from orderhouse.sources.formats.format import FeedRows
from orderhouse.sources.readers.records import RECORD

from tests.integration.running import data_folder
from tests.sources.format_reading import file_of, payloads, read, rows_of, screened

WOO = "woocommerce_orders"
LINE: dict[str, Any] = {
    "id": 1,
    "sku": "MUG",
    "product_id": 5,
    "variation_id": 0,
    "quantity": 3,
    "subtotal": "25.00",
    "total": "24.00",
    "total_tax": "2.00",
    "meta_data": [{"id": 1, "key": "_plugin", "value": {"any": ["shape"]}}],
}
ORDER: dict[str, Any] = {
    "id": 1001,
    "number": "1001",
    "status": "processing",
    "currency": "EUR",
    "created_via": "checkout",
    "date_created": "2026-03-01T01:00:00",
    "date_created_gmt": "2026-03-01T00:00:00",
    "date_modified_gmt": "2026-03-02T00:00:00",
    "date_paid_gmt": None,
    "prices_include_tax": True,
    "customer_id": 0,
    "payment_method": "cod",
    "shipping_total": "4.00",
    "shipping_tax": "0.80",
    "total": "34.80",
    "billing": {"first_name": "Ana", "last_name": "Lee", "email": "a@example.com", "city": "Bonn", "country": "DE"},
    "shipping": [],
    "line_items": [LINE],
    "fee_lines": [{"id": 2, "name": "Gift wrap", "total": "3.00", "total_tax": "1.00"}],
    "coupon_lines": [{"code": "spring"}, {"code": "vip"}],
    "refunds": [],
}
REFUND: dict[str, Any] = {
    "id": 9,
    "parent_id": 1001,
    "date_created_gmt": "2026-03-05T00:00:00",
    "amount": "14.00",
    "reason": "broken",
    "refunded_by": 1,
    "refunded_payment": True,
    "line_items": [
        {
            **LINE,
            "id": 77,
            "quantity": -1,
            "total": "-8.00",
            "total_tax": "-1.00",
            "meta_data": [{"key": "_refunded_item_id", "value": "1"}, {"key": "_x", "value": []}],
        }
    ],
    "shipping_lines": [{"id": 78, "total": "-4.00", "total_tax": "-1.00"}],
    "_links": {"up": [{"href": "https://shop.example/wp-json/wc/v3/orders/1001"}]},
}


def found_in(*values: Any, **declared: Any) -> list[FeedRows]:
    return read(WOO, file_of(json.dumps(list(values))), **declared)


def real(name: str) -> list[FeedRows]:
    path = payloads(data_folder(), "woocommerce_api") / f"{name}.json"
    return read(WOO, file_of(path.read_bytes()))


def accepted(found: list[FeedRows], feed: str, **declared: Any) -> pl.DataFrame:
    """Return the rows of a feed; fail if one is quarantined."""
    screening = screened(found, feed, WOO, **declared)
    assert screening.quarantined["reasons"].to_list() == []
    return screening.accepted


def order_totals(found: list[FeedRows]) -> dict[str, Decimal]:
    """Return lines − discounts + tax + shipping of the accepted rows, per order."""
    lines = accepted(found, "order_lines")
    net = lines.select(
        "order_id",
        amount=pl.col("quantity") * pl.col("unit_price")
        - pl.col("discount_amount").fill_null(0)
        + pl.col("tax_amount").fill_null(0),
    )
    sums = dict(net.group_by("order_id").agg(pl.col("amount").sum()).rows())
    orders = accepted(found, "orders").select("order_id", pl.col("shipping_amount") + pl.col("shipping_tax_amount"))
    return {order_id: sums.get(order_id, Decimal(0)) + shipping for order_id, shipping in orders.rows()}


def test_the_totals_of_real_orders_tie_out() -> None:
    # 727: 2 × 3.00 + 12.00 + tax 1.35 + shipping 10.00; 723: 9.00 + 20.00 + 10.00
    assert order_totals(real("orders_02")) == {"727": Decimal("29.35"), "723": Decimal("39.00")}
    # 728: 15 + 3 + 12 + tax 1.13 + 0.23 + 0.90 + shipping 30 is a cent more than the 62.25 that the shop rounds to
    totals = order_totals(real("orders_05"))
    assert totals == {
        "728": Decimal("62.26"),
        "729": Decimal("54.40"),
        "727": Decimal("29.35"),
        "723": Decimal("39.00"),
    }


def test_a_batch_gives_what_was_created_updated_and_deleted() -> None:
    found = real("orders_05")
    assert accepted(found, "orders")["order_id"].to_list() == ["728", "729", "727", "723"]
    assert [name for rows in found for name in rows.ignored] == ["1 × the deletion of orders"]


def test_real_refunds_name_their_order_and_need_a_declared_currency() -> None:
    found = real("order-refunds_02")
    paid = accepted(found, "payments", constants={"currency": "USD"})
    assert paid.select("payment_id", "order_id", "amount", "goods_amount", "return_id").rows() == [
        ("723/refund/726", "723", Decimal("10"), None, None),
        ("723/refund/724", "723", Decimal("9"), Decimal("9"), "724"),
    ]
    assert screened(found, "payments", WOO).quarantined["reasons"].to_list() == ["currency is missing"] * 2
    back = accepted(found, "returns").select("return_id", "line_id", "order_id", "quantity", "status").rows()
    assert back == [("724", "311", "723", 1, "refunded")]


def test_every_real_file_is_read_and_every_record_is_somewhere() -> None:
    for path in sorted(payloads(data_folder(), "woocommerce_api").glob("*.json")):
        sent = json.loads(path.read_bytes())
        is_batch = isinstance(sent, dict) and set(sent) == {"create", "update", "delete"}
        count = sum(map(len, sent.values())) if is_batch else len(sent) if isinstance(sent, list) else 1
        found = read(WOO, file_of(path.read_bytes()))
        assert {record for rows in found for record in rows.frame[RECORD]} == set(range(1, count + 1)), path.name
        assert not [each for rows in found for each in rows.malformed]
        for feed in {rows.feed for rows in found if rows.feed} - {"payments"}:
            accepted(found, feed)


def test_real_products_and_customers() -> None:
    products = accepted(real("products_06"), "products")
    assert products.select("sku", "name", "kind", "category").row(0) == ("id:801", "Woo Single #1", "virtual", "Music")
    customers = accepted(real("customers_05"), "customers")
    assert customers["customer_id"].to_list() == ["27", "28", "26", "25"]
    assert "email_token" in customers.columns


def test_a_fee_below_zero_is_a_discount_on_the_others() -> None:
    fees = [*ORDER["fee_lines"], {"id": 3, "name": "Voucher", "total": "-5.00", "total_tax": "-0.40"}]
    found = found_in({**ORDER, "fee_lines": fees})
    lines = accepted(found, "order_lines").select("line_id", "quantity", "unit_price", "discount_amount", "tax_amount")
    # 24.00 and 3.00 share 5.00 and 0.40: 4.44 and 0.56, 0.35 and 0.05.
    assert lines.rows() == [
        ("1", 3, Decimal("8.3334"), Decimal("5.4402"), Decimal("1.6500")),
        ("2", 1, Decimal("3.0000"), Decimal("0.5600"), Decimal("0.9500")),
    ]
    assert order_totals(found) == {"1001": Decimal("34.80") - Decimal("5.40")}


def test_a_fee_below_zero_of_more_than_the_order_is_quarantined() -> None:
    fees = [{"id": 3, "name": "Voucher", "total": "-24.01", "total_tax": "0"}]
    found = found_in({**ORDER, "fee_lines": fees})
    assert screened(found, "order_lines", WOO).quarantined["reasons"].to_list() == ["unit_price -24.01 is negative"]


@settings(max_examples=50)
@given(
    totals=st.lists(st.integers(1, 10**9), min_size=1, max_size=6),
    share=st.fractions(0, 1),
    places=st.sampled_from([0, 2, 3, 4]),
)
def test_a_fee_below_zero_is_spread_without_rest(totals: list[int], share: Fraction, places: int) -> None:
    unit = 10 ** (4 - places)
    given_back = int(sum(totals) * share)
    lines = [
        {**LINE, "id": number, "quantity": 1, "subtotal": text(total * unit), "total": text(total * unit)}
        for number, total in enumerate(totals)
    ]
    fees = [{"id": 99, "total": f"-{text(given_back * unit)}", "total_tax": "0"}]
    rows = accepted(found_in({**ORDER, "line_items": lines, "fee_lines": fees}), "order_lines")
    if given_back:
        assert rows["discount_amount"].sum() == Decimal(given_back * unit).scaleb(-4)
        assert all((value * 10**places) % 1 == 0 for value in rows["discount_amount"])


def text(ten_thousandths: int) -> str:
    return f"{Decimal(ten_thousandths).scaleb(-4):f}"


def test_an_order_ties_out_with_its_fee_discount_and_taxes() -> None:
    found = found_in(ORDER)
    # 24.00 + 2.00 and the fee of 3.00 + 1.00 and shipping of 4.00 + 0.80
    assert order_totals(found) == {"1001": Decimal("34.80")}
    lines = accepted(found, "order_lines")
    assert lines.select("line_id", "sku", "unit_price", "discount_amount", "requires_shipping").rows() == [
        ("1", "MUG", Decimal("8.3334"), Decimal("1.0002"), None),
        ("2", "fee", Decimal("3"), None, False),
    ]


def test_an_order_is_net_of_tax_for_a_guest_with_codes_and_terms() -> None:
    (order,) = rows_of(found_in(ORDER), "orders").to_dicts()
    assert order["prices_include_tax"] == "false"
    assert order["customer_id"] is None
    assert order["discount_code"] == "spring, vip"
    assert order["payment_terms"] == "cod"
    assert (order["ship_name"], order["ship_city"], order["ship_country"]) == ("Ana Lee", "Bonn", "DE")
    assert (order["placed_at"], order["updated_at"]) == ("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("pending", (False, None)),
        ("on-hold", (False, None)),
        ("completed", (False, None)),
        ("refunded", (False, None)),
        ("a-plugins-own", (False, None)),
        ("cancelled", (True, "cancelled")),
        ("failed", (True, "failed")),
        ("trash", (True, "trash")),
        ("checkout-draft", (True, "checkout-draft")),
    ],
)
def test_an_order_that_came_to_nothing_is_cancelled_with_its_status(status: str, expected: tuple[Any, Any]) -> None:
    orders = accepted(found_in({**ORDER, "status": status}), "orders")
    assert orders.select("is_cancelled", "cancel_reason").row(0) == expected


def test_the_refund_itself_has_the_key_of_the_listed_one_and_knows_more() -> None:
    listed = {**ORDER, "date_paid_gmt": "2026-03-01T00:00:09", "refunds": [{"id": 9, "total": "-14.00"}]}
    paid, summary = rows_of(found_in(listed), "payments").to_dicts()
    assert (paid["payment_id"], paid["amount"], paid["kind"]) == ("1001/paid", "34.80", "order/paid")
    declared = {"currency": "EUR"}
    (refund,) = accepted(found_in(REFUND), "payments", constants=declared).to_dicts()
    assert refund["payment_id"] == summary["payment_id"] == "1001/refund/9"
    assert refund["amount"] == Decimal(summary["amount"]) == Decimal("14")
    assert refund["parent_payment_id"] == summary["parent_payment_id"] == "1001/paid"
    split = [refund[f"{part}_amount"] for part in ("goods", "tax", "shipping")]
    assert split == [Decimal("8"), Decimal("2"), Decimal("4")]
    assert (refund["method"], refund["return_id"], summary["method"]) == ("gateway", "9", None)
    (returned,) = accepted(found_in(REFUND), "returns").to_dicts()
    assert (returned["return_id"], returned["line_id"], returned["quantity"]) == ("9", "1", 1)


def test_a_source_that_does_not_cover_payments_gives_none() -> None:
    found = found_in({**ORDER, "date_paid_gmt": "2026-03-01T00:00:09"}, covers=["orders", "order_lines"])
    assert "payments" not in {rows.feed for rows in found}
    assert [name for rows in found for name in rows.ignored] == ["1 × payments, which the source does not cover"]


def test_a_malformed_refund_is_kept_by_a_source_without_payments() -> None:
    found = found_in(REFUND, {**REFUND, "line_items": 5}, covers=["orders", "returns"])
    assert [(rows.feed, each.record) for rows in found for each in rows.malformed] == [("orders", 2)]


def test_lines_and_webhook_bodies_and_packed_files_are_read_alike() -> None:
    alone = rows_of(read(WOO, file_of(json.dumps(ORDER))), "orders").rows()
    lines = f"{json.dumps(ORDER)}\n{json.dumps({'id': 5})}\n"
    found = read(WOO, file_of(gzip.compress(lines.encode())))
    assert rows_of(found, "orders").rows() == alone
    assert [name for rows in found for name in rows.ignored] == ["1 × notices of something deleted"]


def test_an_order_shaped_otherwise_is_quarantined_and_no_other() -> None:
    found = found_in(ORDER, {**ORDER, "id": 2, "line_items": 5}, {"horse": 1})
    reasons = [(each.record, each.reason) for rows in found for each in rows.malformed]
    assert sorted(reasons) == [
        (2, "the record is not shaped as its format says"),
        (3, "the record is no order, refund, product or customer of WooCommerce"),
    ]
    assert rows_of(found, "orders")["order_id"].to_list() == ["1001"]


CENTS = st.integers(0, 10**9)


@given(CENTS, CENTS, st.integers(1, 5000), st.booleans())
@settings(max_examples=120, deadline=None)
def test_quantity_times_price_less_discount_is_the_total_exactly(
    before: int, after: int, quantity: int, fine: bool
) -> None:
    scale = Decimal("0.0001") if fine else Decimal("0.01")
    subtotal, total = before * scale, after * scale
    line = {**LINE, "quantity": quantity, "subtotal": f"{subtotal:f}", "total": f"{total:f}"}
    lines = accepted(found_in({**ORDER, "line_items": [line], "fee_lines": []}), "order_lines")
    price, discount = lines.select("unit_price", "discount_amount").row(0)
    assert quantity * price - discount == total
    assert 0 <= discount <= quantity * price
    assert 0 <= quantity * price - max(subtotal, total) < quantity * Decimal("0.0001")


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*ORDER, *REFUND, *LINE, "create"]) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=25,
)


@st.composite
def odd_objects(draw: st.DrawFn) -> Any:
    """Draw orders and refunds with parts replaced by any value, and any other value."""
    whole = draw(st.sampled_from([ORDER, REFUND, {}]))
    parts = draw(st.dictionaries(st.sampled_from([*ORDER, *REFUND]), ANY_JSON, max_size=3))
    return {**whole, **parts} if whole else draw(ANY_JSON)


@given(odd_objects())
@settings(max_examples=120, deadline=None)
def test_any_json_is_taken_ignored_or_quarantined_record_by_record(value: Any) -> None:
    try:
        found = found_in(value)
    except FileRejected:
        return
    taken = {record for rows in found for record in rows.frame[RECORD]}
    stopped = {each.record for rows in found for each in rows.malformed}
    is_batch = isinstance(value, dict) and value and value.keys() <= {"create", "update", "delete"}
    opened = is_batch and all(isinstance(part, list) for part in value.values())
    count = sum(map(len, value.values())) if opened else 1
    assert taken | stopped == set(range(1, count + 1))
