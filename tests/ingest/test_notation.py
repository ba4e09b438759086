"""Tests of the notation of a source, end to end: totals, kinds, the quarantine and its repairs."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
from orderhouse.ingest.drift import WEIGHTS

from tests.ingest.landing import Landing, report
from tests.repair.mending import Mending

DECLARED = """
sources:
  till:
    format: canonical
    feed: payments
    path: feeds/*
    time_zone: Europe/Berlin
    decimal: ","
    dates: "%d.%m.%Y %H:%M"
    constants: {currency: EUR, kind: captured}
"""
HEADER = "payment_id;order_id;amount;occurred_at\n"
AMOUNTS = "select payment_id, amount, occurred_at::varchar from raw.payments order by payment_id"


def test_a_file_in_german_notation_adds_up_and_its_bad_row_is_repaired_in_it(landing: Landing) -> None:
    landing.declare(DECLARED)
    rows = "p1;o1;1.234,50;27.11.2026 23:30\np2;o1;9.90;27.11.2026 23:31\n"
    landing.write("feeds/a.csv", HEADER + rows)
    landing.write("feeds/a.csv.control.json", '{"sums": {"amount": "1234.50"}}')
    result = landing.ingest()
    assert report(result, "a.csv").quarantined == 1
    ((_, _, rules, reasons),) = landing.quarantined()
    assert rules == '["amount|as_declared"]'
    assert reasons == "amount 9.90 is not a number written with the decimal sign that the source declares"
    assert "1 values of it are no numbers; the rest sums to 1234.5" in result.notes[0]
    assert Mending(landing.settings).repair(3, {"amount": "9,90"}).count("accepted") == 1
    assert landing.query(AMOUNTS) == [
        ("p1", Decimal("1234.50"), "2026-11-27 22:30:00"),
        ("p2", Decimal("9.90"), "2026-11-27 22:31:00"),
    ]


def test_typed_values_of_a_quarantined_row_survive_its_repair(landing: Landing) -> None:
    landing.declare(DECLARED)
    frame = pl.DataFrame({"payment_id": ["p1", "p2"], "order_id": ["o1", None], "amount": [1.5, 1234.25]})
    path = landing.folder / "feeds" / "a.parquet"
    path.parent.mkdir()
    frame.with_columns(occurred_at=pl.lit("2026-11-27T22:30:00Z")).write_parquet(path)
    landing.ingest()
    assert Mending(landing.settings).repair(2, {"order_id": "o1"}).count("accepted") == 1
    assert [amount for _, amount, _ in landing.query(AMOUNTS)] == [Decimal("1.5"), Decimal("1234.25")]


def test_kinds_are_seen_in_our_notation(landing: Landing) -> None:
    landing.declare(DECLARED)
    landing.write("feeds/a.csv", HEADER + "".join(f"p{n};o1;{n},50;27.11.2026 23:30\n" for n in range(9)))
    landing.ingest()
    kinds = dict(landing.query("select column_name, kind from raw.columns_seen"))
    assert set(kinds.values()) - {None} <= set(WEIGHTS)
    assert (kinds["amount"], kinds["occurred_at"]) == ("decimal", "instant")
