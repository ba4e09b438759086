"""Tests of id prefixes: which ids get one, that each gets it once, and the effect of a changed prefix."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import polars as pl
import pytest
from orderhouse.contracts import CONTRACTS
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.trial import check_sources
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.sources.formats import FORMATS

from tests.ingest.landing import ORDERS_HEADER, Landing, order
from tests.repair.mending import Mending
from tests.sources.format_reading import file_of, read, screened, source_of

AT = "2026-01-02T03:04:05Z"
IDS = {
    "orders": {"order_id", "original_order_id", "customer_id"},
    "order_lines": {"order_id"},
    "payments": {"payment_id", "order_id", "parent_payment_id", "payout_id", "return_id"},
    "payouts": {"movement_id", "payout_id", "payment_id"},
    "shipments": {"shipment_id", "order_id"},
    "tracking": {"shipment_id"},
    "returns": {"return_id", "order_id", "customer_id"},
    "stock": {"movement_id"},
    "inbound": {"po_id"},
    "products": set(),
    "customers": {"customer_id"},
    "price_lists": {"price_list_id", "customer_id"},
    "fx_rates": set(),
    "carts": {"cart_id", "customer_id", "order_id"},
    "feedback": {"feedback_id", "order_id", "customer_id"},
    "actions": {"action_id", "order_id"},
    "campaign_members": set(),
    "suppressions": {"suppression_id"},
}
PAYMENTS = "payment_id,order_id,parent_payment_id,kind,amount,currency,occurred_at\n"


def payment(number: int, order_id: str, parent: str = "", currency: str = "EUR") -> str:
    return f"{number},{order_id},{parent},captured,9.00,{currency},{AT}\n"


def prefixed(feed: str, text: str, **declared: Any) -> pl.DataFrame:
    """Return the accepted rows of a file of a feed."""
    found = read("canonical", file_of(text), feed=feed, **declared)
    return screened(found, feed, "canonical", feed=feed, **declared).accepted


def declare(landing: Landing, *more: str) -> None:
    """Declare the shop with more lines."""
    lines = "".join(f"    {line}\n" for line in more)
    landing.declare(f"sources:\n  shop:\n    format: canonical\n    path: feeds/*\n{lines}")


@pytest.mark.parametrize("feed", CONTRACTS)
def test_every_id_that_a_source_gives_out_is_prefixed_and_nothing_else(feed: str) -> None:
    assert source_of("canonical", id_prefix="A-").id_prefixes(feed) == dict.fromkeys(IDS[feed], "A-")


def test_orders_of_another_system_keep_its_prefix_beside_the_sources_own() -> None:
    text = PAYMENTS + payment(4, "17", "3")
    both = prefixed("payments", text, order_id_prefix="W-", id_prefix="P-")
    assert both.select("payment_id", "order_id", "parent_payment_id").rows() == [("P-4", "W-17", "P-3")]
    written_out = prefixed("payments", text, order_id_prefix="", id_prefix="P-")
    assert written_out.select("payment_id", "order_id").rows() == [("P-4", "17")]
    orders_alone = prefixed("payments", text, order_id_prefix="W-")
    assert orders_alone.select("payment_id", "order_id", "parent_payment_id").rows() == [("4", "W-17", "3")]


@pytest.mark.parametrize("prefixes", [{"id_prefix": "P-"}, {"id_prefix": "P-", "order_id_prefix": "W-"}])
def test_what_stands_in_for_an_order_follows_the_prefix_of_payments(prefixes: dict[str, str]) -> None:
    rows = prefixed("payments", PAYMENTS + payment(5, "3", "3"), **prefixes)
    assert rows.select("payment_id", "order_id", "parent_payment_id").rows() == [("P-5", "P-3", "P-3")]


def test_ids_that_are_numbers_in_a_table_are_prefixed_and_none_stays_none(landing: Landing) -> None:
    declare(landing, "id_prefix: A-")
    frame = pl.DataFrame({"order_id": [1, 2], "customer_id": [7, None], "original_order_id": [None, 1]})
    path = landing.write("feeds/orders.parquet", b"")
    constants = [pl.lit(AT).alias(name) for name in ("placed_at", "updated_at")]
    frame.with_columns(*constants, pl.lit("EUR").alias("currency")).write_parquet(path)
    landing.ingest()
    rows = landing.query("select order_id, customer_id, original_order_id from raw.orders order by 1")
    assert rows == [("A-1", "A-7", None), ("A-2", None, "A-1")]


def test_repaired_rows_are_as_if_they_had_never_been_broken(landing: Landing) -> None:
    """The rows have a wrong currency or are cut off. One that is cut off names its parent instead of an order."""
    good = PAYMENTS + payment(1, "17") + payment(2, "17", "1") + payment(3, "18") + payment(4, "1", "1")
    broken = PAYMENTS + payment(1, "17") + payment(2, "17", "1", "EURO") + "3,18\n" + "4,1\n"
    rows = "select columns('^[^_]'), _record from raw.payments where _batch_id >= $since order by payment_id"
    declare(landing, "id_prefix: P-", "order_id_prefix: W-")
    landing.write("feeds/payments-good.csv", good)
    landing.ingest()
    expected = landing.query(rows, since=0)
    assert [row[:2] for row in expected] == [("P-1", "W-17"), ("P-2", "W-17"), ("P-3", "W-18"), ("P-4", "P-1")]
    landing.write("feeds/payments-broken.csv", broken)
    landing.ingest()
    mending = Mending(landing.settings)
    whole = {"kind": "captured", "amount": "9.00", "currency": "EUR", "occurred_at": AT}
    mending.patch(3, {"currency": "EUR"})
    mending.patch(4, {"payment_id": "3", "order_id": "18", **whole})
    mending.patch(5, {"payment_id": "4", "order_id": "1", "parent_payment_id": "1", **whole})
    result = mending.replay()
    assert result.count("duplicate") == 3, "word for word what is there already"
    assert landing.query(rows, since=2) == expected


def test_a_changed_prefix_reads_files_again_and_none_leaves_them_known(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    landing.ingest()
    for lines in (["id_prefix: A-"], ["id_prefix: B-"], ["id_prefix: B-", "order_id_prefix: W-"]):
        declare(landing, *lines)
        assert landing.ingest().count("loaded") == 1
    declare(landing, "id_prefix: C-", "order_id_prefix: W-")
    assert landing.ingest().count("loaded") == 1, "the ids of orders are the same, but not the others"
    declare(landing, "id_prefix: ''")
    assert landing.ingest().count("loaded") == 1
    ids = landing.query("select order_id from raw.orders order by _batch_id")
    assert ids == [("o1",), ("A-o1",), ("B-o1",), ("W-o1",), ("W-o1",), ("o1",)]
    declare(landing)
    assert not landing.ingest().changed


def test_a_source_without_the_option_has_the_mapping_version_it_had_before_there_was_one() -> None:
    mapping = {
        "format": "canonical",
        "feed": None,
        "time_zone": None,
        "columns": {},
        "constants": {},
        "delimiter": None,
        "encoding": None,
        "header": True,
        "order_id_prefix": "",
    }
    for prefix in ("", "W-"):
        text = json.dumps([FORMATS["canonical"].version, mapping | {"order_id_prefix": prefix}], sort_keys=True)
        declared = {"order_id_prefix": prefix} if prefix else {}
        version = hashlib.sha256(text.encode()).hexdigest()[:16]
        assert source_of("canonical", **declared).mapping_version == version


def test_the_check_shows_rows_with_their_prefixes(landing: Landing) -> None:
    declare(landing, "id_prefix: A-")
    landing.write("feeds/customers.csv", f"customer_id,updated_at\n12,{AT}\n")
    (trial,) = check_sources(landing.settings)
    assert trial.feeds["customers"].sample["customer_id"].to_list() == ["A-12"]


def test_a_telephone_number_as_a_customers_id_is_a_token_in_quarantine_with_a_prefix_too(landing: Landing) -> None:
    declare(landing, "id_prefix: A-")
    header = "order_id,placed_at,updated_at,currency,customer_id\n"
    landing.write("feeds/orders.csv", f"{header}1,{AT},{AT},EURO,+49 171 5550199\n2,{AT},{AT},EURO,12\n")
    landing.ingest()
    sealed, plain = (json.loads(row) for (row,) in landing.query("select row_json from raw.quarantine order by record"))
    assert plain["customer_id"] == "A-12"
    assert re.fullmatch("A-[0-9a-f]{32}", sealed["customer_id"])
    Mending(landing.settings).repair(2, {"currency": "EUR"})
    assert landing.query("select customer_id from raw.orders") == [(sealed["customer_id"],)]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("id_prefx: A-", "source shop has no key 'id_prefx'; did you mean 'id_prefix'?"),
        ("id_prefix: A1", "source shop: id_prefix: 'A1' ends in a digit, so that two ids could still become equal"),
    ],
)
def test_a_wrong_prefix_is_answered_with_line_and_what_to_write(landing: Landing, line: str, sentence: str) -> None:
    declare(landing, line)
    with pytest.raises(OrderhouseError, match="yaml:5: ") as caught:
        load_sources(landing.sources_file)
    assert sentence in str(caught.value)
