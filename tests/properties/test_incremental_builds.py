"""Tests that incremental builds of random batches leave the tables of a full rebuild, after each batch."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.simulate import simulate
from orderhouse.simulate.options import Mess
from orderhouse.transform import build

from tests.integration.running import share_parsed_project
from tests.properties.corrections import Corrections, batches, corrections, decide, remap
from tests.properties.rebuilding import tables_that_differ
from tests.properties.stated_payouts import stated_payouts
from tests.properties.thoroughness import times
from tests.sent import SENT

AS_OF = "2026-07-01T00:00:00Z"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all feeds of a small world."""
    folder = tmp_path_factory.mktemp("world")
    simulate(orders=120, seed=11, to=folder, mess=Mess.heavy(), price_lists=True)
    payments = pl.concat(pl.read_csv(file, infer_schema=False) for file in sorted(folder.glob("payments-*.csv")))
    stated_payouts(payments).write_csv(folder / "payouts-stated.csv")
    assert {path.name.rpartition("-")[0] for path in folder.glob("*.csv")} == set(SENT)
    return folder


@settings(
    max_examples=times(1, many=60),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(drawn=corrections)
def test_each_batch_leaves_the_tables_of_a_full_rebuild(
    world: Path, tmp_path_factory: pytest.TempPathFactory, drawn: Corrections
) -> None:
    home, landing = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("landing")
    share_parsed_project(home)
    chance = random.Random(drawn.seed)  # noqa: S311
    made = batches(world, landing, drawn)
    for number, files in enumerate(made):
        for name, rows in files.items():
            rows.write_csv(landing / name)
        if drawn.remaps and number == len(made) - 1:
            remap(landing)
        chosen = load_settings(home=home, sources=landing / "sources.yaml")
        receive(chosen)
        decide(chosen, chance)
        result = build(chosen, as_of=AS_OF)
        assert result.record.extent == ("touched" if number else "full"), result.reason
        assert tables_that_differ(chosen) == [], f"after batch {number}"
