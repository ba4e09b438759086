"""Tests of the export of received rows: what travels, and in which form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from orderhouse.settings import Engine
from orderhouse.spark.raw_export import export_sources
from orderhouse.spark.storage import Storage

TABLES = {"raw.orders": ("raw", "raw"), "raw.batches": ("raw", "raw")}
ORDERS = """
create table raw.raw.orders as select * from (values
    (1, 'a', timestamp '2026-03-29 01:30:00.123456', 12345678901234.5678::decimal(18, 4)),
    (2, 'b', null, null)
) as rows (_batch_id, order_id, placed_at, amount)
"""


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """Return an empty storage."""
    return Storage(Engine(storage=str(tmp_path)))


@pytest.fixture
def raw() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection with a feed of two batches and a ledger."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as raw; create schema raw.raw")
        connection.execute(ORDERS)
        connection.execute("create table raw.raw.batches as select 1 as batch_id")
        yield connection


def test_a_batch_travels_once(raw: duckdb.DuckDBPyConnection, storage: Storage) -> None:
    first = export_sources(raw, TABLES, storage)
    second = export_sources(raw, TABLES, storage)
    assert (first.written, first.kept, first.rows) == (3, 0, 3)
    assert (second.written, second.kept, second.removed, second.rows) == (0, 3, 0, 0)


def test_a_new_batch_travels_alone(raw: duckdb.DuckDBPyConnection, storage: Storage) -> None:
    export_sources(raw, TABLES, storage)
    raw.execute("insert into raw.raw.orders values (3, 'c', null, null)")
    again = export_sources(raw, TABLES, storage)
    assert (again.written, again.kept, again.removed, again.rows) == (1, 3, 0, 1)


def test_a_changed_batch_takes_the_place_of_the_old_one(raw: duckdb.DuckDBPyConnection, storage: Storage) -> None:
    export_sources(raw, TABLES, storage)
    before = storage.names("raw", "raw", "orders")
    raw.execute("update raw.raw.orders set order_id = 'erased' where _batch_id = 2")
    again = export_sources(raw, TABLES, storage)
    assert (again.written, again.kept, again.removed) == (1, 2, 1)
    assert len(set(before) & set(storage.names("raw", "raw", "orders"))) == 1
    orders = storage.table("raw", "raw", "orders").to_table()
    assert sorted(orders.column("order_id").to_pylist()) == ["a", "erased"]


def test_a_batch_that_is_gone_leaves_the_storage(raw: duckdb.DuckDBPyConnection, storage: Storage) -> None:
    export_sources(raw, TABLES, storage)
    raw.execute("delete from raw.raw.orders where _batch_id = 1")
    assert export_sources(raw, TABLES, storage).removed == 1
    assert storage.table("raw", "raw", "orders").to_table().column("order_id").to_pylist() == ["b"]


def test_a_new_column_makes_every_batch_travel(raw: duckdb.DuckDBPyConnection, storage: Storage) -> None:
    export_sources(raw, TABLES, storage)
    raw.execute("alter table raw.raw.orders add column channel varchar")
    again = export_sources(raw, TABLES, storage)
    assert (again.written, again.removed) == (2, 2)
    assert again.columns["raw.orders"]["channel"] == "string"


def test_instants_are_utc_and_amounts_exact(raw: duckdb.DuckDBPyConnection, storage: Storage) -> None:
    exported = export_sources(raw, TABLES, storage)
    rows = storage.table("raw", "raw", "orders").to_table()
    assert rows.schema.field("placed_at").type == pa.timestamp("us", tz="UTC")
    assert rows.schema.field("amount").type == pa.decimal128(18, 4)
    texts = {str(value) for value in rows.column("amount").to_pylist()}
    assert texts == {"12345678901234.5678", "None"}
    assert "2026-03-29 01:30:00.123456+00:00" in {str(value) for value in rows.column("placed_at").to_pylist()}
    assert exported.columns["raw.orders"]["placed_at"] == "timestamp"
    assert exported.columns["raw.orders"]["amount"] == "decimal(18,4)"
