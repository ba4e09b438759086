"""Snapshot: copies of a home's primary files that belong together, taken under the run lock in a few seconds.

Databases are copied (with shared blocks where the file system can), files that are never changed in place get a second
name. So the lock is released before anything is hashed or sent. A folder that a killed backup left is removed by the
next one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orderhouse.backup.contents import Content, contents
from orderhouse.backup.manifest import BackedUpFile, BackupManifest
from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.operations.copying import copy_store, is_elsewhere
from orderhouse.serve.copying import copy_file, make_private
from orderhouse.serve.publishing import versions_locked
from orderhouse.settings import Settings
from orderhouse.storage.file_locks import has_holder, locked
from orderhouse.storage.machine_errors import is_locked, machine_problem
from orderhouse.storage.warehouse import BACKUP, run_lock

__all__ = ["Copied", "left_snapshots", "remove_left_snapshots", "snapshot"]

PREFIX = ".snapshot-"
LOCK = ".lock"
# Time that a command which only reads a database, such as `quarantine show --reveal`, is waited for.
READER_SECONDS = 30.0
# A folder without its lock counts as being made for so long.
NEW_SECONDS = 60.0


@dataclass(frozen=True)
class Copied:
    """One file of a snapshot.

    Attributes:
        content: The file that it is a copy of.
        path: The copy; None if there is none, because the backup before has the same content.
        stat: State of the file when it was copied.
        mark: Its mark, if it is never changed in place.
        known: The file of the backup before, if it has the same content.
    """

    content: Content
    path: Path | None
    stat: os.stat_result
    mark: str | None = None
    known: BackedUpFile | None = None


@contextlib.contextmanager
def snapshot(
    settings: Settings, before: BackupManifest | None, wait_seconds: float, say: Callable[[str], None]
) -> Iterator[tuple[Path, list[Copied]]]:
    """Copy the primary files of a home; yield the folder of the copies and the files, and remove the copies at the end.

    Args:
        settings: Settings of the home.
        before: The backup before; its files that did not change are not copied.
        wait_seconds: Seconds to wait for a run.
        say: Called with a short text about the present step.

    Raises:
        LockHeld: A run still has the lock.
        OrderhouseError: Nothing has been ingested yet, or a database cannot be opened.
    """
    if not settings.raw_db.exists():
        raise OrderhouseError(f"Nothing has been ingested into {settings.home} yet, so there is nothing to back up.")
    say("Waiting for the run lock")
    with contextlib.ExitStack() as stack:
        with run_lock(settings, BACKUP, wait_seconds=wait_seconds):
            remove_left_snapshots(settings)
            folder = stack.enter_context(_folder(settings))
            say("Copying the databases")
            copied = _copy_all(settings, before, folder)
            checkpoint("backup_copied")
        if is_elsewhere(settings):  # it needs no run lock
            say("Copying the operations store")
            copied.append(_copy_store(settings, folder))
        yield folder, copied


def left_snapshots(settings: Settings) -> list[Path]:
    """Return the folders that killed backups left."""
    return [folder for folder in settings.home.glob(f"{PREFIX}*") if not _is_in_use(folder)]


def remove_left_snapshots(settings: Settings) -> int:
    """Remove the folders that killed backups left, and return how many."""
    left = left_snapshots(settings)
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


@contextlib.contextmanager
def _folder(settings: Settings) -> Iterator[Path]:
    """Create a folder for the time of a backup, with a lock by which others see that it is in use."""
    folder = settings.home / f"{PREFIX}{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o700)
    with locked(folder / LOCK):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _is_in_use(folder: Path) -> bool:
    try:
        return has_holder(folder / LOCK)
    except OSError:  # made a moment ago, or being removed, or left
        return folder.exists() and time.time() - folder.stat().st_mtime < NEW_SECONDS


def _copy_all(settings: Settings, before: BackupManifest | None, folder: Path) -> list[Copied]:
    known = {file.path: file for file in before.files if file.mark} if before else {}
    # First, since reading them leaves their logs empty.
    for database in (settings.raw_db, settings.vault_db, settings.predictions_db):
        if database.exists():
            _merge_log(database)
    # A rollback needs no run lock, and must not exchange the pointer between its copy and that of its version.
    with versions_locked(settings) if settings.published.is_dir() else contextlib.nullcontext():
        return [_copy(content, folder, known.get(content.path)) for content in contents(settings, before)]


def _copy(content: Content, folder: Path, known: BackedUpFile | None) -> Copied:
    stat = content.source.stat()
    mark = content.mark
    is_known = known is not None and mark == known.mark
    if is_known and not content.path.startswith("published/"):  # the manifest reads the published version
        return Copied(content, None, stat, mark, known)
    if content.kind == "loose":
        return Copied(content, content.source, stat, mark)
    target = folder / content.path
    make_private(target.parent)
    if content.kind == "duckdb":
        _copy_database(content.source, target)
    elif content.kind == "sqlite":
        _copy_sqlite(content.source, target)
    elif content.kind == "fixed":
        _link(content.source, target)
    else:
        copy_file(content.source, target, is_durable=False)
    return Copied(content, target, stat, mark, known if is_known else None)


def _copy_store(settings: Settings, folder: Path) -> Copied:
    """Copy an operations store that is in PostgreSQL, in the place of the file that it would be in the home."""
    content = Content("operations/operations.sqlite", settings.operations / "operations.sqlite", "sqlite")
    target = folder / content.path
    make_private(target.parent)
    copy_store(settings, target)
    target.chmod(0o600)
    for beside in target.parent.glob(f"{target.name}-*"):
        beside.unlink()
    return Copied(content, target, target.stat())


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, or one without links
        copy_file(source, target, is_durable=False)


def _merge_log(path: Path) -> None:
    """Write the log that a killed run left into its database."""
    with _opened(path, read_only=False) as connection:
        connection.execute("checkpoint")


def _copy_database(path: Path, target: Path) -> None:
    """Copy a database while it is open for reading, so that no other process can open it for writing."""
    with _opened(path, read_only=True):
        copy_file(path, target, is_durable=False)


@contextlib.contextmanager
def _opened(path: Path, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    deadline = time.monotonic() + READER_SECONDS
    while True:
        try:
            connection = duckdb.connect(str(path), read_only=read_only)
            break
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            if not is_locked(error):
                raise machine_problem(error) or OrderhouseError(
                    f"{path} cannot be opened, so it cannot be backed up: {reason} Next: `orderhouse doctor`."
                ) from None
            if time.monotonic() >= deadline:
                raise LockHeld(f"Another program has {path} open: {reason}") from None
            time.sleep(0.1)
    with contextlib.closing(connection):
        yield connection


def _copy_sqlite(path: Path, target: Path) -> None:
    """Copy an SQLite database with all that was committed, though others may be writing to it."""
    with (
        contextlib.closing(sqlite3.connect(path)) as source,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
