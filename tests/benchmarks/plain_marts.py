"""The limit to measure a build against: the SQL of every model in plain DuckDB, one statement after the other.

No dbt, no bookkeeping for increments, no audit, no version: what is left is the work on the rows. Run as
`python tests/benchmarks/plain_marts.py HOME TARGET_FOLDER` on a home that was just built. `--prepare` in place of the
folder compiles the SQL, so that this is not measured.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import duckdb
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, load_record
from orderhouse.storage.predictions import attach_predictions
from orderhouse.storage.sql_names import quote
from orderhouse.transform.compiled import compiled_models, values_of_build

__all__ = ["build_plainly", "record_of"]

# Schema of tables that describe a build.
META = "meta"


def record_of(settings: Settings) -> BuildRecord:
    """Return the record of the last build of a home.

    Raises:
        SystemExit: The home has no finished build.
    """
    record = load_record(settings)
    if record is None or not record.is_whole:
        raise SystemExit(f"{settings.home} has no finished build. Next: orderhouse build")
    return record


def build_plainly(settings: Settings, target: Path) -> Path:
    """Compute every model of a built home into new files, and return the one with the published tables.

    Args:
        settings: Settings of the home.
        target: Folder of the new files, `work.duckdb` and `warehouse.duckdb`; they must not exist.
    """
    record = record_of(settings)
    models, values = compiled_models(settings, record), values_of_build(settings, record)
    target.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(duckdb.connect()) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set memory_limit = '{settings.memory_limit}'")
        _attach(connection, "raw", settings.raw_db, "(read_only)")
        _attach(connection, "built", settings.warehouse_db, "(read_only)")
        for name in ("work", "warehouse"):
            _attach(connection, name, target / f"{name}.duckdb")
        attach_predictions(connection, settings)
        for model in models.values():
            connection.execute(f"create schema if not exists {quote(model.database)}.{quote(model.schema)}")
        _copy_others(connection, set(models))
        connection.execute("use warehouse")
        for name, model in models.items():
            place = f"{quote(model.database)}.{quote(model.schema)}.{quote(name)}"
            kind = "view" if model.is_view else "table"
            connection.execute(f"create {kind} {place} as {model.text(values)}")
    return target / "warehouse.duckdb"


def _attach(connection: duckdb.DuckDBPyConnection, name: str, path: Path, how: str = "") -> None:
    location = str(path).replace("'", "''")
    connection.execute(f"attach '{location}' as {name} {how}")


def _copy_others(connection: duckdb.DuckDBPyConnection, models: set[str]) -> None:
    """Copy the seeds, and create the logs that only increments fill without rows."""
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'built' and schema_name <> ?", [META]
    ).fetchall()
    for schema, name in found:
        if name not in models:
            place = f"{quote(schema)}.{quote(name)}"
            rows = "" if schema == "seeds" else "limit 0"
            connection.execute(f"create schema if not exists warehouse.{quote(schema)}")
            connection.execute(f"create table warehouse.{place} as from built.{place} {rows}")  # noqa: S608 - our names


if __name__ == "__main__":
    home = Settings(home=Path(sys.argv[1]))
    if "--prepare" in sys.argv:
        compiled_models(home, record_of(home))
    else:
        build_plainly(home, Path(sys.argv[2]))
