"""Tests that a repaired run equals a run in which the rows were never broken.

A small simulated world with some broken rows is built, repaired and built again, so that incremental builds are
tested. Every published table must then equal that of the unbroken world, except for receipt columns. The counts of
every file must be equal too.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from orderhouse.receive import receive
from orderhouse.settings import Settings, load_settings
from orderhouse.simulate import simulate
from orderhouse.transform import build

from tests.integration.published_tables import differing_tables, table_hashes
from tests.integration.running import same_keys
from tests.repair.mending import Mending

AS_OF = "2026-07-01T00:00:00Z"
ORDERS = 50
# Kinds of damage to a row: feed, column, and bad value. Without a column the line is cut off.
BREAKS = {
    "text in a number": ("order_lines", "unit_price", "ten"),
    "a negative quantity": ("order_lines", "quantity", "-3"),
    "a bad currency": ("payments", "currency", "EURO"),
    "a missing required value": ("orders", "placed_at", ""),
    "a day that does not exist": ("shipments", "shipped_at", "2026-02-30T10:00:00Z"),
    "a line cut off": ("orders", None, ""),
    "another line cut off": ("tracking", None, ""),
}
COUNTS = """
    select source, feed, path, rows_in, accepted, duplicate, quarantined from quality.files
    where not is_superseded order by all
"""

Hashes = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Damage:
    """Kinds of break, and the number of rows to break of each kind."""

    seed: int
    kinds: list[str]
    rows: int


damages = st.builds(
    Damage,
    seed=st.integers(0, 2**16),
    kinds=st.lists(st.sampled_from(sorted(BREAKS)), min_size=3, unique=True),
    rows=st.integers(1, 3),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the feeds of a small world."""
    folder = tmp_path_factory.mktemp("world")
    simulate(orders=ORDERS, seed=5, to=folder)
    return folder


@pytest.fixture(scope="module")
def unbroken(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Build a home to which everything came in good order."""
    return _built(tmp_path_factory.mktemp("unbroken"), world)


@settings(
    max_examples=1,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(damage=damages)
def test_a_repaired_run_equals_one_in_which_nothing_was_broken(
    world: Path, unbroken: Settings, tmp_path_factory: pytest.TempPathFactory, damage: Damage
) -> None:
    landing, home = tmp_path_factory.mktemp("landing"), tmp_path_factory.mktemp("home")
    same_keys(unbroken.home, home)
    broken = _damaged(world, landing, damage)
    repaired = _built(home, landing)
    mending = Mending(repaired)
    assert [(row["path"], row["record"]) for row in mending.rows("open")] == sorted(broken)
    assert differing_tables(table_hashes(repaired.warehouse_db), table_hashes(unbroken.warehouse_db)), (
        "nothing was lost"
    )
    for (path, record), fields in broken.items():
        mending.patch(record, fields, path)
    assert mending.replay().count("accepted", "duplicate") == len(broken)
    build(repaired, as_of=AS_OF)
    assert differing_tables(table_hashes(repaired.warehouse_db), table_hashes(unbroken.warehouse_db)) == []
    assert _counts(repaired) == _counts(unbroken)
    assert _states(repaired) == [("repaired", len(broken))]


def test_a_repair_taken_back_and_made_again_equals_it_too(
    world: Path, unbroken: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    landing, home = tmp_path_factory.mktemp("landing"), tmp_path_factory.mktemp("home")
    same_keys(unbroken.home, home)
    broken = _damaged(world, landing, Damage(3, ["a bad currency"], 1))
    repaired = _built(home, landing)
    mending = Mending(repaired)
    (((path, record), fields),) = broken.items()
    wrong = mending.patch(record, {**fields, "currency": "JPY"}, path)
    mending.replay()
    build(repaired, as_of=AS_OF)
    mending.take_back(wrong)
    assert _states(repaired) == [("repaired", 1)], "as long as nothing was built"
    mending.repair(record, fields, path)
    build(repaired, as_of=AS_OF)
    assert differing_tables(table_hashes(repaired.warehouse_db), table_hashes(unbroken.warehouse_db)) == []
    assert _counts(repaired) == _counts(unbroken)
    with duckdb.connect(str(repaired.warehouse_db), read_only=True) as warehouse:
        history = warehouse.execute("select kind, state, made_by from quality.repairs order by batch_id").fetchall()
    assert history == [("patch", "replaced", "ada"), ("withdraw", "replaced", "bea"), ("patch", "accepted", "ada")]


def _damaged(world: Path, landing: Path, damage: Damage) -> dict[tuple[str, int], dict[str, str]]:
    """Copy the world with rows broken; return the fields that repair each, by file and line."""
    chance = random.Random(damage.seed)  # noqa: S311
    broken: dict[tuple[str, int], dict[str, str]] = {}
    for file in sorted([*world.glob("*.csv"), world / "sources.yaml"]):
        lines = file.read_text(encoding="utf-8").splitlines()
        kinds = [BREAKS[kind] for kind in damage.kinds if file.name.startswith(f"{BREAKS[kind][0]}-")]
        if kinds and '"' not in file.read_text(encoding="utf-8"):
            rows = pl.read_csv(file, infer_schema=False)
            places = chance.sample(range(rows.height), min(damage.rows * len(kinds), rows.height))
            for number, place in enumerate(places):
                _, column, written = kinds[number % len(kinds)]
                row = rows.row(place, named=True)
                good = {name: value or "" for name, value in row.items() if column in {name, None}}
                bad = [written if name == column else value or "" for name, value in row.items()]
                lines[place + 1] = ",".join(bad if column else bad[:2])
                broken[file.name, place + 2] = good
        (landing / file.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert broken
    return broken


def _built(home: Path, landing: Path) -> Settings:
    chosen = load_settings(home=home, sources=landing / "sources.yaml")
    receive(chosen)
    build(chosen, as_of=AS_OF)
    return chosen


def _counts(chosen: Settings) -> list[tuple[object, ...]]:
    """Return counts by file. New and duplicate rows count together, since a repaired row may be either."""
    with duckdb.connect(str(chosen.warehouse_db), read_only=True) as warehouse:
        rows = warehouse.execute(COUNTS).fetchall()
    return [(*row[:4], row[4] + row[5], row[6]) for row in rows]


def _states(chosen: Settings) -> list[tuple[str, int]]:
    with duckdb.connect(str(chosen.warehouse_db), read_only=True) as warehouse:
        return warehouse.execute("select state, count(*) from quality.quarantine group by all").fetchall()
