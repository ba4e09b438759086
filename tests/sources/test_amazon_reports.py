"""Tests of Amazon's flat-file reports: orders with their lines, and settlements that add up to what Amazon pays out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.sources.formats.format import FeedRows
from orderhouse.sources.readers.records import RECORD

from tests.sources.format_reading import file_of, read, rows_of, screened
from tests.sources.provider_sums import meanings, parts_of_payout

ORDERS, SETTLEMENT = "amazon_order_report", "amazon_settlement_report"
Line = dict[str, str]
ITEM: Line = {
    "amazon-order-id": "A1",
    "merchant-order-id": "A1",
    "purchase-date": "2026-03-01T10:00:00+00:00",
    "last-updated-date": "2026-03-02T10:00:00+00:00",
    "order-status": "Shipped",
    "fulfillment-channel": "Amazon",
    "sales-channel": "Amazon.com",
    "product-name": "Tea",
    "sku": "TEA",
    "asin": "B01",
    "item-status": "Shipped",
    "quantity": "3",
    "currency": "USD",
    "item-price": "57.61",
    "item-tax": "4.61",
    "shipping-price": "4.99",
    "shipping-tax": "0.40",
    "gift-wrap-price": "",
    "gift-wrap-tax": "",
    "item-promotion-discount": "5.00",
    "ship-promotion-discount": "2.00",
    "ship-city": "Springfield",
    "ship-state": "IL",
    "ship-postal-code": "62701",
    "ship-country": "US",
    "promotion-ids": "SPRING",
    "is-business-order": "false",
    "purchase-order-number": "",
    "price-designation": "",
}
TOTAL: Line = {
    "settlement-id": "11",
    "settlement-start-date": "2026-03-01 00:00:00 UTC",
    "settlement-end-date": "2026-03-15 00:00:00 UTC",
    "deposit-date": "2026-03-17 00:00:00 UTC",
    "total-amount": "0",
    "currency": "USD",
}


def amount(type_: str, order: str, kind: str, detail: str, value: str, **more: str) -> Line:
    """Return the line of an amount."""
    moved = {"posted-date": "2026-03-02", "posted-date-time": "2026-03-02 10:20:30 UTC"}
    named = {"transaction-type": type_, "order-id": order, "amount-type": kind, "amount-description": detail}
    line = {"settlement-id": "11", **named, "amount": value, **moved}
    return line | {name.replace("_", "-"): text for name, text in more.items()}


OTHER = "other-transaction"
LINES = [
    amount("Order", "A1", "ItemPrice", "Principal", "57.61", sku="TEA", shipment_id="S1"),
    amount("Order", "A1", "ItemPrice", "Tax", "4.61", sku="TEA", shipment_id="S1"),
    amount("Order", "A1", "Promotion", "Principal", "-5.00", sku="TEA", shipment_id="S1", promotion_id="SPRING"),
    amount("Order", "A1", "ItemFees", "Commission", "-8.64", sku="TEA", shipment_id="S1"),
    amount("Order", "A1", "ItemFees", "FBAPerUnitFulfillmentFee", "-3.22", sku="TEA", shipment_id="S1"),
    amount("Order", "A1", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal", "-4.61", sku="TEA"),
    amount("Refund", "A1", "ItemPrice", "Principal", "-19.20", sku="TEA", adjustment_id="R1"),
    amount("Refund", "A1", "ItemFees", "Commission", "2.88", sku="TEA", adjustment_id="R1"),
    amount("Refund", "A1", "ItemFees", "RefundCommission", "-0.58", sku="TEA", adjustment_id="R1"),
    amount("Chargeback Refund", "A2", "ItemPrice", "Principal", "-10.00", sku="CUP"),
    amount("A-to-z Guarantee Refund", "A3", "ItemPrice", "Principal", "-12.00", sku="CUP"),
    amount(OTHER, "", OTHER, "Storage Fee", "-1.10"),
    amount(OTHER, "", OTHER, "Subscription Fee", "-39.99"),
    amount("ServiceFee", "", "Cost of Advertising", "TransactionTotalAmount", "-12.40"),
    amount(OTHER, "", "FBA Inventory Reimbursement", "WAREHOUSE_DAMAGE", "8.63"),
    amount(OTHER, "", OTHER, "Previous Reserve Amount Balance", "150.00"),
    amount(OTHER, "", OTHER, "Current Reserve Amount", "-55.00"),
]
# 57.61 + 4.61 − 5.00 − 8.64 − 3.22 − 4.61 − 19.20 + 2.88 − 0.58 − 10 − 12 − 1.10 − 39.99 − 12.40 + 8.63 + 150 − 55
PAID_OUT = "51.99"
REPORT = [TOTAL | {"total-amount": PAID_OUT}, *LINES]


def report(*lines: Line, name: str = "report.txt") -> SourceFile:
    """Return a tab-separated file."""
    names = list(dict.fromkeys(name for line in lines for name in line))
    rows = [names, *([line.get(name, "") for name in names] for line in lines)]
    return file_of("".join("\t".join(row) + "\n" for row in rows), name)


def found_in(*lines: Line, **declared: Any) -> list[FeedRows]:
    return read(SETTLEMENT, report(*lines), **declared)


def accepted(found: list[FeedRows], feed: str, format_name: str = SETTLEMENT, **declared: Any) -> pl.DataFrame:
    """Return the rows of a feed, none of which may be quarantined."""
    sorted_out = screened(found, feed, format_name, **declared)
    assert sorted_out.quarantined["reasons"].to_list() == []
    return sorted_out.accepted


def quarantined(found: list[FeedRows], feed: str, format_name: str = SETTLEMENT) -> list[int]:
    return sorted(screened(found, feed, format_name).quarantined["record"].unique())


def test_the_lines_of_a_transaction_are_one_payment_with_its_fees() -> None:
    payments = accepted(found_in(*REPORT), "payments").sort(RECORD)
    assert payments.select("order_id", "kind", "amount", "fee_amount").rows() == [
        ("A1", "order", Decimal("57.22"), Decimal("11.86")),
        ("A1", "refund", Decimal("19.20"), Decimal("-2.30")),
        ("A2", "chargeback refund", Decimal("10"), Decimal("0")),
        ("A3", "a-to-z guarantee refund", Decimal("12"), Decimal("0")),
    ]
    assert payments.select("payout_id", "payout_at", "occurred_at", "currency", "provider").unique().rows() == [
        ("11", datetime(2026, 3, 17), datetime(2026, 3, 2, 10, 20, 30), "USD", "amazon")
    ]
    known = meanings(SETTLEMENT, "payments")
    assert [known[word] for word in payments["kind"]] == ["captured", "refunded", "disputed", "disputed"]


def test_the_parts_of_a_settlement_add_up_to_what_is_paid_out() -> None:
    found = found_in(*REPORT)
    stated, parts = parts_of_payout(accepted(found, "payments"), accepted(found, "payouts"), SETTLEMENT)
    assert stated == {("11", "USD"): Decimal(PAID_OUT)}
    assert {key: sum(kinds.values()) for key, kinds in parts.items()} == stated
    assert parts["11", "USD"] == {
        "captured": Decimal("45.36"),
        "refunded": Decimal("-16.90"),
        "disputed": Decimal("-22.00"),
        "adjustment": Decimal("4.02"),
        "fee": Decimal("-53.49"),
        "reserve": Decimal("95.00"),
    }


def test_every_line_is_a_movement_with_its_line_of_the_file() -> None:
    payouts = accepted(found_in(*REPORT), "payouts")
    assert payouts[RECORD].to_list() == list(range(2, len(REPORT) + 2))
    assert payouts["movement_id"].n_unique() == len(REPORT)


def test_a_settlement_that_amazon_takes_has_a_total_below_zero() -> None:
    lines = [
        TOTAL | {"total-amount": "-39.99"},
        amount(OTHER, "", OTHER, "Subscription Fee", "-39.99"),
    ]
    state = accepted(found_in(*lines), "payouts").filter(pl.col("kind") == "payout/deposited")
    assert state.select("amount", "arrives_at").rows() == [(Decimal("-39.99"), datetime(2026, 3, 17))]


def test_totals_on_every_line_are_one_payout() -> None:
    plain = accepted(found_in(*REPORT), "payouts").drop(RECORD, "_part")
    repeated = accepted(found_in(*(REPORT[0] | line for line in LINES)), "payouts").drop(RECORD, "_part")
    assert repeated.sort("movement_id").equals(plain.sort("movement_id"))


def test_money_the_other_way_round_reverses_a_transaction() -> None:
    lines = [
        amount("Refund", "A1", "ItemPrice", "Principal", "5.00"),
        amount("Order", "A2", "ItemPrice", "Principal", "-5.00"),
        amount("Chargeback Refund", "A3", "ItemPrice", "Principal", "5.00"),
        amount("Order", "A4", "ItemFees", "ShippingChargeback", "-5.00"),
    ]
    payments = accepted(found_in(TOTAL, *lines), "payments").sort(RECORD)
    known = meanings(SETTLEMENT, "payments")
    assert [known[word] for word in payments["kind"]] == ["captured", "refunded", "dispute_won", "captured"]
    assert payments["amount"].to_list() == [Decimal(5), Decimal(5), Decimal(5), Decimal(0)]
    assert payments["fee_amount"].to_list() == [0, 0, 0, Decimal(5)]


def test_words_that_nobody_mapped_are_kept_as_they_are() -> None:
    lines = [
        amount(OTHER, "", OTHER, "Something New", "1"),
        amount("Order_Retrocharge", "A1", "ItemPrice", "Tax", "2"),
        amount("Brand New", "A1", "ItemPrice", "Principal", "3"),
        amount("Order", "A1", "Surprise", "Principal", "4"),
    ]
    found = found_in(TOTAL | {"total-amount": "10"}, *lines)
    payouts, known = accepted(found, "payouts"), meanings(SETTLEMENT, "payouts")
    assert [(word, known.get(word)) for word in payouts["kind"]] == [
        ("payout/deposited", "paid"),
        ("movement/other-transaction/something new", None),
        ("movement/order_retrocharge/itemprice", "adjustment"),
        ("movement/brand new/itemprice", None),
        ("movement/surprise", None),
    ]
    assert payouts["payment_id"].null_count() == len(payouts)
    assert accepted(found, "payments").is_empty()


@pytest.mark.parametrize(
    ("written", "days"),
    [
        (("1.234,56", "-1.000,06"), "15.03.2026 00:00:00 UTC"),
        (("1,234.56", "-1,000.06"), "2026-03-15T00:00:00+00:00"),
        (("1234,56", "-1000,06"), "2026/03/15 09:00:00 JST"),
        (("1\u00a0234,56", "-1\u202f000,06"), "2026/03/15 00:00:00 UTC"),
        (("1234.56", "-1000.06"), "2026-03-15"),
    ],
)
def test_every_marketplaces_way_of_writing_gives_the_same_rows(written: tuple[str, str], days: str) -> None:
    moved = {"posted_date": days, "posted_date_time": days}
    lines = [
        TOTAL | {"settlement-end-date": days, "total-amount": "234,5" if "," in written[0][-3:] else "234.50"},
        amount("Order", "A1", "ItemPrice", "Principal", written[0], **moved),
        amount("Order", "A1", "ItemFees", "Commission", written[1], **moved),
    ]
    found = found_in(*lines)
    payment = accepted(found, "payments").row(0, named=True)
    assert (payment["amount"], payment["fee_amount"]) == (Decimal("1234.56"), Decimal("1000.06"))
    assert payment["occurred_at"] == datetime(2026, 3, 15)
    state = accepted(found, "payouts").row(0, named=True)
    assert (state["amount"], state["occurred_at"]) == (Decimal("234.5"), datetime(2026, 3, 15))


def test_an_amount_with_two_readings_is_quarantined_with_its_payment() -> None:
    lines = [
        amount("Order", "A1", "ItemPrice", "Principal", "1.234"),
        amount("Order", "A1", "ItemPrice", "Tax", "1"),
        amount("Order", "A2", "ItemPrice", "Principal", "1,234"),
        amount("Order", "A3", "ItemPrice", "Principal", ""),
        amount("Order", "A4", "ItemPrice", "Principal", "2.00"),
        amount("Order", "A5", "ItemPrice", "Principal", ".5.0"),
        amount("Order", "A5", "ItemPrice", "Tax", "2.00"),
    ]
    found = found_in(TOTAL, *lines)
    assert quarantined(found, "payouts") == [3, 5, 6, 8]
    assert quarantined(found, "payments") == [3, 5, 6, 8]
    declared = found_in(TOTAL, *lines[:3], decimal=",")
    rows = screened(declared, "payments", SETTLEMENT, decimal=",").accepted
    assert rows["amount"].to_list() == [Decimal("1235"), Decimal("1.234")]


def test_a_file_saved_by_a_spreadsheet_gives_the_same_rows() -> None:
    def saved(line: Line) -> Line:
        moved = {
            name: f"{text[8:10]}/{text[5:7]}/{text[:4]} {text[11:16] or '00:00'}"
            for name, text in line.items()
            if "-date" in name
        }
        return line | moved | {k: v.replace(".", ",") for k, v in line.items() if k in ("amount", "total-amount")}

    clock = {"posted-date-time": "2026-03-02 10:20:00 UTC"}
    lines = [line if line is REPORT[0] else line | clock for line in REPORT]
    declared = {"dates": "%d/%m/%Y %H:%M", "decimal": ","}
    plain, again = found_in(*lines), found_in(*map(saved, lines), **declared)
    for feed in ("payments", "payouts"):
        assert accepted(again, feed, **declared).equals(accepted(plain, feed))


@settings(max_examples=8, deadline=None)
@given(st.permutations(REPORT), st.integers(0, len(REPORT)))
def test_neither_the_order_of_lines_nor_lines_sent_again_change_a_row(lines: list[Line], equal: int) -> None:
    def rows(sent: list[Line], feed: str) -> pl.DataFrame:
        key = {"payments": "payment_id", "payouts": "movement_id"}[feed]
        return rows_of(found_in(*sent), feed).drop(RECORD).sort(key)

    twice = REPORT[:equal] + REPORT[max(equal - 1, 0) :]
    for feed in ("payments", "payouts"):
        assert rows(lines, feed).equals(rows(REPORT, feed))
    # Equal lines of one file are amounts of their own.
    assert len(rows(twice, "payouts")) == len(twice)
    assert rows(twice, "payouts")["movement_id"].n_unique() >= len(twice) - 1


def test_two_equal_amounts_count_twice_and_a_file_sent_again_once() -> None:
    line = amount("Order", "A1", "ItemPrice", "Principal", "5.00", sku="TEA")
    found = found_in(TOTAL, line, line)
    assert accepted(found, "payments")["amount"].to_list() == [Decimal(10)]
    ids = accepted(found, "payouts")["movement_id"].to_list()
    assert len(set(ids)) == 3
    assert accepted(found_in(TOTAL, line, line), "payouts")["movement_id"].to_list() == ids


def test_a_line_without_a_known_currency_is_quarantined() -> None:
    lines = [
        line | {"currency": currency} for line, currency in zip([TOTAL, *LINES[:2]], ["USD", "", "CAD"], strict=True)
    ]
    found = found_in(*lines)
    assert quarantined(found, "payouts") == [3]


def test_an_order_has_amazons_amounts() -> None:
    found = read(ORDERS, report(ITEM, ITEM | {"sku": "CUP", "asin": "B02", "quantity": "1", "item-price": "10.00"}))
    order = accepted(found, "orders", ORDERS).row(0, named=True)
    assert (order["order_id"], order["shipping_amount"], order["shipping_tax_amount"]) == (
        "A1",
        2 * Decimal("2.99"),
        Decimal("0.8"),
    )
    assert (order["currency"], order["is_cancelled"], order["prices_include_tax"]) == ("USD", False, False)
    assert (order["placed_at"], order["updated_at"]) == (datetime(2026, 3, 1, 10), datetime(2026, 3, 2, 10))
    lines = accepted(found, "order_lines", ORDERS)
    worth = lines.select(pl.col("quantity") * pl.col("unit_price") - pl.col("discount_amount")).to_series()
    assert worth.to_list() == [Decimal("52.61"), Decimal("5.00")]
    assert lines.select("line_id", "tax_amount", "warehouse_id").rows() == [
        ("TEA", Decimal("4.61"), "FBA-Amazon.com"),
        ("CUP", Decimal("4.61"), "FBA-Amazon.com"),
    ]
    assert accepted(found, "products", ORDERS).select("sku", "name").rows() == [("TEA", "Tea"), ("CUP", "Tea")]


def test_a_gift_wrap_is_part_of_the_line() -> None:
    wrapped = ITEM | {"gift-wrap-price": "2,00", "gift-wrap-tax": "0,16", "quantity": "1"}
    line = accepted(read(ORDERS, report(wrapped)), "order_lines", ORDERS).row(0, named=True)
    assert (line["unit_price"], line["tax_amount"]) == (Decimal("59.61"), Decimal("4.77"))


@pytest.mark.parametrize(
    ("status", "is_cancelled"),
    [
        ("Cancelled", True),
        ("Pending", False),
        ("Shipped - Delivered to Buyer", False),
        ("Unshipped", False),
        ("Shipping", False),
    ],
)
def test_the_status_says_whether_an_order_is_cancelled(status: str, is_cancelled: bool) -> None:
    found = read(ORDERS, report(ITEM | {"order-status": status}))
    assert accepted(found, "orders", ORDERS)["is_cancelled"].to_list() == [is_cancelled]


def test_an_unknown_status_is_quarantined() -> None:
    assert quarantined(read(ORDERS, report(ITEM | {"order-status": "Mystery"})), "orders", ORDERS) == [2]


def test_a_cancelled_item_of_a_standing_order_is_a_cancelled_quantity() -> None:
    found = read(ORDERS, report(ITEM, ITEM | {"sku": "CUP", "item-status": "Cancelled"}))
    assert accepted(found, "order_lines", ORDERS).select("sku", "cancelled_quantity").rows() == [("TEA", 0), ("CUP", 3)]


def test_items_of_other_shops_orders_are_counted_by_name() -> None:
    found = read(ORDERS, report(ITEM, ITEM | {"amazon-order-id": "S02", "sales-channel": "Non-Amazon US"}))
    assert accepted(found, "orders", ORDERS)["order_id"].to_list() == ["A1"]
    ignored = [each for each in found if each.role == "lookup"]
    assert [(each.frame[RECORD].to_list(), each.ignored) for each in ignored] == [
        ([3], ("1 × items of orders of other shops (Non-Amazon)",))
    ]


def test_an_order_in_two_states_is_two_versions_and_each_has_its_lines() -> None:
    later = ITEM | {
        "last-updated-date": "2026-03-05T10:00:00+00:00",
        "order-status": "Cancelled",
        "quantity": "0",
        "item-price": "",
        "item-promotion-discount": "",
    }
    found = read(ORDERS, report(ITEM, later))
    assert accepted(found, "orders", ORDERS).select("order_id", "is_cancelled").rows() == [("A1", False), ("A1", True)]
    assert accepted(found, "order_lines", ORDERS).select("line_id", "quantity").rows() == [("TEA", 3), ("TEA", 0)]


@settings(max_examples=8, deadline=None)
@given(st.permutations([ITEM, ITEM, ITEM | {"quantity": "1"}, ITEM | {"sku": "CUP"}, ITEM | {"amazon-order-id": "A2"}]))
def test_the_order_of_items_changes_no_row(items: list[Line]) -> None:
    def rows(sent: list[Line], feed: str, *key: str) -> pl.DataFrame:
        return rows_of(read(ORDERS, report(*sent)), feed).drop(RECORD).sort(key)

    for feed, key in (("orders", ["order_id"]), ("order_lines", ["order_id", "line_id"]), ("products", ["sku"])):
        again, first = rows(items, feed, *key), rows(sorted(items, key=str), feed, *key)
        assert again.equals(first)


def test_other_files_are_refused_with_a_sentence() -> None:
    with pytest.raises(FileRejected, match="no column settlement-id"):
        read(SETTLEMENT, report(ITEM))
    with pytest.raises(FileRejected, match="no column amazon-order-id"):
        read(ORDERS, report(*REPORT))
