"""Tests of made-up bundles of the marketplace, for cases that its real files lack: other cuts and repetitions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from orderhouse.sources.formats.format import FeedRows
from orderhouse.sources.formats.olist import PARTS

from tests.sources.format_reading import file_of, read, rows_of, screened

JANUARY, FEBRUARY, MARCH = (f"2018-0{month}-05 10:00:00" for month in (1, 2, 3))


def bundle(orders: dict[str, str], items: Sequence[str], products: str = "mug pot") -> list[FeedRows]:
    """Read orders, by when each was placed, and items as order, number, product, freight, with the format."""
    rows: dict[str, list[str]] = {part: [",".join(columns)] for part, columns in PARTS.items()}
    rows["orders"] += [f"{each},c{each},delivered,{placed},{placed},,,{placed}" for each, placed in orders.items()]
    rows["order_items"] += ["{},{},{},s1,10.00,{}".format(*item.split()) for item in items]
    rows["products"] += [f"{product},home" for product in products.split()]
    return read("olist", *(file_of("\n".join(lines) + "\n", f"{part}.csv") for part, lines in rows.items()))


def _freight(found: list[FeedRows]) -> Decimal:
    (amount,) = rows_of(found, "orders")["shipping_amount"]
    return Decimal(amount)


def test_freight_of_an_item_that_stands_in_the_file_twice_counts_once() -> None:
    once = bundle({"a": JANUARY}, ["a 1 mug 4.00", "a 2 mug 4.00"])
    twice = bundle({"a": JANUARY}, ["a 1 mug 4.00", "a 2 mug 4.00", "a 1 mug 4.00"])
    assert _freight(once) == Decimal("8.00")
    assert _freight(twice) == Decimal("8.00")


def test_a_product_is_as_its_own_newest_order_found_it_whatever_else_is_in_the_bundle() -> None:
    alone = bundle({"a": JANUARY}, ["a 1 mug 4.00"], "mug")
    beside = bundle({"b": MARCH, "a": JANUARY, "c": FEBRUARY}, ["a 1 mug 4.00", "b 1 pot 4.00"], "mug pot jar")
    assert rows_of(alone, "products").select("sku", "updated_at").rows() == [("mug", JANUARY)]
    assert rows_of(beside, "products").select("sku", "updated_at").rows() == [
        ("mug", JANUARY),
        ("pot", MARCH),
        ("jar", MARCH),
    ]


def test_an_estimate_is_the_day_whose_midnight_the_file_has() -> None:
    day, instant = "2018-01-20 00:00:00", "2018-01-20 10:00:00"
    found = screened(bundle({"a": day, "b": instant}, []), "orders", "olist", time_zone="America/Sao_Paulo")
    promises = found.accepted.sort("order_id").select("promised_at", "promise_is_date_only").rows()
    assert promises == [(datetime(2018, 1, 20), True), (datetime(2018, 1, 20, 12), None)]
