"""Batches of the tables of databases: new rows become files, which are then received like all others.

A file is written under a hidden name, renamed, and only then is the cursor noted. Killed in between, the next receipt
copies the same rows again, and rows that were loaded are duplicates. A lost note costs the same and no more.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ValidationError

from orderhouse.files.database_tables import Database, Interval, opened
from orderhouse.files.object_stores import StoreRefused
from orderhouse.sources.config.database import DatabaseTable
from orderhouse.sources.config.declaration import Source
from orderhouse.storage.build_record import write_atomically

__all__ = ["fetch_batches", "fetch_sample", "newest_cursor"]

NOTE = ".cursor.json"
ROWS_PER_FILE = 1_000_000
SAMPLE_ROWS = 1_000


class _Note(BaseModel):
    """The cursor of the last copied row."""

    after: str | None = None


def fetch_batches(source: Source, table: DatabaseTable, *, rows_per_file: int = ROWS_PER_FILE) -> None:
    """Copy the rows of a source's table that are new into its folder.

    Args:
        source: The source, whose path is the folder.
        table: Its table.
        rows_per_file: Number of rows after which a further file begins; rows with one cursor stay together.

    Raises:
        OrderhouseError: The database cannot be read, or the folder not written.
    """
    folder = _folder(source)
    after = _noted(folder).after
    overlap = table.overlap  # of the first file: further ones follow it without a gap
    with opened(table.address(source.base), table.name, table.cursor) as database:
        while (upto := database.upper(after, rows_per_file)) is not None:
            _copy(database, Interval(after, overlap, upto), _next_file(folder, source.name, database.suffix))
            write_atomically(folder / NOTE, _Note(after=upto).model_dump_json())
            after = upto
            overlap = 0


def fetch_sample(source: Source, table: DatabaseTable, folder: Path) -> Path:
    """Copy the first rows of a source's table into a folder; return the file.

    Raises:
        OrderhouseError: The database cannot be read, or the table has no rows.
    """
    with opened(table.address(source.base), table.name, table.cursor) as database:
        upto = database.upper(None, SAMPLE_ROWS)
        if upto is None:
            raise StoreRefused(f"the table {table.name}", "it has no rows.")
        path = folder / f"{source.name}{database.suffix}"
        database.copy(Interval(None, 0, upto), path)
    return path


def newest_cursor(source: Source, table: DatabaseTable) -> str | None:
    """Return the greatest cursor of a source's table, which grows when rows come.

    Raises:
        OrderhouseError: The database cannot be read.
    """
    with opened(table.address(source.base), table.name, table.cursor) as database:
        return database.newest()


def _folder(source: Source) -> Path:
    folder = source.base / Path(source.path[0]).expanduser()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreRefused(str(folder), f"it cannot be made: {error.strerror}.") from None
    return folder


def _noted(folder: Path) -> _Note:
    """Return the note of the last copy; that of no copy if it cannot be read."""
    try:
        return _Note.model_validate_json((folder / NOTE).read_bytes())
    except (OSError, ValidationError):
        return _Note()


def _next_file(folder: Path, name: str, suffix: str) -> Path:
    """Return a name that no file has yet, behind those of all earlier files in order."""
    numbers = [int(path.stem.rpartition("-")[2]) for path in folder.glob("*-[0-9]*") if path.stem[-6:].isdigit()]
    return folder / f"{name}-{max(numbers, default=0) + 1:06}{suffix}"


def _copy(database: Database, interval: Interval, target: Path) -> None:
    """Write an interval under a hidden name, which no receipt takes, and rename the file once it is whole."""
    hidden = target.with_name(f".{target.name}.part")
    try:
        database.copy(interval, hidden)
        hidden.chmod(0o600)
        with hidden.open("rb") as written:
            os.fsync(written.fileno())
        hidden.rename(target)
    except OSError as error:
        raise StoreRefused(str(target), f"it cannot be written: {error.strerror}.") from None
