"""Tests of the warehouse against a simulated world whose truth shares no code with the models."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from orderhouse.simulate import simulate

from tests.integration.running import run_orderhouse

COLUMNS = [
    "order_status",
    "payment_status",
    "fulfilment_status",
    "is_settled",
    "ordered_quantity",
    "cancelled_quantity",
    "shipped_quantity",
    "delivered_quantity",
    "returned_quantity",
    "open_quantity",
    "ordered_due_amount",
    "due_amount",
    "authorized_amount",
    "captured_amount",
    "voided_amount",
    "refunded_amount",
    "disputed_amount",
    "fee_amount",
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Build a tidy world of 1,500 orders, with its truth as the tables `truth_orders` and `truth_on_hand`."""
    folder = tmp_path_factory.mktemp("truth")
    feeds, home = folder / "feeds", folder / "home"
    simulate(orders=1_500, seed=23, to=feeds)
    run_orderhouse("ingest", "--sources", str(feeds / "sources.yaml"), home=home)
    run_orderhouse("build", "--as-of", "data", home=home)
    connection = duckdb.connect()
    connection.execute(f"attach '{home / 'warehouse' / 'warehouse.duckdb'}' as warehouse (read_only)")
    for name, files in {"truth_orders": "orders-*.parquet", "truth_on_hand": "on_hand.parquet"}.items():
        connection.execute(f"create table {name} as from read_parquet(?)", [str(feeds / "truth" / files)])
    yield connection
    connection.close()


def count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """Return the single number of a query."""
    row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


def test_every_order_but_test_orders_is_in_the_mart(built: duckdb.DuckDBPyConnection) -> None:
    orders = count(built, "select count(*) from truth_orders where not is_test")
    assert count(built, "select count(*) from warehouse.marts.fct_orders") == orders > 0


@pytest.mark.parametrize("column", COLUMNS)
def test_orders_are_what_the_world_says(built: duckdb.DuckDBPyConnection, column: str) -> None:
    """Orders with an ambiguous definition have a caveat in the truth. The unit tests cover them."""
    differing = built.execute(
        f"""
        select order_id, truth.{column}, orders.{column}
        from truth_orders as truth
        inner join warehouse.marts.fct_orders as orders using (order_id)
        where coalesce(truth.caveat, '') = '' and truth.{column} is distinct from orders.{column}
        limit 5
        """
    ).fetchall()
    assert differing == []


def test_caveats_are_the_exception(built: duckdb.DuckDBPyConnection) -> None:
    with_caveat = count(built, "select count(*) from truth_orders where coalesce(caveat, '') <> ''")
    assert with_caveat < count(built, "select count(*) from truth_orders") / 8


def test_stock_on_hand_is_what_the_world_says(built: duckdb.DuckDBPyConnection) -> None:
    differing = built.execute(
        """
        select sku, warehouse_id, truth.on_hand_quantity, positions.on_hand_quantity
        from truth_on_hand as truth
        full join (
            select * from warehouse.marts.fct_inventory_positions where position_level = 'warehouse'
        ) as positions using (sku, warehouse_id)
        where coalesce(truth.on_hand_quantity, 0) <> coalesce(positions.on_hand_quantity, 0)
        """
    ).fetchall()
    assert differing == []


def test_business_without_mess_makes_only_legal_moves(built: duckdb.DuckDBPyConnection) -> None:
    moves = "from warehouse.marts.fct_order_timeline where axis is not null"
    assert built.execute(f"select distinct axis, from_status, to_status {moves} and not is_legal").fetchall() == []
    assert count(built, f"select count(distinct axis) {moves}") == 5


def test_what_happened_to_an_order_leads_to_its_present_without_reconciling(built: duckdb.DuckDBPyConnection) -> None:
    told = "select count(*) from warehouse.marts.fct_order_timeline where event = 'reconciled'"
    assert count(built, told) == 0
