"""Tests of the feed `price_lists`: contracts of business customers, and nothing else of the world changes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from orderhouse.contracts import CONTRACTS
from orderhouse.simulate import simulate
from orderhouse.simulate.options import SimulationOptions

from tests.simulate.worlds import feed, money


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the same world without and with price lists."""
    folder = tmp_path_factory.mktemp("prices")
    for name in ("without", "with"):
        simulate(orders=900, seed=5, to=folder / name, days=60, price_lists=name == "with")
    return folder / "without", folder / "with"


def test_price_lists_change_no_other_file(worlds: tuple[Path, Path]) -> None:
    without, with_prices = worlds
    for path in without.glob("*.csv"):
        assert path.read_bytes() == (with_prices / path.name).read_bytes()
    more = {path.name for path in with_prices.glob("*.csv")} - {path.name for path in without.glob("*.csv")}
    assert more == {"price_lists-0001.csv"}


def test_keys_are_unique_and_columns_are_the_contracts(worlds: tuple[Path, Path]) -> None:
    prices, contract = feed(worlds[1], "price_lists"), CONTRACTS["price_lists"]
    assert set(prices.columns) <= set(contract.fields())
    assert prices.select(contract.required()).null_count().sum_horizontal().item() == 0
    assert not prices.select(contract.key()).is_duplicated().any()


def test_most_lines_of_a_contract_are_charged_at_its_price_and_some_above(worlds: tuple[Path, Path]) -> None:
    prices = feed(worlds[1], "price_lists").filter(pl.col("min_quantity") == "0")
    lines = (
        feed(worlds[1], "order_lines").join(feed(worlds[1], "orders"), on="order_id").unique(["order_id", "line_id"])
    )
    both = lines.join(prices, on=["customer_id", "sku", "currency"], suffix="_agreed")
    agreed, charged = both.select(money("unit_price_agreed"), money("unit_price"))
    assert 0 < (charged > agreed).sum() < (charged == agreed).sum()


def test_an_increment_has_no_price_lists(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="whole world"):
        SimulationOptions(orders=5, seed=1, to=tmp_path, offset=5, price_lists=True)
