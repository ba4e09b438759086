"""Tests of runs on a small world, in processes of their own where they are killed or run at the same time.

The runs are killed, repeated, started twice at once, or refused. Each time the tests check the tables that readers see.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from orderhouse.serve.publishing import list_versions
from orderhouse.settings import Settings
from orderhouse.simulate import simulate
from orderhouse.storage.warehouse import lock_holder
from orderhouse.transform import build, computing
from orderhouse.transform.dbt import target_folder

from tests.benchmarks.plain_marts import build_plainly
from tests.integration.published_tables import differing_tables, table_hashes
from tests.integration.running import (
    PROJECT,
    published_file,
    run_installed,
    run_orderhouse,
    run_steps,
    same_keys,
    share_parsed_project,
)
from tests.properties.killing import ended, kill, start, whole_run
from tests.properties.thoroughness import times

AS_OF = "2026-07-01T00:00:00Z"
KILLED = 137
RUNS_KILLED = times(1, many=6)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate a merchant whose orders come in two deliveries."""
    folder = tmp_path_factory.mktemp("world")
    simulate(orders=40, seed=5, orders_per_file=20, to=folder)
    assert (folder / "orders-0002.csv").exists(), "a second delivery"
    return folder


def deliver(world: Path, landing: Path, pattern: str) -> Path:
    """Copy the world's files of this pattern into a landing folder; return its sources file."""
    landing.mkdir(exist_ok=True)
    for file in [*world.glob(pattern), world / "sources.yaml"]:
        shutil.copy(file, landing / file.name)
    return landing / "sources.yaml"


class Undisturbed(NamedTuple):
    """Home of a run that was not killed, and the seconds that it took."""

    home: Path
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Run once over the whole world."""
    home = tmp_path_factory.mktemp("undisturbed")
    began = time.monotonic()
    output = run_orderhouse("run", "--sources", str(world / "sources.yaml"), "--as-of", AS_OF, home=home)
    assert "KPIs of the 28 days to " in output and "exceptions in the worklist" in output and "Next:" in output
    return Undisturbed(home, time.monotonic() - began)


@pytest.fixture(scope="module")
def home(world: Path, undisturbed: Undisturbed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a home that got the world in two deliveries and was killed repeatedly on the way."""
    home = tmp_path_factory.mktemp("killed")
    same_keys(undisturbed.home, home)
    landing = home / "landing"
    sources = deliver(world, landing, "*-0001.csv")
    given = ("--sources", str(sources))
    kill("ingest", *given, home=home, fault="after_vault")
    kill("ingest", *given, home=home, fault="after_commit")
    run_orderhouse("ingest", *given, home=home)
    kill("build", *given, "--as-of", AS_OF, home=home, fault="build_model:60")
    run_steps(home, sources, AS_OF)
    deliver(world, landing, "*.csv")
    kill("ingest", *given, home=home, fault="before_commit")
    kill("ingest", *given, home=home, fault="after_commit")
    kill("build", *given, "--as-of", AS_OF, home=home, fault="build_model:30")
    run_orderhouse("ingest", *given, home=home)
    kill("build", *given, "--as-of", AS_OF, home=home, fault="build_ran")
    arguments = ("run", *given, "--as-of", AS_OF)
    run_installed(*arguments, home=home, expect=KILLED, ORDERHOUSE_FAULT="publish_renamed")
    output = run_installed(*arguments, home=home)
    assert "Published version 2" in output or "no table was computed" in output
    return home


def assert_publishes_the_same(home: Path, undisturbed: Undisturbed) -> None:
    left, right = table_hashes(published_file(home)), table_hashes(published_file(undisturbed.home))
    assert len(left) > 20
    assert differing_tables(left, right) == []


def test_killed_home_publishes_what_an_undisturbed_one_does(home: Path, undisturbed: Undisturbed) -> None:
    assert_publishes_the_same(home, undisturbed)


def test_tables_equal_those_of_plain_sql_without_dbt(undisturbed: Undisturbed, tmp_path: Path) -> None:
    plain = build_plainly(Settings(home=undisturbed.home), tmp_path)
    built = table_hashes(undisturbed.home / "warehouse" / "warehouse.duckdb")
    assert differing_tables(built, table_hashes(plain)) == []
    with duckdb.connect(str(plain)) as connection:
        connection.execute("update marts.dim_products set unit_cost_amount = unit_cost_amount + 0.01").fetchall()
    assert "marts.dim_products" in differing_tables(built, table_hashes(plain))


def test_a_full_build_by_kept_statements_gives_the_tables_of_dbt(
    undisturbed: Undisturbed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home", sources=tmp_path / "no-sources.yaml")
    shutil.copytree(undisturbed.home, settings.home)
    for kept in target_folder(settings).glob("full-*.json"):
        kept.unlink()
    build(settings, as_of=AS_OF, full=True)
    of_dbt = table_hashes(settings.warehouse_db)
    monkeypatch.setattr(computing, "invoke", None)
    build(settings, as_of=AS_OF, full=True)
    assert differing_tables(of_dbt, table_hashes(settings.warehouse_db)) == []


def test_a_whole_run_killed_at_any_moment_publishes_what_an_undisturbed_one_does(
    world: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """The run ingests, builds, audits and publishes in two deliveries, so that the incremental way is killed too."""
    killed = tmp_path / "killed"
    share_parsed_project(killed)
    same_keys(undisturbed.home, killed)
    chance = random.Random(7)  # noqa: S311
    for pattern in ("*-0001.csv", "*.csv"):
        sources = deliver(world, tmp_path / "landing", pattern)
        for _ in range(RUNS_KILLED):
            process = start(whole_run, str(killed), str(sources), AS_OF)
            time.sleep(chance.uniform(0.2, undisturbed.seconds * 0.6))
            process.kill()
            ended(process)
    assert ended(start(whole_run, str(killed), str(sources), AS_OF)) == 0
    assert_publishes_the_same(killed, undisturbed)


def test_nothing_new_and_the_same_clock_changes_nothing(home: Path) -> None:
    before = published_file(home)
    warehouse = (home / "warehouse" / "warehouse.duckdb").read_bytes()
    output = run_orderhouse("run", "--as-of", AS_OF, "--sources", str(home / "landing" / "sources.yaml"), home=home)
    assert "no table was computed" in output
    assert published_file(home) == before
    assert (home / "warehouse" / "warehouse.duckdb").read_bytes() == warehouse


def test_second_run_ends_with_3_while_the_first_goes_on(home: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("orderhouse")),
        "run",
        "--as-of",
        AS_OF,
        "--sources",
        str(home / "landing" / "sources.yaml"),
    ]
    first = subprocess.Popen(
        command, env=os.environ | {"ORDERHOUSE_HOME": str(home)}, cwd=PROJECT, stdout=subprocess.DEVNULL
    )
    try:
        while lock_holder(Settings(home=home)) is None and first.poll() is None:
            time.sleep(0.05)
        output = run_orderhouse("run", "--as-of", AS_OF, home=home, expect=3)
        assert f"process {first.pid}" in output
        run_orderhouse("sql", "select count(*) from ops.orders", home=home)
    finally:
        assert first.wait(timeout=300) == 0


def test_refused_audit_names_check_and_rows_and_keeps_the_last_version(home: Path, tmp_path: Path) -> None:
    copied = tmp_path / "home"
    shutil.copytree(home, copied)
    published = published_file(copied).name
    run_orderhouse(
        "build", "--sources", str(copied / "landing" / "sources.yaml"), "--as-of", "2026-07-02T00:00:00Z", home=copied
    )
    with duckdb.connect(str(copied / "warehouse" / "warehouse.duckdb")) as warehouse:
        warehouse.execute(
            "update intermediate.int_order_lines_allocated "
            "set open_quantity = open_quantity + 1000, allocated_quantity = allocated_quantity + 7 where line_id = '1'"
        )
    output = run_orderhouse("audit", home=copied, expect=1)
    assert "The audit refused to publish" in output
    assert "fct_order_lines" in output and "rows" in output
    assert "nothing was published" in run_orderhouse("publish", home=copied, expect=1)
    assert published_file(copied).name == published
    assert "the audit has refused newer builds" in run_orderhouse("status", home=copied)


def test_only_whole_versions_are_listed(home: Path) -> None:
    assert [version.is_current for version in list_versions(Settings(home=home))] == [True, False]
