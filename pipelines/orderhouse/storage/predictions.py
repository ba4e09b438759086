"""File of predictions: `warehouse/predictions.duckdb`, append-only, of one store of received rows and one epoch.

A file of another store or epoch is set aside under another name, and an empty one takes its place. dbt attaches the
file read-only, so it exists before dbt runs. Predictors and what they compute belong in `orderhouse.predict`.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.database_files import make_database
from orderhouse.storage.home_identity import identity
from orderhouse.storage.layouts import bring_forward, refuse_later
from orderhouse.storage.machine_errors import is_locked, machine_problem
from orderhouse.storage.prediction_tables import PREDICTION_TABLES, RUNS
from orderhouse.storage.sql_names import quote

__all__ = [
    "attach_predictions",
    "continue_predictions",
    "copy_predictions",
    "count_runs",
    "create_missing",
    "open_predictions",
    "prepare_predictions",
]

SCHEMA = "predictions"

log = logging.getLogger("orderhouse")


def open_predictions(settings: Settings, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the file; create it, or the tables and columns that it lacks, unless read-only.

    Raises:
        OrderhouseError: Another process has it open, it is damaged, or a later release wrote it.
    """
    path = settings.predictions_db
    connection = duckdb.connect(":memory:")
    location = str(path).replace("'", "''")
    try:
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
            make_database(path)
        # Under another name than that of the schema.
        connection.execute(f"attach '{location}' as held{' (read_only)' if read_only else ''}")
        connection.execute("use held")
    except duckdb.Error as error:
        connection.close()
        reason = str(error).splitlines()[0]
        closed = OrderhouseError(f"{path} cannot be opened: {reason}", exit_code=3 if is_locked(error) else 2)
        raise machine_problem(error) or closed from None
    try:
        if read_only:
            refuse_later(connection, "predictions", path)
        else:
            bring_forward(connection, "predictions", path)
            _create_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def create_missing(settings: Settings) -> None:
    """Create the file with empty tables, unless it exists."""
    if not settings.predictions_db.exists():
        open_predictions(settings).close()


def prepare_predictions(settings: Settings, raw: duckdb.DuckDBPyConnection) -> str | None:
    """Make the file ready for a build of these received rows.

    Returns:
        A sentence, if a file of another store or epoch, or a damaged one, was set aside.

    Raises:
        OrderhouseError: Another process has the file open, or a later release wrote it.
    """
    sentence = _set_aside_foreign(settings, raw) if settings.predictions_db.exists() else None
    with contextlib.closing(open_predictions(settings)) as connection:
        if _owner(connection) is None:
            _stamp(connection, _present(raw))
    if sentence:
        log.warning("%s", sentence)
    return sentence


def continue_predictions(settings: Settings, raw: duckdb.DuckDBPyConnection) -> None:
    """Let the file that a backup held together with these received rows belong to their new epoch."""
    if settings.predictions_db.exists():
        with contextlib.closing(open_predictions(settings)) as connection:
            _stamp(connection, _present(raw))


def copy_predictions(settings: Settings, copied: Settings, until: datetime, batch_id: int) -> None:
    """Give a copy of a home the predictions that had been made by an instant, from batches up to one.

    Args:
        settings: Settings of the home.
        copied: Settings of the copy, which has no predictions yet.
        until: The instant, in UTC and without zone.
        batch_id: The last batch.
    """
    if not settings.predictions_db.exists():
        return
    with contextlib.closing(open_predictions(copied)) as connection:
        location = str(settings.predictions_db).replace("'", "''")
        connection.execute(f"attach '{location}' as original (read_only)")
        known = f"select run_id from original.{SCHEMA}.{RUNS} where predicted_at <= $until and batch_id <= $batch"  # noqa: S608
        for table in _tables_in(connection, "original"):
            connection.execute(
                f"insert into {SCHEMA}.{quote(table)} by name "  # noqa: S608 - names from the list of tables
                f"select * from original.{SCHEMA}.{quote(table)} where run_id in ({known})",
                {"until": until, "batch": batch_id},
            )
        connection.execute("detach original")


def count_runs(settings: Settings) -> int:
    """Return the number of runs of predictors that are stored."""
    if not settings.predictions_db.exists():
        return 0
    with contextlib.closing(open_predictions(settings, read_only=True)) as connection:
        ((found,),) = connection.execute(f"select count(*) from {SCHEMA}.{RUNS}").fetchall()  # noqa: S608 - a constant
    return int(found)


def attach_predictions(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Attach the predictions as `predictions` for reading; empty tables if the home has none."""
    if settings.predictions_db.exists():
        location = str(settings.predictions_db).replace("'", "''")
        connection.execute(f"attach '{location}' as {SCHEMA} (read_only)")
        return
    connection.execute(f"attach ':memory:' as {SCHEMA}")
    connection.execute(f"create schema {SCHEMA}.{SCHEMA}")
    for table, columns in PREDICTION_TABLES.items():
        listed = ", ".join(f"{quote(name)} {kind}" for name, kind in columns.items())
        connection.execute(f"create table {SCHEMA}.{SCHEMA}.{quote(table)} ({listed})")


def _create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"create schema if not exists {SCHEMA}")
    connection.execute("create schema if not exists meta")
    connection.execute("create table if not exists meta.owner (store_id varchar, epoch bigint, since timestamp)")
    for table, columns in PREDICTION_TABLES.items():
        listed = ", ".join(f"{quote(name)} {kind}" for name, kind in columns.items())
        connection.execute(f"create table if not exists {SCHEMA}.{quote(table)} ({listed})")
        there = _columns_of(connection, table)
        for name, kind in columns.items():
            if name not in there:
                connection.execute(f"alter table {SCHEMA}.{quote(table)} add column {quote(name)} {kind}")


def _columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    found = connection.execute(
        "select column_name from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ?",
        [SCHEMA, table],
    ).fetchall()
    return {name for (name,) in found}


def _tables_in(connection: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    found = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? and schema_name = ?", [database, SCHEMA]
    ).fetchall()
    return [name for (name,) in found if name in PREDICTION_TABLES]


def _present(raw: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    """Return store and epoch of the received rows; a raw database of an earlier release has neither."""
    present = identity(raw)
    return (present.store_id, present.epoch) if present else ("", 0)


def _owner(connection: duckdb.DuckDBPyConnection) -> tuple[str, int] | None:
    try:
        rows = connection.execute(
            "select store_id, epoch from meta.owner order by since desc, epoch desc limit 1"
        ).fetchall()
    except duckdb.CatalogException:
        return None
    return (str(rows[0][0]), int(rows[0][1])) if rows else None


def _stamp(connection: duckdb.DuckDBPyConnection, owner: tuple[str, int]) -> None:
    connection.execute("insert into meta.owner values (?, ?, ?)", [*owner, datetime.now(UTC).replace(tzinfo=None)])


def _set_aside_foreign(settings: Settings, raw: duckdb.DuckDBPyConnection) -> str | None:
    """Rename a file that does not belong to these received rows, or cannot be read, and say so."""
    path = settings.predictions_db
    try:
        with contextlib.closing(duckdb.connect(str(path), read_only=True)) as connection:
            refuse_later(connection, "predictions", path)
            owner = _owner(connection)
    except duckdb.Error as error:
        if is_locked(error) or machine_problem(error) is not None:
            raise machine_problem(error) or OrderhouseError(
                f"{path} is open in another program: {str(error).splitlines()[0]}", exit_code=3
            ) from None
        return f"The predictions could not be read and were set aside as {_set_aside(path)}. New ones begin from none."
    if owner is None or owner == _present(raw):
        return None
    return (
        f"The predictions belong to other received rows and were set aside as {_set_aside(path)}. "
        "New ones begin from none. Next: orderhouse predict"
    )


def _set_aside(path: Path) -> str:
    name = f"predictions-set-aside-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.duckdb"
    path.replace(path.with_name(name))
    log_file = path.with_name(f"{path.name}.wal")
    if log_file.exists():
        log_file.replace(path.with_name(f"{name}.wal"))
    return name
