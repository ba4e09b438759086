"""Tests of many transactions: they commit while the next rows are read, and each is complete or absent."""

from __future__ import annotations

import duckdb
import pytest
from orderhouse.ingest.loading import Loader

from tests.ingest.landing import ORDERS_HEADER, Landing, order, report

FILES = 6


@pytest.fixture
def deliveries(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> Landing:
    """Return six files of two orders, each a transaction of its own."""
    monkeypatch.setattr("orderhouse.ingest.loading.ROW_BUDGET", 2)
    for number in range(FILES):
        landing.write(f"feeds/orders-{number}.csv", ORDERS_HEADER + order(2 * number) + order(2 * number + 1))
    return landing


def test_every_file_is_reported_once_however_many_transactions_there_are(deliveries: Landing) -> None:
    result = deliveries.ingest()
    assert [(each.path, each.status, each.accepted) for each in result.files] == [
        (f"feeds/orders-{number}.csv", "loaded", 2) for number in range(FILES)
    ]


def test_rows_that_cannot_be_put_in_are_never_committed_and_neither_is_what_follows(
    deliveries: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, calls = Loader._insert, list[str]()

    def failing(self: Loader, table: str, *rest: object) -> None:
        calls.append(table)
        if len(calls) == 3:
            raise duckdb.IOException("the disk is full")
        put(self, table, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Loader, "_insert", failing)
        with pytest.raises(duckdb.IOException, match="full"):
            deliveries.ingest()
    assert deliveries.query("select count(*) from raw.orders") == [(4,)]
    assert deliveries.query("select path from raw.files order by path") == [
        ("feeds/orders-0.csv",),
        ("feeds/orders-1.csv",),
    ]

    again = deliveries.ingest()
    assert report(again, "orders-1.csv").status == "skipped"
    assert again.count("loaded") == FILES - 2
    assert deliveries.query("select count(*), count(distinct order_id) from raw.orders") == [(2 * FILES, 2 * FILES)]
    assert deliveries.query("select count(*) from raw.files where rows_in <> accepted + duplicate + quarantined") == [
        (0,)
    ]
