"""Tests of the feed `payouts`: each payout is the sum of what it moves, and nothing else of the world changes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import yaml
from orderhouse.contracts import CONTRACTS
from orderhouse.simulate import simulate

from tests.simulate.worlds import feed, money


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the same world without and with payouts."""
    folder = tmp_path_factory.mktemp("payouts")
    for name in ("without", "with"):
        simulate(orders=300, seed=5, to=folder / name, days=60, payouts=name == "with")
    return folder / "without", folder / "with"


def test_payouts_change_no_other_file(worlds: tuple[Path, Path]) -> None:
    without, with_payouts = worlds
    for path in without.glob("*.csv"):
        assert path.read_bytes() == (with_payouts / path.name).read_bytes()
    more = {path.name for path in with_payouts.glob("*.csv")} - {path.name for path in without.glob("*.csv")}
    assert more == {"payouts-0001.csv"}
    covers = [
        yaml.safe_load((world / "sources.yaml").read_text())["sources"]["simulated"]["covers"] for world in worlds
    ]
    assert covers[1] == [*covers[0], "payouts"]


def test_columns_and_keys_are_the_contracts(worlds: tuple[Path, Path]) -> None:
    payouts, contract = feed(worlds[1], "payouts"), CONTRACTS["payouts"]
    assert set(payouts.columns) == set(contract.fields())
    assert payouts.select(contract.required()).null_count().sum_horizontal().item() == 0
    assert not payouts["movement_id"].is_duplicated().any()


def test_a_stated_payout_is_the_sum_of_its_movements(worlds: tuple[Path, Path]) -> None:
    payouts = feed(worlds[1], "payouts").with_columns(money("amount"), money("fee_amount"))
    is_state = pl.col("kind").is_in(["paid", "pending"])
    moved = (
        payouts.filter(~is_state).group_by("payout_id").agg(total=pl.col("amount").sum() - pl.col("fee_amount").sum())
    )
    states = payouts.filter(is_state).join(moved, on="payout_id", how="full", coalesce=True)
    assert states.filter(pl.col("amount").eq_missing(pl.col("total")).not_()).is_empty()
    assert set(states["kind"]) == {"paid", "pending"}
    assert set(payouts["kind"]) == {"paid", "pending", "payment", "adjustment"}


def test_a_payment_moves_what_it_was_and_its_fee(worlds: tuple[Path, Path]) -> None:
    payments = feed(worlds[1], "payments").filter(pl.col("payout_id").is_not_null())
    moves = feed(worlds[1], "payouts").filter(pl.col("kind") == "payment")
    both = payments.join(moves, on="payment_id", suffix="_moved")
    assert both.height == payments.height == moves.height
    signs = {"captured": 1, "refunded": -1, "disputed": -1, "dispute_won": 1, "dispute_lost": 0}
    for row in both.select("kind", "amount", "amount_moved", "payout_id", "payout_id_moved").iter_rows(named=True):
        assert Decimal(row["amount_moved"]) == signs[row["kind"]] * Decimal(row["amount"])
        assert row["payout_id"] == row["payout_id_moved"]


def test_an_increment_states_no_payouts(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="whole world"):
        simulate(orders=10, seed=1, to=tmp_path, offset=100, payouts=True)
