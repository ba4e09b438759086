"""Tests that the state depends on the set of rows only: the way that they arrive changes no table.

A small simulated world with mess is delivered once as it is. It is delivered again shuffled, newest or oldest first,
with its files merged and cut differently and some rows and files repeated. A build follows each of several deliveries,
so that incremental builds are tested.
"""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from orderhouse.simulate import simulate
from orderhouse.simulate.options import Mess

from tests.integration.published_tables import differing_tables
from tests.integration.running import same_keys
from tests.properties.delivering import Delivery, Hashes, built, deliveries, portions
from tests.properties.stated_payouts import stated_payouts
from tests.properties.thoroughness import times
from tests.sent import SENT

AS_OF = "2026-07-01T00:00:00Z"
ORDERS = 120
CLOCKS = ("updated_at", "occurred_at", "shipped_at", "rate_date")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all feeds of a small world."""
    folder = tmp_path_factory.mktemp("world")
    simulate(orders=ORDERS, seed=11, to=folder, mess=Mess.heavy(), price_lists=True)
    payments = pl.concat(_read(file) for file in sorted(folder.glob("payments-*.csv")))
    stated_payouts(payments).write_csv(folder / "payouts-stated.csv")
    assert {path.name.rpartition("-")[0] for path in folder.glob("*.csv")} == set(SENT)
    return folder


@pytest.fixture(scope="module")
def undisturbed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a home to which everything arrives once, in order, in one delivery."""
    return tmp_path_factory.mktemp("undisturbed")


@pytest.fixture(scope="module")
def undisturbed(world: Path, undisturbed_home: Path) -> Hashes:
    """Return the hashes of the tables of that home."""
    return built(undisturbed_home, world / "sources.yaml", AS_OF)


@settings(
    max_examples=times(1, many=40),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(delivery=deliveries)
def test_how_rows_arrive_changes_no_table(
    world: Path,
    undisturbed: Hashes,
    undisturbed_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
    delivery: Delivery,
) -> None:
    home = tmp_path_factory.mktemp("home")
    same_keys(undisturbed_home, home)
    landing = tmp_path_factory.mktemp("landing")
    (landing / "sources.yaml").write_text((world / "sources.yaml").read_text())
    hashes: Hashes = {}
    for number, files in enumerate(_delivered(world, delivery)):
        for name, rows in files.items():
            rows.write_csv(landing / name)
        hashes = built(home, landing / "sources.yaml", AS_OF, final=number == delivery.deliveries - 1)
    assert differing_tables(hashes, undisturbed) == []


def _delivered(world: Path, delivery: Delivery) -> list[dict[str, pl.DataFrame]]:
    """Return the rows of every feed as files by delivery, in another order and partly repeated."""
    chance = random.Random(delivery.seed)  # noqa: S311
    handed_over: list[dict[str, pl.DataFrame]] = [{} for _ in range(delivery.deliveries)]
    for feed in SENT:
        rows = _arranged(pl.concat(_read(file) for file in sorted(world.glob(f"{feed}-*.csv"))), delivery)
        for number, name, piece in portions(feed, rows, rows.height, delivery, chance):
            handed_over[number][f"{name}.csv"] = piece
    return handed_over


def _read(file: Path) -> pl.DataFrame:
    return pl.read_csv(file, infer_schema=False)


def _arranged(rows: pl.DataFrame, delivery: Delivery) -> pl.DataFrame:
    repeated = rows.sample(fraction=delivery.repeated_share, seed=delivery.seed)
    shuffled = pl.concat([rows, repeated]).sample(fraction=1.0, shuffle=True, seed=delivery.seed)
    clock = next((name for name in CLOCKS if name in rows.columns), rows.columns[0])
    if delivery.order == "shuffled":
        return shuffled
    return shuffled.sort(clock, descending=delivery.order == "newest first", maintain_order=True)
