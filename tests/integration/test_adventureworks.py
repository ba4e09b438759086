"""Tests of a manufacturer's tables without header, mapped by renames alone, against sums over the originals."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.storage.warehouse import open_raw

from tests.integration.running import PROJECT, data_folder, published_file, real_data, run_steps


def originals(name: str) -> list[list[str]]:
    """Read the rows of an original file without code of this project."""
    with (data_folder() / "adventureworks" / f"{name}.csv").open(newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Publish the warehouse of the example."""
    home = tmp_path_factory.mktemp("adventureworks")
    sources = real_data("adventureworks", home)
    query = PROJECT / "examples" / "adventureworks_open_orders.sql"
    shutil.copy(query, sources.with_name(query.name))
    run_steps(home, sources)
    return duckdb.connect(str(published_file(home)), read_only=True)


def test_stock_is_what_was_counted_at_every_location(published: duckdb.DuckDBPyConnection) -> None:
    counted = {(row[0], row[1]): int(row[4]) for row in originals("ProductInventory")}
    assert (len(counted), sum(counted.values())) == (1069, 335_974)
    positions = published.execute(
        "select sku, warehouse_id, on_hand_quantity from marts.fct_inventory_positions "
        "where warehouse_id is not null and last_counted_at is not null"
    ).fetchall()
    assert {(sku, place): level for sku, place, level in positions if (sku, place) in counted} == counted


def test_incoming_is_what_open_orders_still_lack(published: duckdb.DuckDBPyConnection) -> None:
    is_open = {row[0] for row in originals("PurchaseOrderHeader") if row[2] in {"1", "2"}}
    lacking: Counter[str] = Counter()
    for row in originals("PurchaseOrderDetail"):
        if row[0] in is_open:
            lacking[row[4]] += int(row[3]) - int(Decimal(row[7]))
    expected = {sku: units for sku, units in lacking.items() if units}
    assert sum(expected.values()) == 1_554
    incoming = published.execute(
        "select sku, sum(incoming_quantity) from marts.fct_inventory_positions "
        "where warehouse_id = 'receiving' and incoming_quantity > 0 group by sku"
    ).fetchall()
    assert dict(incoming) == expected


def test_every_rate_of_every_day_is_there(published: duckdb.DuckDBPyConnection) -> None:
    files = published.execute(
        "select feed, rows_in, accepted, quarantined from quality.files where role = 'primary' order by feed"
    ).fetchall()
    assert files == [
        ("fx_rates", 13_532, 13_532, 0),
        ("inbound", 24, 24, 0),
        ("products", 504, 504, 0),
        ("stock", 1_069, 1_069, 0),
    ]


def test_receipts_are_the_stocked_units_and_what_was_rejected_whole_is_quarantined(tmp_path: Path) -> None:
    chosen = load_settings(home=tmp_path / "home", sources=real_data("adventureworks_receipts", tmp_path))
    receive(chosen)
    connection = open_raw(chosen, read_only=True)
    received = connection.execute(
        "select count(*), sum(quantity), sum(quantity * unit_cost), min(occurred_at) from raw.stock"
    ).fetchall()
    bad = connection.execute("select count(*), min(reasons) from raw.quarantine").fetchall()
    connection.close()
    lines = [(Decimal(row[9]), Decimal(row[5])) for row in originals("PurchaseOrderDetail")]
    stocked = [(units, cost) for units, cost in lines if units]
    worth = sum((units * cost for units, cost in stocked), Decimal())
    assert (len(stocked), sum(units for units, _ in stocked)) == (8_704, 2_254_599)
    # midnight of 22 April 2022 in Los Angeles
    assert [(n, units, cost, str(first)) for n, units, cost, first in received] == [
        (8_704, 2_254_599, worth, "2022-04-22 07:00:00")
    ]
    assert bad[0][0] == len(lines) - len(stocked) == 141
    assert "needs a quantity above zero" in bad[0][1]


def test_one_file_may_feed_two_sources(tmp_path: Path) -> None:
    sources = tmp_path / "sources.yaml"
    twice = (PROJECT / "examples" / "adventureworks_receipts.yaml").read_text()
    costs = """
  costs:
    format: canonical
    feed: products
    path: ../../shared/data/adventureworks/PurchaseOrderDetail.csv
    header: false
    delimiter: tab
    time_zone: America/Los_Angeles
    columns: [_, "", _, _, sku, unit_cost, ~, _, _, _, updated_at]
    constants: {currency: USD}
"""
    sources.write_text((twice + costs).replace("../../shared/data", str(data_folder())))
    chosen = load_settings(home=tmp_path / "home", sources=sources)
    receive(chosen)
    again = receive(chosen)
    assert {report.status for report in again.files} == {"skipped"}
    connection = open_raw(chosen, read_only=True)
    rows = connection.execute("select source, feed, rows_in from raw.files order by source").fetchall()
    connection.close()
    assert rows == [("costs", "products", 8_845), ("receipts", "stock", 8_845)]
