"""Tests of the formats of known systems, from files to published tables, in one run over small made-up files."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.integration.running import published_file, run_steps
from tests.sources.test_amazon import ITEM, ORDER, OTHER_ITEM, STOCK, table
from tests.sources.test_easypost import event, scan, tracker

SOURCES = """
sources:
  shop: {format: canonical, path: shop/*, words: {carrier: {"D.H.L. Express": DHL Express}}}
  parcels: {format: easypost_trackers, path: parcels/*}
  amazon: {format: amazon_tables, path: amazon/*}
"""
SHOP = {
    "orders.csv": "order_id,placed_at,updated_at,currency,payment_terms\n"
    "o1,2026-02-27T08:00:00Z,2026-02-27T08:00:00Z,EUR,invoice\n",
    "order_lines.csv": "order_id,line_id,updated_at,sku,quantity,unit_price\no1,1,2026-02-27T08:00:00Z,tea,2,5.00\n",
    "shipments.csv": "shipment_id,line_id,order_id,quantity,shipped_at,carrier,tracking_number\n"
    "s1,1,o1,1,2026-02-28T08:00:00Z,DHL Express,9400\n"
    "s2,1,o1,1,2026-02-28T08:00:00Z,D.H.L. Express,9401\n",
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Publish all formats in one run."""
    folder = tmp_path_factory.mktemp("formats")
    scans = [scan("pre_transit", "2026-02-28T09:00:00Z"), scan(), scan("delivered", "2026-03-04T12:00:00Z")]
    parcels = [tracker(*scans, carrier="DHLExpress", tracking_code=number) for number in ("9400", "9401")]
    files = {f"shop/{name}": content.encode() for name, content in SHOP.items()}
    files["parcels/hooks.ndjson"] = "\n".join(json.dumps(event(each)) for each in parcels).encode()
    tables = [table("orders", ORDER), table("order_item", ITEM, OTHER_ITEM), table("fba_inventory_summary", STOCK)]
    files |= {f"amazon/{each.name}": each.open().read() for each in tables}
    for name, content in files.items():
        write(folder / name, content)
    write(folder / "sources.yaml", SOURCES.encode())
    run_steps(folder / "home", folder / "sources.yaml")
    return duckdb.connect(str(published_file(folder / "home")), read_only=True)


def write(path: Path, content: bytes) -> None:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_scans_reach_the_order_whose_parcels_they_saw_however_the_carrier_is_written(
    published: duckdb.DuckDBPyConnection,
) -> None:
    order = published.execute(
        "select delivery_status, delivered_at::varchar from marts.fct_orders where order_id = 'o1'"
    ).fetchall()
    assert order == [("delivered", "2026-03-04 12:00:00")]


def test_every_word_has_a_meaning(published: duckdb.DuckDBPyConnection) -> None:
    assert published.execute("select * from marts.fct_exceptions where code = 'unmapped_word'").fetchall() == []


def test_an_order_is_due_what_amazon_charged(published: duckdb.DuckDBPyConnection) -> None:
    order = published.execute(
        "select due_amount, payment_status, fulfilment_status from marts.fct_orders where order_id = 'A1'"
    ).fetchall()
    assert order == [(Decimal(ORDER["order_total_amount"]), "not_tracked", "not_tracked")]


def test_amazon_s_stock_is_what_it_counted(published: duckdb.DuckDBPyConnection) -> None:
    stock = published.execute(
        "select sku, on_hand_quantity from marts.fct_inventory_positions where warehouse_id = 'FBA-ATVPDKIKX0DER'"
    ).fetchall()
    assert stock == [("TEA", 211)]
