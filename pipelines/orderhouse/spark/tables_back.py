"""Way back of computed tables: rows from the Parquet files of a run into empty tables of the DuckDB files.

dbt has created the tables empty, with the types that it gives them on DuckDB, so that what follows (views, audit,
publication, a later build on DuckDB) finds what it would have built itself.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.settings import Settings
from orderhouse.spark.storage import Storage
from orderhouse.storage.spill import give_spill_folder
from orderhouse.storage.sql_names import quote
from orderhouse.storage.warehouse import connection_configuration

__all__ = ["fill_tables"]


def fill_tables(settings: Settings, storage: Storage, run: str, tables: Iterable[tuple[str, str, str]]) -> None:
    """Fill the empty tables of the DuckDB files with the rows of a run.

    Args:
        settings: Settings of the home.
        storage: The storage.
        run: The run.
        tables: Database (`warehouse` or `work`), schema and name of each table.

    Raises:
        OrderhouseError: A table of the run has other columns than its model.
    """
    files = {"warehouse": settings.warehouse_db, "work": settings.work_db}
    with duckdb.connect(":memory:", config=connection_configuration(settings)) as connection:
        connection.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
        give_spill_folder(connection, settings)
        for database, path in files.items():
            connection.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {database}")
        for database, schema, name in tables:
            _fill(connection, f"{quote(database)}.{quote(schema)}.{quote(name)}", storage, (run, schema, name))
            checkpoint("spark_filled")


def _fill(connection: duckdb.DuckDBPyConnection, target: str, storage: Storage, path: tuple[str, str, str]) -> None:
    columns = {row[0]: str(row[1]) for row in connection.execute(f"describe {target}").fetchall()}
    rows = storage.table("runs", *path)
    missing = set(columns).symmetric_difference(rows.schema.names)
    if missing:
        raise OrderhouseError(
            f"{'.'.join(path[1:])} has other columns on Spark than on DuckDB: {', '.join(sorted(missing))}. "
            "Use `--engine duckdb` until the model is corrected."
        )
    chosen = ", ".join(f"cast({quote(column)} as {kind}) as {quote(column)}" for column, kind in columns.items())
    # An aggregate over empty tables has left a row in some of them.
    connection.execute(f"delete from {target}")  # noqa: S608 - a quoted name
    connection.register("computed_rows", rows)
    connection.execute(f"insert into {target} by name select {chosen} from computed_rows")  # noqa: S608
    connection.unregister("computed_rows")
