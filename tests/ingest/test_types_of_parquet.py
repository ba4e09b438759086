"""Tests of every type that a column of a Parquet file can have: it loads, or its file is rejected in words."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from orderhouse.erasure import erase
from orderhouse.errors import OrderhouseError
from orderhouse.ingest import loading

from tests.ingest.landing import Landing, report
from tests.repair.mending import Mending
from tests.repair.test_records import broken

INSTANT = "2026-01-02T03:04:05Z"
NOT_UTF8 = pa.Array.from_buffers(
    pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xff\xfe")]
)
TOO_LONG = [Decimal("9" * 60), None]


def parquet(**columns: object) -> bytes:
    """Return two orders, with some columns in place of the usual ones."""
    usual = {"order_id": ["p1", "p2"], "placed_at": [INSTANT] * 2, "updated_at": [INSTANT] * 2, "currency": ["EUR"] * 2}
    written = io.BytesIO()
    pq.write_table(pa.table({**usual, **columns}), written)
    return written.getvalue()


def twice_named() -> bytes:
    written = io.BytesIO()
    table = pa.table({"order_id": ["p1"], "currency": ["EUR"]})
    pq.write_table(table.append_column("currency", pa.array(["USD"])), written)
    return written.getvalue()


def ingest_beside_a_good_file(landing: Landing, content: bytes) -> None:
    landing.declare("sources:\n  shop: {format: canonical, path: feeds/*}\n")
    landing.write("feeds/orders-1.parquet", content)
    landing.write("feeds/orders-2.csv", f"order_id,placed_at,updated_at,currency\ngood,{INSTANT},{INSTANT},EUR\n")


@pytest.mark.parametrize(
    ("column", "values", "why"),
    [
        ("ship_city", NOT_UTF8, "is damaged: the column ship_city has values that break its type"),
        ("ship_city", NOT_UTF8.dictionary_encode(), "is damaged: the column ship_city has values that break its type"),
        ("ship_city", pa.array([b"\xff", b"a"]), "ship_city has bytes that are not text in UTF-8"),
        ("ship_city", pa.array([["a"], None]), "of the type list<element: string>, which no feed has"),
        ("ship_city", pa.array([{"a": 1}, None]), "of the type struct<a: int64>"),
        ("ship_city", pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())), "of the type map<"),
        ("ship_city", pa.array([1, 2], pa.time64("us")), "of the type time64[us]"),
        ("placed_at", pa.array([1, 2], pa.duration("us")), "of the type duration[us]"),
        ("shipping_amount", pa.array(TOO_LONG, pa.decimal256(76, 9)), "decimals of more than 38 digits"),
    ],
)
def test_column_without_meaning_rejects_its_file_alone(
    landing: Landing, column: str, values: pa.Array, why: str
) -> None:
    ingest_beside_a_good_file(landing, parquet(**{column: values}))
    found = report(landing.ingest(), "orders-1.parquet")
    assert found.status == "rejected"
    assert why in str(found.reason)
    assert landing.query("select order_id from raw.orders") == [("good",)]


def test_two_columns_of_one_name_reject_their_file_alone(landing: Landing) -> None:
    ingest_beside_a_good_file(landing, twice_named())
    assert report(landing.ingest(), "orders-1.parquet").reason == "The columns 2 and 3 have the same name."
    assert landing.query("select order_id from raw.orders") == [("good",)]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([-(2**31), 2**31 - 1], pa.date32()),
        pa.array([-(2**62), 2**62], pa.date64()),
        pa.array([-(2**52), 2**52], pa.timestamp("s", "UTC")),
        pa.array([-(2**62), 2**62], pa.timestamp("ms", "Europe/Berlin")),
        pa.array([-(2**62), 2**62], pa.timestamp("us", "UTC")),
    ],
)
def test_day_or_instant_beyond_the_calendar_quarantines_its_row_alone(landing: Landing, values: pa.Array) -> None:
    ingest_beside_a_good_file(landing, parquet(placed_at=values))
    landing.ingest()
    assert landing.query("select order_id from raw.orders") == [("good",)]
    assert [(feed, record) for feed, record, *_ in landing.quarantined()] == [("orders", 1), ("orders", 2)]


@pytest.mark.parametrize(
    ("column", "values", "stored"),
    [
        ("ship_city", pa.array([b"K\xc3\xb6ln", None]), "Köln"),
        ("ship_city", pa.array([b"Bonn", None], pa.binary(4)), "Bonn"),
        ("ship_city", pa.array([b"Bonn", None], pa.large_binary()), "Bonn"),
        ("ship_city", pa.array(["Bonn", None], pa.large_string()), "Bonn"),
        ("ship_city", pa.array(["Bonn", None], pa.string_view()), "Bonn"),
        ("ship_city", pa.array(["Bonn", None]).dictionary_encode(), "Bonn"),
        ("order_id", pa.array([uuid.UUID(int=7).bytes] * 2, pa.uuid()), str(uuid.UUID(int=7))),
        ("ship_city", pa.nulls(2), None),
        ("shipping_amount", pa.array([1.5, None], pa.float16()), Decimal("1.5")),
        ("shipping_amount", pa.array([Decimal("1.25"), None], pa.decimal256(60, 9)), Decimal("1.25")),
        ("shipping_amount", pa.array([Decimal("1.25"), None], pa.decimal32(5, 2)), Decimal("1.25")),
        ("placed_at", pa.array([0, 1], pa.timestamp("s", "+02:00")), dt.datetime(1970, 1, 1)),
        ("placed_at", pa.array([0, 1], pa.timestamp("us", "No/Such_Zone")), dt.datetime(1970, 1, 1)),
        ("placed_at", pa.array([0, 1], pa.timestamp("ns", "UTC")), dt.datetime(1970, 1, 1)),
        ("is_test", pa.array([True, None]), True),
    ],
)
def test_column_of_a_type_with_a_meaning_is_read_as_its_text_would_be(
    landing: Landing, column: str, values: pa.Array, stored: object
) -> None:
    ingest_beside_a_good_file(landing, parquet(**{column: values}))
    assert report(landing.ingest(), "orders-1.parquet").status == "loaded"
    assert landing.query(f"select {column} from raw.orders where _record = 1 and order_id <> 'good'") == [(stored,)]  # noqa: S608


LOCAL = [dt.datetime(2026, 7, 1, 12), dt.datetime(2026, 3, 29, 2, 30)]  # the clocks of Berlin skip the second one


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_without_zone_are_in_the_zone_of_the_source(landing: Landing, unit: str) -> None:
    ingest_beside_a_good_file(landing, parquet(placed_at=pa.array(LOCAL, pa.timestamp(unit))))
    landing.declare("sources:\n  shop: {format: canonical, path: feeds/*, time_zone: Europe/Berlin}\n")
    landing.ingest()
    placed = landing.query("select order_id, placed_at from raw.orders where order_id <> 'good'")
    assert placed == [("p1", dt.datetime(2026, 7, 1, 10))]
    [(reason,)] = landing.query("select reasons from raw.quarantine")
    assert reason.startswith("placed_at '2026-03-29T02:30:00") and "clocks" in reason


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_without_zone_go_to_quarantine_if_the_source_declares_none(landing: Landing, unit: str) -> None:
    ingest_beside_a_good_file(landing, parquet(placed_at=pa.array(LOCAL, pa.timestamp(unit))))
    landing.ingest()
    assert landing.query("select order_id from raw.orders") == [("good",)]
    reasons = [reason for (reason,) in landing.query("select reasons from raw.quarantine")]
    assert len(reasons) == 2
    assert all("has no UTC offset, and the source declares no time_zone" in reason for reason in reasons)


def test_column_that_is_not_taken_may_be_of_any_type(landing: Landing) -> None:
    blobs = {"photo": pa.array([b"\xff", None]), "tags": pa.array([["a"], None])}
    ingest_beside_a_good_file(landing, parquet(**blobs))
    assert report(landing.ingest(), "orders-1.parquet").status == "loaded"
    assert landing.query("select count(*) from raw.orders") == [(3,)]


def test_original_with_columns_of_every_type_forgets_a_person(landing: Landing) -> None:
    people = pa.array([b"anna@example.com", b"berta@example.com"])
    amounts = pa.array(TOO_LONG, pa.decimal256(76, 9))
    ingest_beside_a_good_file(landing, parquet(email=people, secret=amounts, photo=pa.array([b"\xff", None])))
    landing.ingest()
    done = erase(landing.settings, "anna@example.com", "email")
    assert (done.originals.redacted, done.originals.dropped) == (1, 0)


def test_failure_of_screening_names_the_files(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest_beside_a_good_file(landing, parquet())
    monkeypatch.setattr(loading, "screen", lambda *_, **__: pl.Series(["a"]).cast(pl.Int64))
    with pytest.raises(OrderhouseError, match=r"are in feeds/orders-1.parquet"):
        landing.ingest()


def test_row_beyond_the_calendar_is_repaired_if_its_instant_is_given(landing: Landing) -> None:
    ingest_beside_a_good_file(landing, parquet(placed_at=pa.array([2**62, 0], pa.timestamp("us", "UTC"))))
    landing.ingest()
    mending = Mending(landing.settings)
    mending.repair_record(broken(landing, 1), {"placed_at": INSTANT})
    assert landing.query("select distinct order_id from raw.orders order by 1") == [("good",), ("p1",), ("p2",)]
