"""Tests of files of known formats that a spreadsheet wrote anew: days and numbers in the notation of its country."""

from __future__ import annotations

from typing import Any

import polars as pl
from orderhouse.files.source_files import SourceFile

from tests.sources.format_reading import file_of, read, screened

OLIST = {
    "orders": "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
    "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date\n"
    "o1,c1,delivered,2017-10-02 10:56:00,2017-10-02 11:07:00,2017-10-04 19:55:00,2017-10-10 21:25:00,"
    "2017-10-18 00:00:00\n"
    "o2,c2,shipped,2018-07-24 20:41:00,,,,2018-08-13 00:00:00\n",
    "order_items": "order_id,order_item_id,product_id,seller_id,price,freight_value\no1,1,p1,s1,1029.99,8.72\n",
    "order_payments": "order_id,payment_sequential,payment_type,payment_value\no1,1,voucher,1038.71\n",
    "order_reviews": "review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date,"
    "review_answer_timestamp\nr1,o1,4,,,2017-10-11 00:00:00,2017-10-12 03:43:00\n",
    "customers": "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state\nc1,u1,1,a,SP\n",
    "products": "product_id,product_category_name\np1,toys\n",
    "sellers": "seller_id\ns1\n",
}
RETAIL = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    "536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
    "C536391,22556,CLOCK,-12,2010-12-01 10:24:00,1.65,17548.0,France\n"
)
DAY = r"(\d{4})-(\d\d)-(\d\d) (\d\d:\d\d):00"


def test_a_bundle_saved_by_a_spreadsheet_gives_the_same_rows() -> None:
    declared = {"dates": "%d/%m/%Y %H:%M", "decimal": ",", "delimiter": ";"}
    plain = read("olist", *(_file(part, text) for part, text in OLIST.items()))
    saved = read("olist", *(_file(part, _saved(text)) for part, text in OLIST.items()), **declared)
    assert "02/10/2017 10:56" in _saved(OLIST["orders"])
    _require_equal(plain, saved, "olist", declared)


def test_invoice_lines_saved_by_a_spreadsheet_give_the_same_rows() -> None:
    declared = {"dates": "%d/%m/%Y %H:%M", "decimal": ",", "delimiter": ";"}
    plain = read("online_retail", file_of(RETAIL, "a.csv"))
    saved = read("online_retail", file_of(_saved(RETAIL), "a.csv"), **declared)
    _require_equal(plain, saved, "online_retail", declared)


def _require_equal(plain: list[Any], saved: list[Any], format_name: str, declared: dict[str, str]) -> None:
    feeds = {each.feed for each in plain if each.feed and each.frame.height}
    assert len(feeds) > 3
    for feed in feeds:
        before, after = screened(plain, feed, format_name), screened(saved, feed, format_name, **declared)
        assert after.quarantined["reasons"].to_list() == []
        assert after.accepted.equals(before.accepted), feed


def _saved(text: str) -> str:
    """Return a CSV text as a spreadsheet with semicolons, decimal commas and days first saves it."""
    columns = pl.Series(text.replace(",", ";").splitlines())
    days = columns.str.replace_all(DAY, "$3/$2/$1 $4")
    return "\n".join(days.str.replace_all(r"(;\d+)\.(\d\d)", "$1,$2")) + "\n"


def _file(part: str, text: str) -> SourceFile:
    return file_of(text, f"olist_{part}_dataset.csv")
