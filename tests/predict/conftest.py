"""A built home over the small dbt project with a model that reads predictions, and predictors made for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from orderhouse.predict import registry
from orderhouse.predict.predictor import LastRun, Predictor, Rhythm
from orderhouse.predict.reading import frame_of
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord
from orderhouse.storage.prediction_tables import PREDICTION_TABLES
from orderhouse.transform.building import build

from tests.transform import conftest as small
from tests.transform.conftest import parsed, settings

__all__ = ["parsed", "settings"]

AS_OF = "2026-01-10T00:00:00Z"


@dataclass
class Counting:
    """Predictor that counts the orders up to its clock."""

    name: str = "counting"
    model: str = "count 1"
    rhythm: Rhythm = "run"
    tables: tuple[str, ...] = ("counts",)
    error: Exception | None = None
    asked: int = 0

    def due(self, home: Settings, built: BuildRecord, last: LastRun | None) -> bool:
        return last is None or last.batch_id != built.batch_id

    def compute(self, connection: duckdb.DuckDBPyConnection, clock: datetime) -> Mapping[str, pl.DataFrame]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        counted = frame_of(connection, "select count(*) as orders_count from marts.fct_orders")
        return {"counts": counted.with_columns(pl.lit(clock).alias("at"))}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the small project with a model of predictions, in place of the real one."""
    folder: Path = small.project.__wrapped__(tmp_path, monkeypatch)  # type: ignore[attr-defined]
    (folder / "models" / "fct_counts.sql").write_text(
        "select runs.predictor, counts.orders_count from {{ source('predictions', 'counts') }} as counts "
        "inner join {{ source('predictions', 'runs') }} as runs on counts.run_id = runs.run_id"
    )
    (folder / "models" / "predictions.yml").write_text(
        "sources: [{name: predictions, database: predictions, schema: predictions, "
        "tables: [{name: runs}, {name: counts}]}]"
    )
    return folder


@pytest.fixture
def predictors(monkeypatch: pytest.MonkeyPatch) -> list[Predictor]:
    """Return the list of predictors, which a test fills, and let them have a table."""
    found: list[Predictor] = []
    monkeypatch.setattr(registry, "PREDICTORS", found)
    columns = {"run_id": "varchar", "orders_count": "bigint", "at": "timestamp"}
    monkeypatch.setitem(PREDICTION_TABLES, "counts", columns)
    return found


@pytest.fixture
def home(predictors: list[Predictor], settings: Settings) -> Settings:
    """Return a built home with two orders and no predictions."""
    build(settings, as_of=AS_OF)
    return settings


@pytest.fixture
def tables() -> Callable[[Settings], dict[str, list[tuple[object, ...]]]]:
    """Return a function that reads every table of the built warehouse but those that describe the build."""

    def read(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
        with duckdb.connect(str(settings.warehouse_db), read_only=True) as connection:
            names = connection.execute(
                "select schema_name, table_name from duckdb_tables() where schema_name <> 'meta' order by all"
            ).fetchall()
            return {
                f"{schema}.{name}": connection.execute(f"from {schema}.{name} order by all").fetchall()
                for schema, name in names
            }

    return read
