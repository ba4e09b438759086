"""Tests of rows, their loads and the views of both, and of homes from before there were loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from orderhouse.contracts import CONTRACTS, LINEAGE
from orderhouse.storage.raw_tables import create_raw_tables, raw_schema, received_columns
from orderhouse.storage.raw_views import RAW_VIEWS
from orderhouse.storage.warehouse import open_raw

from tests.ingest.landing import LINES_HEADER, ORDERS_HEADER, Landing, line, order


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """Ingest two feeds: orders in two files and batches, one row of them twice."""
    found = Landing(tmp_path)
    found.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*.csv\n")
    found.write("feeds/orders-1.csv", ORDERS_HEADER + order(1) + order(2))
    found.ingest()
    found.write("feeds/orders-2.csv", ORDERS_HEADER + order(2) + order(3))
    found.write("feeds/order_lines.csv", LINES_HEADER + line(1))
    found.ingest()
    return found


VIEWS = "select count(*) from duckdb_views() where schema_name = 'raw'"


def everything(landing: Landing) -> dict[str, list[tuple[Any, ...]]]:
    return {feed: sorted(landing.query(f'from raw."{feed}"'), key=repr) for feed in CONTRACTS}


def put_lineage_beside_rows(landing: Landing) -> None:
    """Convert the home to the layout before there were loads: tables instead of views."""
    with open_raw(landing.settings) as raw:
        for feed in CONTRACTS:
            raw.execute(f'create table "{feed}_before" as from raw."{feed}"')
            raw.execute(f'drop view raw."{feed}"')
            raw.execute(f'create table raw."{feed}" as from "{feed}_before"; drop table "{feed}_before"')
        raw.execute("drop schema received cascade")


def test_a_feed_shows_its_columns_and_then_the_lineage_of_every_row(landing: Landing) -> None:
    shown = landing.query(
        "select column_name, data_type from duckdb_columns() where schema_name = 'raw' and table_name = 'orders'"
        "order by column_index"
    )
    assert dict(shown) == raw_schema()["orders"] == {**CONTRACTS["orders"].stored_columns(), **LINEAGE}


def test_what_rows_of_a_load_share_is_stored_once(landing: Landing) -> None:
    assert set(received_columns("orders")) & set(LINEAGE) == {"_record", "_is_duplicate"}
    loads = landing.query("select source, batch_id, count(*) from received.loads group by all order by all")
    assert loads == [("shop", 1, 1), ("shop", 2, 2)]
    rows = landing.query("select order_id, _batch_id, _record, _is_duplicate from raw.orders order by all")
    assert rows == [("o1", 1, 2, False), ("o2", 1, 3, False), ("o2", 2, 2, True), ("o3", 2, 3, False)]


def test_no_two_loads_have_one_number(landing: Landing) -> None:
    assert landing.query("select load_id from received.loads group by all having count(*) > 1") == []
    landing.write("feeds/orders-3.csv", ORDERS_HEADER + order(4))
    landing.ingest()
    assert landing.query("select count(*), count(distinct load_id) from received.loads") == [(4, 4)]
    assert landing.query("select count(*) from raw.orders") == [(5,)]


def test_rows_of_a_home_of_before_loads_are_moved_and_read_as_before(landing: Landing) -> None:
    before = everything(landing)
    put_lineage_beside_rows(landing)
    assert everything(landing) == before, "a reader does not need them moved"
    assert not landing.ingest().changed
    assert everything(landing) == before
    assert landing.query("select count(*) from received.orders") == [(4,)]
    assert landing.query("select count(*) from duckdb_views() where schema_name = 'raw'") == [
        (len(CONTRACTS) + len(RAW_VIEWS),)
    ]
    landing.write("feeds/orders-3.csv", ORDERS_HEADER + order(3) + order(4))
    landing.ingest()
    assert landing.query("select order_id, _is_duplicate from raw.orders where _batch_id = 3 order by all") == [
        ("o3", True),
        ("o4", False),
    ]


def test_a_move_that_ends_half_way_goes_on_where_it_was(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(landing)
    put_lineage_beside_rows(landing)

    class Ended(Exception):
        pass

    class Fragile:
        """Connection that ends before it drops the second table that was moved."""

        def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
            self.connection, self.drops = connection, 0

        def execute(self, statement: str, *values: object) -> duckdb.DuckDBPyConnection:
            self.drops += statement.startswith("drop table")
            if self.drops == 2:
                raise Ended
            return self.connection.execute(statement, *values)

    with duckdb.connect() as connection:
        connection.execute(f"attach '{landing.settings.raw_db}' as held; use held")
        with pytest.raises(Ended):
            create_raw_tables(Fragile(connection))  # type: ignore[arg-type]
    assert not landing.ingest().changed
    assert everything(landing) == before
    assert landing.query("select count(*) from duckdb_views() where schema_name = 'raw'") == [
        (len(CONTRACTS) + len(RAW_VIEWS),)
    ]
