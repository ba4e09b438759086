"""Tests of the place that this machine and the cluster share."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Engine
from orderhouse.spark.storage import Storage


def storage_in(folder: Path) -> Storage:
    """Return a storage with four runs."""
    storage = Storage(Engine(storage=str(folder)))
    for run in ("1", "2", "3", "4"):
        storage.prepare("runs", run, "marts")
    return storage


def test_the_pointer_names_the_published_run(tmp_path: Path) -> None:
    storage = storage_in(tmp_path)
    assert storage.current_run() is None
    storage.point_at("3", batch_id=7)
    assert storage.current_run() == "3"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current.json", "runs"]


def test_a_damaged_pointer_names_no_run(tmp_path: Path) -> None:
    storage = storage_in(tmp_path)
    (tmp_path / "current.json").write_text("{", encoding="utf-8")
    assert storage.current_run() is None


def test_old_runs_are_removed_but_not_the_published_one(tmp_path: Path) -> None:
    storage = storage_in(tmp_path)
    storage.point_at("1")
    storage.sweep_runs(2)
    assert storage.names("runs") == ["1", "3", "4"]


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    storage = Storage(Engine(storage=str(tmp_path)))
    schema = pa.schema([("x", pa.int64())])

    def batches():  # type: ignore[no-untyped-def]
        yield pa.record_batch({"x": [1]}, schema)
        assert storage.names("raw") == [".a.parquet"]  # readers leave names with a point out
        yield pa.record_batch({"x": [2]}, schema)

    storage.write(batches(), schema, "raw", "a.parquet")
    assert storage.names("raw") == ["a.parquet"]
    assert storage.table("raw").to_table().column("x").to_pylist() == [1, 2]


def test_a_missing_place_is_a_sentence() -> None:
    with pytest.raises(OrderhouseError, match=r"Set `storage` under \[engine\] in orderhouse.toml"):
        Storage(Engine())


def test_a_place_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OrderhouseError, match="The storage .* cannot be reached"):
        Storage(Engine(storage=str(tmp_path / "file" / "lake")))


def test_spark_gets_the_address_of_a_folder_or_a_bucket(tmp_path: Path) -> None:
    assert Storage(Engine(storage=str(tmp_path))).address("runs", "1") == f"file://{tmp_path}/runs/1"
