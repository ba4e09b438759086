"""Tests of builds by kept statements: which models are computed, what a kill leaves, and what brings dbt back."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orderhouse.settings import Settings
from orderhouse.transform import (
    BuildFailed,
    BuildResult,
    ModelEvent,
    build,
    building,
    computing,
    dbt,
    kept_builds,
    load_record,
)

from tests.integration.running import copy_parsed_project
from tests.properties.killing import kill_call
from tests.transform.small_project import receive, write_project
from tests.transform.test_building import JANUARY, TABLES, build_of, computed, orders

STORED = [table for table in TABLES if table != "ops/orders"]
LATER = "2026-01-11T00:00:00Z"


def kept_file(settings: Settings) -> Path:
    """Return the file of kept statements."""
    (found,) = dbt.target_folder(settings).glob("increment-*.json")
    return found


def kept_text(settings: Settings) -> str:
    """Return the kept statements, which stand behind their checksum."""
    return kept_file(settings).read_text().partition("\n")[2]


def replace_text(settings: Settings, text: str) -> None:
    """Replace the kept statements."""
    kept_file(settings).write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, parsed: Path) -> Path:
    """Build a home until its statements are kept and its tables have versions; return it."""
    folder = tmp_path_factory.mktemp("built")
    project = write_project(folder / "project")
    made = Settings(home=folder / "home", sources=folder / "no-sources.yaml")
    copy_parsed_project(parsed, made.home)
    with pytest.MonkeyPatch.context() as patch:
        for module in (dbt, building):
            patch.setattr(module, "project_folder", lambda: project)
        for batch, days in enumerate(({"A": 1, "B": 2}, {"C": 3}, {"D": 3}), start=1):
            receive(made, batch, {order: f"2026-01-0{day} 10:00:00" for order, day in days.items()})
            build(made, as_of=JANUARY)
    return made.home


@pytest.fixture
def kept(built: Path, project: Path, tmp_path: Path) -> Settings:
    """Return the settings of a copy of the built home."""
    shutil.copytree(built, tmp_path / "home")
    return Settings(home=tmp_path / "home", sources=tmp_path / "no-sources.yaml")


@pytest.fixture
def no_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a build fail that runs dbt."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("dbt was run")

    monkeypatch.setattr(computing, "invoke", refuse)


def test_the_second_increment_runs_no_dbt_and_gives_the_rows_of_a_full_build(kept: Settings, no_dbt: None) -> None:
    events: list[ModelEvent] = []
    receive(kept, 4, {"E": "2026-01-04 10:00:00", "A": "2026-01-05 10:00:00"})
    result = build(kept, as_of=JANUARY, on_event=events.append)
    assert (computed(result), result.skipped) == (STORED, ())
    assert {event.name: event.rows for event in events if event.status == "success"}["fct_orders"] == 5
    with duckdb.connect(str(kept.warehouse_db), read_only=True) as warehouse:
        rows = warehouse.execute(
            "select order_id, placed_at::varchar, batch_id from marts.fct_orders order by 1"
        ).fetchall()
    assert rows[0] == ("A", "2026-01-05 10:00:00", 4) and orders(kept) == ["A", "B", "C", "D", "E"]


def test_a_batch_without_rows_of_a_feed_skips_the_models_of_that_feed(kept: Settings, no_dbt: None) -> None:
    receive(kept, 4, {})
    result = build(kept, as_of=JANUARY)
    assert set(result.skipped) == {"staging/kept_orders", "marts/as_of"}
    assert computed(result) == ["marts/fct_ages", "marts/fct_orders"], "the batch is a column of fct_orders"
    assert "2 tables were not computed" in result.reason


def test_a_later_clock_computes_what_looks_at_the_clock(kept: Settings, no_dbt: None) -> None:
    result = build(kept, as_of=LATER)
    assert computed(result) == ["marts/as_of", "marts/fct_ages"]
    assert set(result.skipped) == {"staging/kept_orders", "marts/fct_orders"}
    with duckdb.connect(str(kept.warehouse_db), read_only=True) as warehouse:
        ages = warehouse.execute("select age::varchar from marts.fct_ages where order_id = 'A'").fetchall()
    assert ages == [("9 days 14:00:00",)]


def test_the_same_instant_of_a_later_wall_clock_leaves_the_readers_of_the_clock_alone(settings: Settings) -> None:
    build(settings, as_of="data")
    for batch, order in ((2, "C"), (3, "D")):
        receive(settings, batch, {order: "2026-01-01 10:00:00"})
        build(settings, as_of="data")
    receive(settings, 4, {})
    result = build(settings, as_of="data")
    assert "marts/as_of" in computed(result), "the wall clock moved"
    assert result.record.as_of == "2026-01-02 10:00:00.000000"


def test_statements_are_kept_without_the_salt_of_tracking_ids(kept: Settings) -> None:
    from orderhouse.transform.variables import tracking_salt
    from orderhouse.vault.keys import load_keys

    salt = tracking_salt(load_keys(kept).inner)
    with duckdb.connect(str(kept.warehouse_db), read_only=True) as warehouse:
        assert warehouse.execute("select salted = md5(?) from marts.as_of", [salt]).fetchone() == (True,)
    assert all(salt not in path.read_text(errors="replace") for path in kept.home.rglob("dbt/**/*.json"))
    assert all(salt not in path.read_text(errors="replace") for path in kept.logs.rglob("*") if path.is_file())


@pytest.mark.parametrize("point", ["build_began", "model_computed", "model_computed:3", "build_model:2", "build_ran"])
def test_an_increment_killed_anywhere_and_run_again_ends_as_a_full_build(
    kept: Settings, project: Path, point: str
) -> None:
    receive(kept, 4, {"E": "2026-01-04 10:00:00"})
    kill_call(build_of, str(kept.home), str(project), fault=point)
    record = load_record(kept)
    assert record is not None and not record.is_whole
    assert "Continued the last build" in build(kept, as_of=JANUARY).reason
    continued = content(kept)
    build(kept, as_of=JANUARY, full=True)
    assert continued == content(kept)


def content(settings: Settings) -> list[tuple[object, ...]]:
    """Return the rows that do not depend on the way in which they were computed."""
    with duckdb.connect(str(settings.warehouse_db), read_only=True) as warehouse:
        return warehouse.execute(
            "select order_id, placed_at, age from ops.orders join marts.fct_ages using (order_id) order by 1"
        ).fetchall()


def test_a_version_that_stays_while_rows_change_would_leave_old_rows(
    kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault is planted to show that the comparison with a full build finds it."""
    versions = kept_builds._Run._version

    def unmoved(run: kept_builds._Run, *given: Any) -> str:
        return run.versions.of(given[1]) or versions(run, *given)

    monkeypatch.setattr(kept_builds._Run, "_version", unmoved)
    receive(kept, 4, {"E": "2026-01-04 10:00:00"})
    build(kept, as_of=LATER)
    left = content(kept)
    build(kept, as_of=LATER, full=True)
    assert left != content(kept)


def test_a_full_build_runs_no_dbt_and_gives_the_rows_of_dbt(
    kept: Settings, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed_by_dbt = content(kept)
    monkeypatch.setattr(computing, "invoke", None)
    events: list[ModelEvent] = []
    assert computed(build(kept, as_of=JANUARY, full=True, on_event=events.append)) == TABLES
    assert content(kept) == computed_by_dbt and len(computed_by_dbt) == 4
    ended = {event.table: event for event in events if event.status == "success"}
    assert [ended[table].rows for table in TABLES] == [1, 4, 4, None, 4]
    assert {event.kind for event in events} == {"model"}


@pytest.mark.parametrize("point", ["build_began", "model_computed:2", "build_model:4", "build_ran"])
def test_a_full_build_killed_anywhere_and_run_again_gives_the_same_rows(
    kept: Settings, project: Path, point: str
) -> None:
    before = content(kept)
    kill_call(build_fully, str(kept.home), str(project), fault=point)
    result = build(kept, as_of=JANUARY)
    assert result.record.extent == "full" and computed(result) == TABLES
    assert content(kept) == before


def build_fully(home: str, project: str) -> None:
    """Build from empty files in this process."""
    dbt.project_folder = building.project_folder = lambda: Path(project)
    build(Settings(home=Path(home), sources=Path(home).parent / "no-sources.yaml"), as_of=JANUARY, full=True)


def test_an_increment_after_a_full_build_skips_what_it_left_unchanged(kept: Settings, no_dbt: None) -> None:
    build(kept, as_of=JANUARY, full=True)
    receive(kept, 4, {})
    assert set(build(kept, as_of=JANUARY).skipped) == {"staging/kept_orders", "marts/as_of"}


def test_dbt_records_the_versions_of_what_it_computed_whole(kept: Settings) -> None:
    kept_file(kept).unlink()
    receive(kept, 4, {"E": "2026-01-04 10:00:00"})
    assert build(kept, as_of=JANUARY).skipped == ()
    receive(kept, 5, {})
    assert set(build(kept, as_of=JANUARY).skipped) == {"staging/kept_orders", "marts/as_of"}
    receive(kept, 6, {"F": "2026-01-05 10:00:00"})
    build(kept, as_of=JANUARY)
    continued = content(kept)
    build(kept, as_of=JANUARY, full=True)
    assert continued == content(kept)


def test_dbt_forgets_the_versions_before_it_changes_a_table(kept: Settings, project: Path) -> None:
    kept_file(kept).unlink()
    receive(kept, 4, {"E": "2026-01-04 10:00:00"})
    kill_call(build_of, str(kept.home), str(project), fault="build_model:2")
    with duckdb.connect(str(kept.warehouse_db), read_only=True) as warehouse:
        assert warehouse.execute("from duckdb_tables() where table_name = 'versions'").fetchall() == []
    build(kept, as_of=JANUARY)
    continued = content(kept)
    build(kept, as_of=JANUARY, full=True)
    assert continued == content(kept)


@pytest.mark.parametrize("damage", ["", "[", '[{"name": "x"}]', "checksum\n[]"])
def test_damaged_statements_are_recorded_anew(kept: Settings, damage: str) -> None:
    kept_file(kept).write_text(damage)
    receive(kept, 4, {"E": "2026-01-04 10:00:00"})
    build(kept, as_of=JANUARY)
    assert orders(kept) == ["A", "B", "C", "D", "E"] and len(json.loads(kept_text(kept))["models"]) == len(STORED)


def test_a_statement_with_a_flipped_letter_is_not_run(kept: Settings) -> None:
    kept_file(kept).write_text(kept_file(kept).read_text().replace("select order_id", "select order_ie", 1))
    receive(kept, 4, {"E": "2026-01-04 10:00:00"})
    build(kept, as_of=JANUARY)
    assert orders(kept) == ["A", "B", "C", "D", "E"] and "order_ie" not in kept_file(kept).read_text()


def test_changed_definitions_use_no_statements_of_the_former_ones(kept: Settings, project: Path) -> None:
    (project / "models" / "fct_orders.sql").write_text("select order_id, placed_at from {{ ref('kept_orders') }}")
    assert "the dbt project" in build(kept, as_of=JANUARY).reason
    receive(kept, 4, {"E": "2026-01-04 10:00:00"})
    build(kept, as_of=JANUARY)
    with duckdb.connect(str(kept.warehouse_db), read_only=True) as warehouse:
        assert [name for (name, *_) in warehouse.execute("describe marts.fct_orders").fetchall()] == [
            "order_id",
            "placed_at",
        ]


@pytest.mark.parametrize("change", ["add column stray integer", "rename column placed_at to placed"])
def test_a_stored_table_with_other_columns_fails_an_increment_without_dbt_too(kept: Settings, change: str) -> None:
    with duckdb.connect(str(kept.work_db)) as work:
        work.execute(f"alter table staging.kept_orders {change}")
    receive(kept, 4, {"E": "2026-01-04 10:00:00"})
    with pytest.raises(BuildFailed, match="kept_orders.* are not those of its model"):
        build(kept, as_of=JANUARY)


def test_a_failing_statement_is_named_and_the_models_that_read_it_wait(kept: Settings) -> None:
    text = kept_text(kept)
    replace_text(kept, text.replace("select order_id, placed_at, business_time_zone", "select error('no such thing')"))
    receive(kept, 4, {"E": "2026-01-04 10:00:00"})
    events: list[ModelEvent] = []
    with pytest.raises(BuildFailed, match=r"(?s)one table.*marts.fct_orders: .*no such thing"):
        build(kept, as_of=JANUARY, on_event=events.append)
    assert _ended(events) == ["kept_orders", "as_of", "fct_orders"]
    replace_text(kept, text)
    result: BuildResult = build(kept, as_of=JANUARY)
    assert computed(result) == ["marts/fct_ages", "marts/fct_orders"]
    assert orders(kept) == ["A", "B", "C", "D", "E"]


def _ended(events: Sequence[ModelEvent]) -> list[str]:
    return [event.name for event in events if event.status != "started"]
