"""Tests that an increment continues where the world ended: no repeated id or row, and no missing one."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from orderhouse.contracts import CONTRACTS
from orderhouse.simulate import FEEDS, simulate

from tests.simulate.worlds import feed, fingerprints, truth


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Simulate a world and the next two days. Recent orders continue each day."""
    folders = [tmp_path_factory.mktemp(name) for name in ("world", "first", "second")]
    simulate(2_000, 9, folders[0], days=60)
    simulate(50, 9, folders[1], days=60, offset=2_000, touched=2_000)
    simulate(50, 9, folders[2], days=60, offset=2_050, base=2_000, touched=2_000)
    return folders[0], folders[1], folders[2]


def test_new_orders_have_new_ids_and_come_after_the_end(chain: tuple[Path, Path, Path]) -> None:
    world, first, second = (feed(folder, "orders") for folder in chain)
    assert first.filter(pl.col("placed_at") > "2026-06-30T22:00:00Z")["order_id"].n_unique() == 50
    assert first["updated_at"].min() > world["updated_at"].max()  # type: ignore[operator]
    assert second["updated_at"].min() > first["updated_at"].max()  # type: ignore[operator]
    assert second["placed_at"].max() <= "2026-07-02T22:00:00Z"  # type: ignore[operator]


def test_existing_orders_go_on_living(chain: tuple[Path, Path, Path]) -> None:
    known = feed(chain[0], "orders")["order_id"].unique()
    for name in ("payments", "shipments", "tracking"):
        later = feed(chain[1], name)
        if name != "tracking":
            later = later.filter(pl.col("order_id").is_in(known.implode()))
        assert later.height > 0, name


@pytest.mark.parametrize("name", FEEDS)
def test_no_row_is_sent_again(chain: tuple[Path, Path, Path], name: str) -> None:
    parts = [feed(folder, name) for folder in chain if any(folder.glob(f"{name}-*.csv"))]
    rows, contract = pl.concat(parts), CONTRACTS[name]
    key = [*contract.key(), *(["updated_at"] if contract.shape == "versioned" else [])]
    if name == "tracking":
        key = ["shipment_id", "tracking_number", "status", "occurred_at"]
    assert rows.select(key).is_duplicated().sum() == 0


def test_truth_of_touched_orders_is_their_whole_state(chain: tuple[Path, Path, Path]) -> None:
    latest = pl.concat([truth(folder, "orders") for folder in chain]).unique("order_id", keep="last")
    payments = pl.concat([feed(folder, "payments") for folder in chain])
    captured = pl.col("amount").cast(pl.Decimal(18, 2)).filter(pl.col("kind") == "captured").sum().alias("paid")
    both = latest.join(payments.group_by("order_id").agg(captured), on="order_id", how="left")
    assert both.height == 2_100
    assert both.filter(pl.col("paid").fill_null(0) != pl.col("captured_amount")).is_empty()


def test_daily_changes_add_up(chain: tuple[Path, Path, Path]) -> None:
    days = pl.concat([truth(folder, "daily") for folder in chain], how="diagonal")
    latest = pl.concat([truth(folder, "orders") for folder in chain]).unique("order_id", keep="last")
    assert days["orders"].sum() == latest.filter(~pl.col("is_test")).height


def test_an_increment_leaves_the_world_alone(chain: tuple[Path, Path, Path], tmp_path: Path) -> None:
    simulate(2_000, 9, tmp_path, days=60)
    assert fingerprints(tmp_path) == fingerprints(chain[0])
    simulate(50, 9, tmp_path, days=60, offset=2_000, touched=2_000)
    before = fingerprints(chain[0])
    assert {path: found for path, found in fingerprints(tmp_path).items() if path in before} == before
