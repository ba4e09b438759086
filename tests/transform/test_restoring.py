"""Tests of builds after files of a home were put back from copies: nothing that does not belong together is trusted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from orderhouse.settings import Settings
from orderhouse.storage.home_identity import begin_epoch
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform import build

from tests.transform.small_project import receive
from tests.transform.test_building import JANUARY, orders


def test_rows_that_take_the_batch_number_of_lost_ones_are_built(settings: Settings, tmp_path: Path) -> None:
    build(settings, as_of=JANUARY)
    saved = shutil.copy(settings.raw_db, tmp_path / "raw.duckdb")
    receive(settings, 2, {"X": "2026-01-03 10:00:00"})
    build(settings, as_of=JANUARY)
    assert orders(settings) == ["A", "B", "X"]
    shutil.copy(saved, settings.raw_db)
    receive(settings, 2, {"Y": "2026-01-04 10:00:00"})
    result = build(settings, as_of=JANUARY)
    assert "received rows are not those" in result.reason
    assert orders(settings) == ["A", "B", "Y"]


def test_raw_rows_that_were_put_back_lose_the_later_ones_from_the_tables(settings: Settings, tmp_path: Path) -> None:
    saved = shutil.copy(settings.raw_db, tmp_path / "raw.duckdb")
    receive(settings, 2, {"X": "2026-01-03 10:00:00"})
    build(settings, as_of=JANUARY)
    shutil.copy(saved, settings.raw_db)
    build(settings, as_of=JANUARY)
    assert orders(settings) == ["A", "B"]


@pytest.mark.parametrize("name", ["work_db", "warehouse_db"])
def test_tables_that_were_put_back_without_the_record_are_built_anew(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    build(settings, as_of=JANUARY)
    path: Path = getattr(settings, name)
    saved = shutil.copy(path, tmp_path / "saved.duckdb")
    receive(settings, 2, {"C": "2026-01-03 10:00:00"})
    build(settings, as_of=JANUARY)
    shutil.copy(saved, path)
    result = build(settings, as_of=JANUARY)
    assert f"{path.name} did not come from the last build" in result.reason
    assert orders(settings) == ["A", "B", "C"]


def test_tables_that_cannot_be_read_are_built_anew(settings: Settings) -> None:
    build(settings, as_of=JANUARY)
    settings.work_db.write_bytes(b"not a database")
    build(settings, as_of=JANUARY)
    assert orders(settings) == ["A", "B"]


def test_record_that_was_put_back_without_the_tables_is_not_believed(settings: Settings, tmp_path: Path) -> None:
    build(settings, as_of=JANUARY)
    record = settings.warehouse / "build.json"
    saved = shutil.copy(record, tmp_path / "build.json")
    receive(settings, 2, {"C": "2026-01-03 10:00:00"})
    build(settings, as_of=JANUARY)
    shutil.copy(saved, record)
    assert "did not come from the last build" in build(settings, as_of=JANUARY).reason


def test_new_epoch_builds_everything_anew_once(settings: Settings) -> None:
    build(settings, as_of=JANUARY)
    with open_raw(settings) as raw:
        assert begin_epoch(raw, "f" * 16, "restored") == 1
        assert begin_epoch(raw, "f" * 16, "restored") == 2
    assert build(settings, as_of=JANUARY).record.full
    assert not build(settings, as_of=JANUARY).changed
