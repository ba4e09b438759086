"""Tests of the rules of all feeds: a record counts once; conflicts and unknown words are kept and reported."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from orderhouse.contracts import CONTRACTS

from tests.integration.small_feeds import Row, Shop, line, order, payment, shipment
from tests.sent import SENT

SOURCES = """
merchant: {business_time_zone: UTC, reporting_currency: EUR}
sources:
  alpha:
    format: canonical
    path: alpha/*.ndjson
  zeta:
    format: canonical
    path: zeta/*.ndjson
    words: {payments.kind: {moneta: captured}}
"""
NOON = "2026-03-02T12:00:00Z"


def record(feed: str, name: str) -> Row:
    """Return a record of a feed about a named subject, with columns of every type that the feed has."""
    made: dict[str, Row] = {
        "orders": order(name, shipping_amount="4.90", promised_at="2026-03-09T10:00:00.125Z", prices_include_tax=True),
        "order_lines": line(f"order-{name}", discount_amount="1.10"),
        "payments": payment(f"order-{name}", payment_id=name, fee_amount="-0.3500"),
        "payouts": {
            "movement_id": name,
            "payout_id": f"payout-{name}",
            "kind": "adjustment",
            "amount": "-5.00",
            "currency": "EUR",
            "occurred_at": NOON,
            "provider": "moneta",
        },
        "shipments": shipment(f"order-{name}", shipment_id=name, cost_amount="5.00", cost_currency="EUR"),
        "tracking": {"shipment_id": name, "status": "in_transit", "occurred_at": NOON, "location": "Ulm"},
        "returns": {
            "return_id": name,
            "line_id": "1",
            "status": "requested",
            "occurred_at": NOON,
            "quantity": 1,
            "order_id": f"order-{name}",
            "reason": "too small",
        },
        "stock": {
            "movement_id": name,
            "sku": f"sku-{name}",
            "warehouse_id": "west",
            "kind": "receipt",
            "quantity": 5,
            "occurred_at": NOON,
            "unit_cost": "10",
            "currency": "EUR",
        },
        "inbound": {
            "po_id": name,
            "sku": f"sku-{name}",
            "warehouse_id": "west",
            "quantity": 7,
            "expected_at": "2026-04-01T00:00:00Z",
            "updated_at": NOON,
        },
        "products": {"sku": name, "updated_at": NOON, "name": "Mug", "unit_cost": "10.50", "currency": "EUR"},
        "customers": {"customer_id": name, "updated_at": NOON, "city": "Ulm", "email": f"{name}@example.com"},
        "price_lists": {
            "price_list_id": name,
            "sku": f"sku-{name}",
            "currency": "EUR",
            "valid_from": "2026-01-01",
            "updated_at": NOON,
            "unit_price": "9.5000",
            "customer_id": name,
            "delivery_weekdays": "mon, tue",
            "delivery_from": "8:00",
        },
        "fx_rates": {"rate_date": "2026-03-02", "base": "EUR", "quote": QUOTES[name], "rate": "1.08250000"},
        "carts": {"cart_id": name, "sku": "mug", "status": "added", "occurred_at": NOON, "quantity": 1},
        "feedback": {"feedback_id": name, "occurred_at": NOON, "score": "4", "scale_max": "5", "text": "fine"},
        "actions": {
            "action_id": name,
            "order_id": f"order-{name}",
            "kind": "note",
            "occurred_at": NOON,
            "actor": "mia",
            "role": "operator",
            "reason": "asked",
        },
    }
    return made[feed]


QUOTES = {"conflict": "USD", "same": "GBP", "token": "CHF", "word": "SEK"}
# Values of the second version of a conflicting record.
RIVAL: dict[str, Row] = {
    "orders": {"shipping_amount": "5.10"},
    "order_lines": {"discount_amount": None},
    "payments": {"amount": "61"},
    "payouts": {"amount": "-6.00"},
    "shipments": {"quantity": 1},
    "tracking": {"location": "Bonn"},
    "returns": {"quantity": 2},
    "stock": {"quantity": 6},
    "inbound": {"quantity": 8},
    "products": {"name": "Cup"},
    "customers": {"city": "Bonn"},
    "price_lists": {"unit_price": "9.4"},
    "fx_rates": {"rate": "1.0826"},
    "carts": {"campaign": "spring"},
    "feedback": {"score": "3"},
    "actions": {"actor": "tom"},
}
SUBJECTS = {
    "orders": ("order", "conflict"),
    "order_lines": ("order", "order-conflict"),
    "payments": ("order", "order-conflict"),
    "payouts": ("payout", "payout-conflict"),
    "shipments": ("order", "order-conflict"),
    "tracking": ("parcel", "conflict"),
    "returns": ("return", "conflict"),
    "stock": ("sku", "sku-conflict"),
    "inbound": ("sku", "sku-conflict"),
    "products": ("sku", "conflict"),
    "customers": ("customer", "conflict"),
    "price_lists": ("price_list", "conflict"),
    "fx_rates": ("rate", "2026-03-02 EUR/USD"),
    "carts": ("cart", "conflict"),
    "feedback": ("feedback", "conflict"),
    "actions": ("order", "order-conflict"),
}
ENUMERATED = [(feed, column) for feed, contract in CONTRACTS.items() for column in contract.enumerated()]


def told_apart(feed: str, row: Row) -> Row:
    """Give each feed's records orders, SKUs and parcels of their own, so that each raises its own exception."""
    shared = {"order-conflict", "sku-conflict", "order-word"}
    return {
        name: f"{feed}-{value}" if value in shared or (feed == "tracking" and name == "shipment_id") else value
        for name, value in row.items()
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Run every feed in two files: conflicts, a record sent twice, a conflict of personal data only, unknown words."""
    shop = Shop(tmp_path_factory.mktemp("rules"), SOURCES, "2026-03-10T00:00:00Z")
    shop.deliver("zeta/payments", [payment("two_sources", kind="moneta")])
    shop.command("ingest")
    for feed, contract in ((feed, CONTRACTS[feed]) for feed in SENT):
        conflict = told_apart(feed, record(feed, "conflict"))
        same = told_apart(feed, record(feed, "same"))
        first, second = [conflict, same, same], [conflict | RIVAL[feed], same]
        for personal in contract.personal():
            first.append(record(feed, "token") | {personal: "one"})
            second.append(record(feed, "token") | {personal: "another"})
            break
        for column in contract.enumerated():
            first.append(told_apart(feed, record(feed, "word")) | {column: "Mystery Word"})
            break
        if feed == "orders":
            first.append(order("terms", payment_terms="Mystery Word"))
        if feed == "payments":
            second.append(payment("two_sources", kind="moneta"))
        shop.deliver(f"alpha/{feed}-1", first)
        shop.deliver(f"alpha/{feed}-2", second)
    shop.run()
    return shop


def canonical(value: Any) -> str:
    """Return a stored value in canonical form."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.isoformat(" ").rstrip("0").rstrip(".") if value.microsecond else value.isoformat(" ")
    return str(value)


def content_hash(row: Row, columns: list[str]) -> str:
    """Return SHA-256 over the sorted name=value pairs of the columns that are not null."""
    pairs = [f"{name}={canonical(row[name])}" for name in sorted(columns) if row[name] is not None]
    return hashlib.sha256("\x1f".join(pairs).encode()).hexdigest()


def raw_rows(shop: Shop, feed: str, where: str, schema: str = "raw") -> list[Row]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{shop.home}/warehouse/raw.duckdb' as store (read_only)")
        found = connection.execute(f"select * from store.{schema}.{feed} where {where}")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def of_subject(feed: str, name: str) -> str:
    """Return the rows of a feed that are about a subject of `record`."""
    if feed == "fx_rates":
        return f"quote = '{QUOTES[name]}'"
    key = CONTRACTS[feed].key()[0]
    value = f"order-{name}" if key == "order_id" and feed != "orders" else name
    return f"{key} in ('{value}', '{feed}-{value}')"


@pytest.mark.parametrize("feed", SENT)
def test_two_contents_under_one_key_are_both_kept_and_the_greater_hash_is_chosen(shop: Shop, feed: str) -> None:
    stored = raw_rows(shop, feed, of_subject(feed, "conflict"))
    assert len(stored) == 2
    columns = [name for name in CONTRACTS[feed].fields() if name not in CONTRACTS[feed].personal()]
    expected = {content_hash(row, columns) for row in stored}
    assert len(expected) == 2
    staged = shop.staged(
        f"select content_hash, is_current, has_conflict from staging.stg_{feed} where {of_subject(feed, 'conflict')}"
    )
    assert {(hash_, is_current) for hash_, is_current, _ in staged} == {
        (max(expected), True),
        (min(expected), False),
    }
    assert all(has_conflict for _, _, has_conflict in staged)


def test_some_winners_came_first_and_some_last(shop: Shop) -> None:
    winners = [
        shop.staged(
            f"select case when _file_id = (select min_by(_file_id, (_batch_id, _received_at)) from staging.stg_{feed}) "
            f"then 'a' else 'b' end, content_hash from staging.stg_{feed} "
            f"where is_current and {of_subject(feed, 'conflict')}"
        )[0][0]
        for feed in SENT
    ]
    assert set(winners) == {"a", "b"}


@pytest.mark.parametrize("feed", SENT)
def test_a_conflict_is_an_exception_that_names_the_feed(shop: Shop, feed: str) -> None:
    subject_type, subject = SUBJECTS[feed]
    code = "conflicting_versions" if CONTRACTS[feed].shape == "versioned" else "conflicting_events"
    found = shop.published(
        "select subject_type, detail, severity, what_to_do from ops.exceptions "
        "where code = ? and subject_type = ? and subject_id in (?, ?)",
        code,
        subject_type,
        subject,
        f"{feed}-{subject}",
    )
    assert [row[0] for row in found] == [subject_type]
    assert found[0][1].startswith(f"Feed {feed}, ")
    assert "two contents under one key" in found[0][1]
    assert found[0][2] and found[0][3]


@pytest.mark.parametrize("feed", SENT)
def test_the_same_record_counts_once_however_often_it_is_sent(shop: Shop, feed: str) -> None:
    where = of_subject(feed, "same")
    as_put_in = raw_rows(shop, feed, f"{where} order by rowid", schema="received")
    assert [row["_is_duplicate"] for row in as_put_in] == [False, True, True]
    assert shop.staged(f"select is_current, has_conflict from staging.stg_{feed} where {where}") == [(True, False)]
    # once in the file that had it twice already, and once in the other
    assert shop.published(
        "select sum(duplicate), sum(rows_in - accepted - duplicate - quarantined) from quality.files "
        "where feed = ? and source = 'alpha'",
        feed,
    ) == [(3 if feed == "payments" else 2, 0)]


@pytest.mark.parametrize("feed", [feed for feed, contract in CONTRACTS.items() if contract.personal()])
def test_personal_data_alone_decides_only_the_last_tie(shop: Shop, feed: str) -> None:
    token = next(iter(CONTRACTS[feed].personal())) + "_token"
    staged = shop.staged(
        f"select content_hash, {token}, is_current, has_conflict from staging.stg_{feed} "
        f"where {of_subject(feed, 'token')} order by is_current"
    )
    assert len(staged) == 2
    assert len({row[0] for row in staged}) == 1
    assert len({row[1] for row in staged}) == 2
    assert [(row[2], row[3]) for row in staged] == [(False, True), (True, True)]


@pytest.mark.parametrize(("feed", "column"), ENUMERATED)
def test_a_word_in_no_table_is_unknown_beside_the_word_and_raises_an_exception(
    shop: Shop, feed: str, column: str
) -> None:
    where = "order_id = 'terms'" if column == "payment_terms" else of_subject(feed, "word")
    assert shop.staged(f"select {column}, {column}_word from staging.stg_{feed} where {where}") == [
        ("unknown", "Mystery Word")
    ]
    found = shop.published(
        "select detail from ops.exceptions where code = 'unmapped_word' and detail like ?",
        f"%{feed}, {column} Mystery Word%",
    )
    assert len(found) == 1


def test_one_record_of_two_sources_means_the_same_whoever_came_first(shop: Shop) -> None:
    staged = shop.staged("select _source, kind, kind_word from staging.stg_payments where order_id = 'two_sources'")
    assert staged == [("alpha", "unknown", "moneta")]


def test_nothing_was_quarantined_and_every_row_is_accounted_for(shop: Shop) -> None:
    assert shop.published("select feed, reasons from quality.quarantine") == []
    assert shop.published("select count(*) from quality.files where rows_in <> accepted + duplicate + quarantined") == [
        (0,)
    ]


def test_scans_of_no_shipment_are_seen(shop: Shop) -> None:
    found = shop.published("select subject_type, detail from ops.exceptions where code = 'orphan_scan' order by 2")
    assert ("parcel", "Feed tracking, 1 scan of tracking-same: no shipment names it") in found
