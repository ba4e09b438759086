"""Tests of builds: when they compute a table, what they remember, and that a kill changes nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.build_record import record_audit, save_record
from orderhouse.transform import BuildFailed, BuildResult, ModelEvent, build, building, dbt, load_record

from tests.properties.killing import kill_call
from tests.transform.small_project import declare_coverage, receive

JANUARY = "2026-01-10T00:00:00Z"
TABLES = ["marts/as_of", "marts/fct_ages", "marts/fct_orders", "ops/orders", "staging/kept_orders"]


def computed(result: BuildResult) -> list[str]:
    return sorted(result.seconds)


def orders(settings: Settings) -> list[str]:
    with duckdb.connect(str(settings.warehouse_db), read_only=True) as warehouse:
        return [order_id for (order_id,) in warehouse.execute("select order_id from ops.orders order by 1").fetchall()]


def test_first_build_computes_everything(settings: Settings) -> None:
    events: list[ModelEvent] = []
    result = build(settings, as_of=JANUARY, on_event=events.append)
    assert computed(result) == TABLES
    assert result.rows["marts/fct_orders"] == 2
    assert {event.table: event.rows for event in events if event.status == "success"}["marts/fct_orders"] == 2
    assert orders(settings) == ["A", "B"]


def test_one_process_parses_the_project_once_for_all_its_homes(settings: Settings, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "other", sources=tmp_path / "no-sources.yaml")
    receive(other, 1, {"C": "2026-01-03 10:00:00"})
    build(settings, as_of=JANUARY)
    build(other, as_of=JANUARY)
    assert dbt.parsed_project(other) is dbt.parsed_project(settings)
    assert (orders(settings), orders(other)) == (["A", "B"], ["C"])


def test_what_one_home_keeps_of_parsing_serves_another(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dbt.parsed_project(settings)
    monkeypatch.setattr(dbt, "_parsed", {})
    other = Settings(home=tmp_path / "other", sources=tmp_path / "no-sources.yaml")
    shutil.copytree(dbt.target_folder(settings), dbt.target_folder(other))
    dbt.parsed_project(other)
    assert "Unable to do partial parsing" not in (other.logs / "dbt.log").read_text()


def test_nothing_new_and_the_same_clock_touches_no_table(settings: Settings) -> None:
    build(settings, as_of=JANUARY)
    before = settings.warehouse_db.read_bytes(), settings.work_db.read_bytes()
    result = build(settings, as_of=JANUARY)
    assert not result.changed and "no table was computed" in result.reason
    assert (settings.warehouse_db.read_bytes(), settings.work_db.read_bytes()) == before


def test_nothing_new_and_a_second_later_clock_computes_what_looks_at_the_clock(settings: Settings) -> None:
    build(settings, as_of=JANUARY)
    assert len(computed(build(settings, as_of="2026-01-11T00:00:00Z"))) == 4
    result = build(settings, as_of="2026-01-12T00:00:00Z")
    assert computed(result) == ["marts/as_of", "marts/fct_ages"] and "2 tables were not computed" in result.reason
    assert result.record.as_of == "2026-01-12 00:00:00.000000"


def test_new_rows_are_caught_up_with_and_views_stand_as_they_are(settings: Settings) -> None:
    build(settings, as_of=JANUARY)
    receive(settings, 2, {"C": "2026-01-03 10:00:00"})
    result = build(settings, as_of=JANUARY)
    assert computed(result) == [table for table in TABLES if table != "ops/orders"]
    assert orders(settings) == ["A", "B", "C"]


def test_second_build_of_a_process_compiles_ephemeral_models_anew(settings: Settings) -> None:
    events: list[ModelEvent] = []
    build(settings, as_of=JANUARY)
    receive(settings, 2, {"C": "2026-01-03 10:00:00"})
    build(settings, as_of=JANUARY, on_event=events.append)
    with duckdb.connect(str(settings.warehouse_db), read_only=True) as warehouse:
        assert warehouse.execute("select distinct batch_id from marts.fct_orders").fetchall() == [(2,)]
    assert "zoned_orders" not in {event.name for event in events}


def test_clock_of_the_data_is_its_newest_instant_that_is_not_in_the_future(settings: Settings) -> None:
    receive(settings, 2, {"C": "2097-01-01 00:00:00"})
    assert build(settings, as_of="data").record.as_of == "2026-01-02 10:00:00.000000"
    assert not build(settings, as_of="data").changed


def test_clock_of_the_data_moves_when_a_future_instant_comes_to_pass(settings: Settings) -> None:
    build(settings, as_of="data")
    record = load_record(settings)
    assert record is not None
    save_record(settings, replace(record, wall_clock="2026-01-01 12:00:00.000000"))
    assert build(settings, as_of="data").changed


@pytest.mark.parametrize("change", ["project", "coverage", "zone"])
def test_changed_definitions_build_everything_and_say_which(settings: Settings, project: Path, change: str) -> None:
    build(settings, as_of=JANUARY)
    changed = settings
    if change == "project":
        (project / "models" / "fct_orders.sql").write_text("select order_id, placed_at from {{ ref('kept_orders') }}")
    elif change == "coverage":
        declare_coverage(settings, 1, "payments")
    else:
        changed = settings.model_copy(update={"business_time_zone": "Asia/Tokyo"})
    result = build(changed, as_of=JANUARY)
    assert computed(result) == TABLES
    expected = {"project": "the dbt project", "coverage": "coverage of the sources", "zone": "business_time_zone"}
    assert expected[change] in result.reason


def test_removed_model_leaves_no_table_behind(settings: Settings, project: Path) -> None:
    build(settings, as_of=JANUARY)
    (project / "models" / "fct_ages.sql").unlink()
    build(settings, as_of=JANUARY)
    with duckdb.connect(str(settings.warehouse_db), read_only=True) as warehouse:
        assert warehouse.execute("from duckdb_tables() where table_name = 'fct_ages'").fetchall() == []


def test_zone_of_the_last_build_counts_where_no_sources_file_is_named(settings: Settings) -> None:
    settings.sources_file.write_text("merchant: {business_time_zone: Asia/Tokyo}\nsources: {}\n")
    assert build(settings, as_of=JANUARY).record.business_time_zone == "Asia/Tokyo"
    settings.sources_file.unlink()
    assert not build(settings, as_of=JANUARY).changed


def test_deleted_work_file_is_built_anew(settings: Settings) -> None:
    build(settings, as_of=JANUARY)
    settings.work_db.unlink()
    assert computed(build(settings, as_of=JANUARY)) == TABLES


def test_failing_model_is_named_with_the_words_of_the_database(settings: Settings, project: Path) -> None:
    (project / "models" / "fct_ages.sql").write_text("select no_such_column from {{ ref('fct_orders') }}")
    with pytest.raises(BuildFailed, match=r"(?s)one table.*marts.fct_ages: .*no_such_column"):
        build(settings, as_of=JANUARY)
    record = load_record(settings)
    assert record is not None and not record.is_whole


def test_project_that_does_not_parse_is_said_in_a_sentence(settings: Settings, project: Path) -> None:
    (project / "models" / "fct_ages.sql").write_text("select * from {{ ref('nowhere') }}")
    with pytest.raises(OrderhouseError, match="does not parse"):
        build(settings, as_of=JANUARY)


def test_nothing_ingested_is_said_in_a_sentence(tmp_path: Path, project: Path) -> None:
    with pytest.raises(OrderhouseError, match="orderhouse ingest"):
        build(Settings(home=tmp_path / "empty"), as_of=JANUARY)


def test_salt_of_tracking_ids_is_in_no_log(settings: Settings) -> None:
    from orderhouse.transform.variables import tracking_salt
    from orderhouse.vault.keys import load_keys

    build(settings, as_of=JANUARY)
    salt = tracking_salt(load_keys(settings).inner)
    with duckdb.connect(str(settings.warehouse_db), read_only=True) as warehouse:
        assert warehouse.execute("select salted = md5(?) from marts.as_of", [salt]).fetchone() == (True,)
    logged = [path for path in settings.logs.rglob("*") if path.is_file()]
    assert logged and all(salt not in path.read_text(errors="replace") for path in logged)
    assert salt not in (settings.warehouse / "build.json").read_text()


def build_of(home: str, project: str) -> None:
    """Build a home with a project in place of the real one."""
    for module in (dbt, building):
        module.project_folder = lambda: Path(project)  # type: ignore[attr-defined]
    build(Settings(home=Path(home), sources=Path(home) / "none.yaml"), as_of=JANUARY)


def test_build_killed_anywhere_and_run_again_ends_the_same(settings: Settings, project: Path) -> None:
    for point in ("build_began", "build_model:2", "build_stamped"):
        kill_call(build_of, str(settings.home), str(project), fault=point)
        record = load_record(settings)
        assert record is not None and not record.is_whole
    assert "did not finish" in build(settings, as_of=JANUARY).reason
    receive(settings, 2, {"C": "2026-01-03 10:00:00"})
    for point in ("build_model:1", "build_ran"):
        kill_call(build_of, str(settings.home), str(project), fault=point)
    result = build(settings, as_of=JANUARY)
    assert "Continued the last build" in result.reason
    assert orders(settings) == ["A", "B", "C"]
    assert not build(settings, as_of=JANUARY).changed


def test_a_build_knows_the_last_batch_whose_tables_passed_an_audit(settings: Settings) -> None:
    def audited(*, full: bool = False) -> int:
        return build(settings, as_of=JANUARY, full=full).record.audited_batch_id

    assert audited() == -1
    record_audit(settings, passed=True)
    receive(settings, 2, {"C": "2026-01-03 10:00:00"})
    assert audited() == 1
    record_audit(settings, passed=False)
    receive(settings, 3, {"D": "2026-01-04 10:00:00"})
    assert audited() == 1
    record_audit(settings, passed=True)
    receive(settings, 4, {"E": "2026-01-05 10:00:00"})
    assert audited() == 3
    record_audit(settings, passed=True)
    assert audited(full=True) == -1
