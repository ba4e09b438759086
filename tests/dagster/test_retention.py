"""Tests of the retention of Dagster's history: it does not grow with the number of runs."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from orderhouse.audit.checks import AuditResult
from orderhouse.audit.recording import audit_folder, save_result
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse_dagster.event_log import quick_event_log
from orderhouse_dagster.instance import open_instance
from orderhouse_dagster.retention import prune_history

KEPT = 3


@dg.asset
def table(context: dg.AssetExecutionContext) -> None:
    """Stand for a table of the warehouse."""
    context.log.info("built")
    print("to the compute log")


@dg.asset_check(asset=table)
def every_row_is_right() -> dg.AssetCheckResult:
    """Stand for a check of the audit."""
    return dg.AssetCheckResult(passed=True, metadata={"rows": 3})


def started() -> dg.DagsterEvent:
    """Return the event by which a run is recorded as running."""
    return dg.DagsterEvent(event_type_value="PIPELINE_START", job_name="__ephemeral_asset_job__")


def rows_of(folder: Path) -> dict[str, int]:
    """Return the rows of every table of Dagster's databases."""
    found: dict[str, int] = {}
    for path in folder.rglob("*.db"):
        with sqlite3.connect(path) as database:
            names = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
            for name in names:
                key = f"{path.name if len(path.stem) < 30 else 'run'}:{name}"
                found[key] = found.get(key, 0) + database.execute(f"select count(*) from {name}").fetchone()[0]
        database.close()
    return found


def test_history_of_runs_stays_flat(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, keep_runs=KEPT)
    counted = []
    for _ in range(2 * KEPT + 2):
        with quick_event_log(), open_instance(settings) as instance:
            prune_history(instance, settings)
            dg.materialize([table, every_row_is_right], instance=instance)
        files = sum(path.is_file() for path in settings.dagster_home.rglob("*"))
        counted.append((files, rows_of(settings.dagster_home)))
    with open_instance(settings) as instance:
        assert len(instance.get_runs()) == KEPT + 1
        assert instance.get_latest_materialization_event(dg.AssetKey("table")) is not None
    assert counted[0] != counted[KEPT]
    assert counted[KEPT + 1] == counted[-1]


def test_run_that_has_not_ended_is_kept(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, keep_runs=1)
    with open_instance(settings) as instance:
        dg.materialize([table], instance=instance)
        (running,) = instance.get_runs()
        instance.run_storage.handle_run_event(running.run_id, started())
        for _ in range(3):
            dg.materialize([table], instance=instance)
        assert prune_history(instance, settings) == 2
        assert running.run_id in {run.run_id for run in instance.get_runs()}


@pytest.mark.parametrize("keep", [2, 5])
def test_results_of_audits_are_kept_as_the_setting_says(tmp_path: Path, keep: int) -> None:
    settings = Settings(home=tmp_path, keep_audits=keep)
    for day in range(8):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
        save_result(settings, AuditResult(f"build{day}", 1, at, ()))
    assert len(list(audit_folder(settings).glob("audit-*.json"))) == keep


def test_history_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with open_instance(settings) as instance:
        dg.materialize([table], instance=instance)
    damaged = settings.dagster_home / "history" / "runs.db"
    damaged.write_bytes(b"garbage " * 512)
    with open_instance(settings) as instance:
        assert instance.get_runs() == []
        dg.materialize([table], instance=instance)
    assert len(list(damaged.parent.glob("runs.db.damaged-*"))) == 1


@pytest.mark.parametrize("name", ["50%25", "really?", "a#b"])
def test_home_that_dagster_cannot_address_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(OrderhouseError, match="in its path, which Dagster and dbt cannot put into the addresses"):
        open_instance(Settings(home=tmp_path / name))
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["it's", 'a "b" c', "$HOME{x}", "a;b[c]"])
def test_home_of_another_unusual_name_works(tmp_path: Path, name: str) -> None:
    with open_instance(Settings(home=tmp_path / name)) as instance:
        dg.materialize([table], instance=instance)
        assert len(instance.get_runs()) == 1
