"""Versions of the layout of DuckDB files, and the migrations that bring a file of an earlier release forward.

Each file has the versions that it has been through in `meta.layouts`. A file without that table is of version 1: the
releases before it was introduced wrote none. Columns and views that a file lacks are no matter of versions: opening it
for writing adds them. A migration is needed only where stored content changes its form.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint

__all__ = ["LAYOUTS", "Migration", "bring_forward", "layout_of", "refuse_later", "stamp_layout"]

UNVERSIONED = 1

log = logging.getLogger("orderhouse")


@dataclass(frozen=True)
class Migration:
    """One step from a version to the next, in a transaction of its own.

    Attributes:
        version: The version that a file has afterwards.
        title: The change, for the record.
        apply: The change; it may not begin or end a transaction.
    """

    version: int
    title: str
    apply: Callable[[duckdb.DuckDBPyConnection], None]


def _nothing(connection: duckdb.DuckDBPyConnection) -> None:
    """Change nothing besides the version."""


# By kind of file, in order and without gaps. A published file is never changed, so `tables` has no migrations: a file
# of an earlier version is read as it is, or built again.
MIGRATIONS: dict[str, tuple[Migration, ...]] = {
    "raw": (Migration(2, "the file records its version", _nothing),),
    "vault": (Migration(2, "the file records its version", _nothing),),
    "predictions": (Migration(2, "the file records its version", _nothing),),
}
# Versions that this release writes.
LAYOUTS = {kind: migrations[-1].version for kind, migrations in MIGRATIONS.items()} | {"tables": 2}


def layout_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the version of the layout of the connection's present database."""
    if not _has_table(connection):
        return UNVERSIONED
    ((found,),) = connection.execute("select coalesce(max(version), ?) from meta.layouts", [UNVERSIONED]).fetchall()
    return int(found)


def refuse_later(connection: duckdb.DuckDBPyConnection, kind: str, path: Path) -> None:
    """Refuse a file that a later release wrote.

    Raises:
        OrderhouseError: Its layout is later than that of this release.
    """
    found = layout_of(connection)
    if found > LAYOUTS[kind]:
        raise OrderhouseError(
            f"A later release wrote {path}: its layout has version {found}, and this release reads up to "
            f"{LAYOUTS[kind]}. Install the later release again, or restore a backup that this release took."
        )


def bring_forward(connection: duckdb.DuckDBPyConnection, kind: str, path: Path) -> None:
    """Bring a file that is open for writing to the present layout, in one transaction per migration.

    A kill in between loses nothing: the next call goes on from the last migration that was committed.

    Raises:
        OrderhouseError: A later release wrote it.
    """
    refuse_later(connection, kind, path)
    found = layout_of(connection)
    if found == LAYOUTS[kind]:
        return
    if _is_empty(connection):
        stamp_layout(connection, kind)
        return
    log.warning(
        "%s is brought from layout %s to %s. To go back to the earlier release, restore a backup.",
        path,
        found,
        LAYOUTS[kind],
    )
    for migration in MIGRATIONS[kind]:
        if migration.version <= found:
            continue
        connection.execute("begin")
        try:
            migration.apply(connection)
            checkpoint(f"migrated_{kind}")
            _stamp(connection, migration.version)
            connection.execute("commit")
        except BaseException:
            connection.execute("rollback")
            raise


def stamp_layout(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Record that a file has the present layout, unless it says so already."""
    if layout_of(connection) != LAYOUTS[kind]:
        _stamp(connection, LAYOUTS[kind])


def _stamp(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    connection.execute("create schema if not exists meta")
    connection.execute("create table if not exists meta.layouts (version bigint, since timestamp, program varchar)")
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.execute("insert into meta.layouts values (?, ?, ?)", [number, now, version("orderhouse")])


def _has_table(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'meta' "
        "and table_name = 'layouts'"
    ).fetchone()
    return found is not None


def _is_empty(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = current_database() and not temporary limit 1"
    ).fetchone()
    return found is None
