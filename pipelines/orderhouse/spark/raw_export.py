"""Export of received rows and predictions as Parquet, which Spark reads as the sources of the dbt project.

A feed has one file per batch, whose name holds the hash of its rows. A file that is there already does not travel
again; after an erasure or a replaced load the hash of the batch is another one, and the old file is removed. Ledgers
are small and have one file each. Personal values are in the vault, which is not read here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from orderhouse.faults import checkpoint
from orderhouse.settings import Settings
from orderhouse.spark.storage import Storage
from orderhouse.storage.sql_names import quote

__all__ = ["Exported", "export_sources", "register_sources"]

BATCH = "_batch_id"
ROWS_AT_ONCE = 100_000
# Types of DuckDB that Spark knows under another name.
SPARK_TYPES = {"VARCHAR": "string", "INTEGER": "int", "HUGEINT": "decimal(38,0)"}


@dataclass
class Exported:
    """Result of an export.

    Attributes:
        written: Number of files written.
        kept: Number of files that were there already.
        removed: Number of files removed, because their rows count no more.
        rows: Rows written.
        columns: Columns and types in Spark of each source table, by `schema.table`.
    """

    written: int = 0
    kept: int = 0
    removed: int = 0
    rows: int = 0
    columns: dict[str, dict[str, str]] = field(default_factory=dict)


def export_sources(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, tuple[str, str]], storage: Storage
) -> Exported:
    """Bring the storage to the present rows of the sources.

    Args:
        connection: A connection on which the sources are attached.
        tables: Database and schema of each source table, by `schema.table` of the dbt source.
        storage: The storage.
    """
    result = Exported()
    for name, (database, schema) in tables.items():
        source, table = name.split(".")
        _export(connection, f"{quote(database)}.{quote(schema)}.{quote(table)}", (source, table), storage, result)
        checkpoint("spark_exported")
    return result


def register_sources(session: Any, settings: Settings, exported: Exported, storage: Storage) -> None:
    """Create the source tables in Spark's catalog, over the exported files."""
    prefix = settings.engine.schema_prefix
    for schema in sorted({name.split(".")[0] for name in exported.columns}):
        session.sql(f"drop schema if exists {prefix}_{schema} cascade").collect()
        session.sql(f"create schema {prefix}_{schema}").collect()
    for name, columns in exported.columns.items():
        listed = ", ".join(f"`{column}` {kind}" for column, kind in columns.items())
        place = storage.address("raw", *name.split("."))
        session.sql(f"create table {prefix}_{name} ({listed}) using parquet location '{place}'").collect()


def _export(
    connection: duckdb.DuckDBPyConnection, relation: str, name: tuple[str, str], storage: Storage, result: Exported
) -> None:
    columns = {row[0]: str(row[1]) for row in connection.execute(f"describe {relation}").fetchall()}
    result.columns[".".join(name)] = {column: SPARK_TYPES.get(kind, kind).lower() for column, kind in columns.items()}
    wanted = _files_of(connection, relation, columns)
    storage.prepare("raw", *name)
    there = set(storage.names("raw", *name))
    for stray in sorted(there - set(wanted)):
        storage.remove("raw", *name, stray)
        result.removed += 1
    for file, batch in wanted.items():
        if file in there:
            result.kept += 1
            continue
        result.rows += _write(connection, relation, batch, storage, ("raw", *name, file))
        result.written += 1


def _files_of(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str]
) -> dict[str, int | None]:
    """Return the name of each file that the rows of a table make, with its batch; None for all rows."""
    listed = ", ".join(quote(column) for column in columns)
    batch = quote(BATCH) if BATCH in columns else "cast(null as bigint)"
    found = connection.execute(
        f"select {batch} as batch, count(*), coalesce(sum(hash({listed})::hugeint), 0)::varchar from {relation} "  # noqa: S608
        "group by 1 order by 1"
    ).fetchall()
    layout = ",".join(f"{column} {kind}" for column, kind in columns.items())
    return {
        f"{'all' if number is None else f'batch-{number:09d}'}-{_short_hash(layout, rows, content)}.parquet": number
        for number, rows, content in found
    }


def _short_hash(*parts: object) -> str:
    return hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()[:16]


def _write(
    connection: duckdb.DuckDBPyConnection, relation: str, batch: int | None, storage: Storage, path: tuple[str, ...]
) -> int:
    where = "" if batch is None else f" where {quote(BATCH)} = ?"
    parameters = [] if batch is None else [batch]
    rows_of_batch = connection.sql(f"select * from {relation}{where}", params=parameters)  # noqa: S608 - quoted names
    reader = rows_of_batch.to_arrow_reader(ROWS_AT_ONCE)
    schema = pa.schema([_of_instant(column) for column in reader.schema])
    counted = [0]

    def batches() -> Iterator[pa.RecordBatch]:
        for rows in reader:
            counted[0] += rows.num_rows
            yield rows.cast(schema)

    storage.write(batches(), schema, *path)
    return counted[0]


def _of_instant(column: pa.Field) -> pa.Field:
    """Return the field with its instants marked as UTC; without the mark Spark would take them for local times."""
    if pa.types.is_timestamp(column.type):
        return pa.field(column.name, pa.timestamp("us", tz="UTC"))
    return column
