"""Tests of builds on Spark: every table is equal to that of DuckDB, row for row and both ways.

`make test-spark` runs them; the suite of everybody does not, since they need Java and the extra `spark`.
"""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from orderhouse.audit import audit
from orderhouse.serve.publishing import publish
from orderhouse.settings import Settings
from orderhouse.spark.raw_export import export_sources
from orderhouse.spark.storage import Storage
from orderhouse.storage.build_record import load_record
from orderhouse.storage.readers import open_published
from orderhouse.storage.warehouse import run_lock
from orderhouse.transform import on_spark as spark_builds
from orderhouse.transform.dbt import project_folder

from tests.spark import local_cluster
from tests.spark.comparing import compared_tables, differences, differing_rows
from tests.spark.conftest import built, on_spark, received


@dataclass(frozen=True)
class Homes:
    """Two homes of the same received rows, each built by its engine."""

    duckdb: Settings
    spark: Settings


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory, cluster: local_cluster.Cluster) -> Homes:
    """Build the sample on DuckDB and on Spark."""
    folder = tmp_path_factory.mktemp("homes")
    here = received(folder / "duckdb")
    there = on_spark(here, folder / "spark", cluster)
    built(here)
    built(there)
    return Homes(here, there)


def test_every_table_is_equal_both_ways(homes: Homes) -> None:
    assert len(compared_tables(homes.duckdb)) > 150
    assert differences(homes.duckdb, homes.spark) == {}


def test_what_came_back_passes_the_audit_and_is_published(homes: Homes) -> None:
    with run_lock(homes.spark, "publish"):
        result = audit(homes.spark)
        assert result.passed, result.report()
        published = publish(homes.spark)
    record = load_record(homes.spark)
    assert record is not None
    assert Storage(homes.spark.engine).current_run() == spark_builds.run_of(record)
    with open_published(homes.spark) as connection:
        ((orders,),) = connection.execute("select count(*) from ops.orders").fetchall()
    assert orders == published.rows["marts.fct_orders"]


def test_a_raw_batch_travels_once(homes: Homes) -> None:
    engine = spark_builds.SparkEngine(homes.spark, None, Storage(homes.spark.engine))
    with engine.sources() as connection:
        tables = spark_builds.source_tables(homes.spark)
        again = export_sources(connection, tables, engine.storage)
    assert (again.written, again.removed) == (0, 0)
    assert again.kept > 20


def test_instants_leave_as_utc_and_amounts_as_decimals(homes: Homes) -> None:
    place = Path(str(homes.spark.engine.storage)) / "raw" / "raw" / "orders"
    schema = pq.read_schema(next(place.glob("*.parquet")))
    assert str(schema.field("placed_at").type) == "timestamp[us, tz=UTC]"
    assert str(pq.read_schema(next((place.parent / "payments").glob("*.parquet"))).field("amount").type).startswith(
        "decimal128(18, 4)"
    )


def test_no_personal_value_is_in_the_storage(homes: Homes) -> None:
    with duckdb.connect(str(homes.spark.vault_db), read_only=True) as vault:
        values = {
            str(value).encode()
            for (value,) in vault.execute("select value from personal where length(value) >= 8").fetchall()
        }
    assert values
    for path in Path(str(homes.spark.engine.storage)).rglob("*.parquet"):
        table = pq.read_table(path)
        for column in table.columns:
            if str(column.type) in ("string", "large_string"):
                found = values & {str(text).encode() for text in column.unique().to_pylist()}
                assert not found, (path, found)


def test_a_build_on_duckdb_goes_on_from_what_came_back(homes: Homes, tmp_path: Path) -> None:
    shutil.copytree(homes.spark.home, tmp_path / "copy")
    here = homes.duckdb.model_copy(update={"home": tmp_path / "copy"})
    result = built(here)
    assert result.reason.startswith("Nothing new")


def test_a_macro_that_differs_on_one_side_is_found(
    homes: Homes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    shutil.copytree(project_folder(), project)
    macro = project / "macros" / "portable" / "numbering.sql"
    text = macro.read_text(encoding="utf-8")
    swapped = text.replace("rtrim('{{ characters }}', {{ expression }})", "rtrim({{ expression }}, '{{ characters }}')")
    assert swapped != text
    macro.write_text(swapped, encoding="utf-8")
    record = load_record(homes.spark)
    assert record is not None
    command = ["build", "--full-refresh", "--select", "+stg_order_lines", "--resource-type", "seed", "--resource-type"]
    found = []
    for folder in (project_folder(), project):
        monkeypatch.setattr("orderhouse.transform.dbt.project_folder", lambda folder=folder: folder)
        of_run = replace(record, build_id=uuid.uuid4().hex)
        with spark_builds.spark_engine(homes.spark) as engine:
            outcome = engine.compute(of_run, {"tracking_salt": "x"}, lambda event: None, [*command, "model"])
            assert outcome.success
            rows = engine.storage.table("runs", spark_builds.run_of(of_run), "staging", "stg_order_lines")
        found.append(differing_rows(homes.duckdb, "work.staging.stg_order_lines", rows))
    assert found[0] == 0
    assert found[1] > 0
