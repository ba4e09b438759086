"""Copies of an operations store that is in PostgreSQL: into an SQLite file for a backup, and back.

The file is a store of its own, so a home restored without PostgreSQL goes on with it. An SQLite store is a file of the
home and needs no copy.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from orderhouse.operations.store import SCHEMA_VERSION, open_file, open_store
from orderhouse.operations.tables import METADATA
from orderhouse.settings import Settings

__all__ = ["copy_store", "is_elsewhere", "put_back_store"]

ROWS_AT_ONCE = 1000
VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))


def is_elsewhere(settings: Settings) -> bool:
    """Return True if the operations store is not a file of the home."""
    return settings.operations_url is not None or settings.operations_url_file is not None


def copy_store(settings: Settings, target: Path) -> None:
    """Copy all rows of the operations store, as of one instant, into a new SQLite file.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    store, copy = open_store(settings), open_file(target)
    with store.reading(at_one_instant=True) as source, copy.writing_all() as sink:
        METADATA.create_all(sink)
        sink.exec_driver_sql("create table alembic_version (version_num varchar(32) not null primary key)")
        sink.execute(VERSION.insert().values(version_num=SCHEMA_VERSION))
        _copy_rows(source, sink)


def put_back_store(settings: Settings) -> str | None:
    """Put the rows of a restored SQLite file into the operations store that the settings name, and remove the file.

    A second call changes nothing.

    Args:
        settings: Settings of the restored home.

    Returns:
        A sentence if the store has rows of its own and lacks some of the file, which then stays beside it.

    Raises:
        OrderhouseError: The store cannot be written.
    """
    file = settings.operations / "operations.sqlite"
    if not is_elsewhere(settings) or not file.exists():
        return None
    # An earlier release may have written it, so it is opened as a store, which migrates it.
    copy = open_store(settings.model_copy(update={"operations_url": None, "operations_url_file": None}))
    store = open_store(settings)
    with copy.reading() as source, store.writing_all() as sink:
        if not any(_rows(sink, table) for table in METADATA.sorted_tables):
            _copy_rows(source, sink)
        elif any(_rows(source, table) - _rows(sink, table) for table in METADATA.sorted_tables):
            kept = file.with_name("operations-restored.sqlite")
            _move(file, kept)
            return (
                f"The operations store {store.place} has rows already and lacks some of the backup. It was left as it "
                f"is, and the rows of the backup are in {kept.name} of the folder `operations`."
            )
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    return None


def _move(file: Path, target: Path) -> None:
    for path in sorted(file.parent.glob(f"{file.name}*")):
        path.replace(target.with_name(path.name.replace(file.name, target.name)))


def _copy_rows(source: sa.Connection, sink: sa.Connection) -> None:
    for table in METADATA.sorted_tables:
        for rows in source.execute(sa.select(table)).mappings().partitions(ROWS_AT_ONCE):
            sink.execute(table.insert(), [dict(row) for row in rows])


def _rows(connection: sa.Connection, table: sa.Table) -> set[tuple[object, ...]]:
    return {tuple(row) for row in connection.execute(sa.select(table))}
