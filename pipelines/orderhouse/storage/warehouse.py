"""Warehouse files: the run lock, and the opening of received and of published tables.

The raw tables belong in `raw_tables`, loading in `ingest`, the models in dbt, publishing in `serve`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.faults import with_checkpoints
from orderhouse.settings import Settings
from orderhouse.storage.database_files import make_database
from orderhouse.storage.machine_errors import machine_problem
from orderhouse.storage.raw_tables import create_raw_tables

__all__ = ["ROW_GROUP", "Holder", "lock_holder", "open_built", "open_published", "open_raw", "run_lock"]

# A quarter of DuckDB's default. Dictionaries of this size stay in the processor's cache, which saves a tenth of an
# insert's time. The rows that do not fill a group are written twice, and smaller groups leave fewer of them. The file
# is a fifth larger.
ROW_GROUP = 30_720

# Longer than every holder's name; the rest is blank, which JSON allows.
HOLDER_BYTES = 1024
# Tries, 20 ms apart, to read the name of a first run that began in the same instant.
NAMING_TRIES = 50


@dataclass(frozen=True)
class Holder:
    """The process that has the run lock."""

    pid: int
    host: str
    purpose: str
    since: str

    def __str__(self) -> str:
        return f"{self.purpose} (process {self.pid} on {self.host}, since {self.since})"


@contextlib.contextmanager
def run_lock(settings: Settings, purpose: str, *, wait_seconds: float | None = None) -> Iterator[Holder]:
    """Lock the home for writing; the operating system releases the lock if the process dies.

    Args:
        settings: Settings of the home.
        purpose: Purpose in a word or two, shown to a process that has to wait.
        wait_seconds: Seconds to wait for another holder; by default the setting.

    Raises:
        LockHeld: Another run still has the lock.
    """
    wait_limit = settings.lock_wait_seconds if wait_seconds is None else wait_seconds
    settings.home.mkdir(parents=True, exist_ok=True)
    descriptor = _acquire_lock(settings, wait_limit)
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        holder = Holder(pid=os.getpid(), host=socket.gethostname(), purpose=purpose, since=since)
        # One write replaces the whole name of the last holder, so that readers never see two names mixed.
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode().ljust(HOLDER_BYTES), 0)
        try:
            yield holder
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquire_lock(settings: Settings, wait_limit: float) -> int:
    """Return a descriptor of the lock file that has the lock."""
    deadline = time.monotonic() + wait_limit
    while True:
        descriptor = os.open(settings.lock_file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_current(descriptor, settings.lock_file):
                return descriptor
            os.close(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            if time.monotonic() >= deadline:
                who = _who_holds(settings)
                if who is not None:
                    raise LockHeld(
                        f"The warehouse {settings.home} is held by {who}. Try again when that run has ended."
                    ) from None
            time.sleep(min(0.2, max(deadline - time.monotonic(), 0.01)))


def _is_current(descriptor: int, path: Path) -> bool:
    """Return whether the locked file is still the one under that name: a lock on a deleted file locks nothing."""
    try:
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _who_holds(settings: Settings) -> Holder | str | None:
    """Return the holder by name, or None if it released the lock while we waited.

    A holder writes its name a moment after it gets the lock.
    """
    for _ in range(NAMING_TRIES):
        holder = lock_holder(settings)
        if holder is not None and not _has_ended(holder):
            return holder
        if not _is_held(settings):
            return None
        time.sleep(0.02)
    return "another run"


def _has_ended(holder: Holder) -> bool:
    """Return whether the name is that of a killed run on this machine, which the next run has not replaced yet."""
    if holder.host != socket.gethostname():
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _is_held(settings: Settings) -> bool:
    try:
        descriptor = os.open(settings.lock_file, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def lock_holder(settings: Settings) -> Holder | None:
    """Return the process that has the run lock now, or None."""
    return _read_holder(settings.lock_file) if _is_held(settings) else None


def _read_holder(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def open_raw(settings: Settings, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the raw tables; create them, or the columns that contracts have gained, unless read-only.

    Raises:
        OrderhouseError: The file does not exist yet (read-only), or another process has it open.
    """
    if read_only and not settings.raw_db.exists():
        raise OrderhouseError(f"Nothing has been ingested into {settings.home} yet. Run `orderhouse ingest` first.")
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    connection = with_checkpoints(_connect(settings.raw_db, read_only=read_only, settings=settings))
    if not read_only:
        create_raw_tables(connection)
    return connection


def open_published(settings: Settings, version: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open a published version for reading, by default the current one. Publishing does not disturb readers.

    Raises:
        OrderhouseError: Nothing is published yet, or not that version.
    """
    if version is None:
        pointer = settings.published / "current"
        if not pointer.exists():
            raise OrderhouseError(f"Nothing has been published in {settings.home} yet. Run `orderhouse run` first.")
        path = settings.published / pointer.read_text(encoding="utf-8").strip()
    else:
        path = settings.published / f"warehouse-{version}.duckdb"
    if not path.exists():
        raise OrderhouseError(f"There is no {path}. Run `orderhouse versions` to list the published versions.")
    return _connect(path, read_only=True, settings=settings)


def open_built(settings: Settings, path: Path) -> duckdb.DuckDBPyConnection:
    """Open a file of built tables for reading, like a published version."""
    return _connect(path, read_only=True, settings=settings)


def _connect(path: Path, *, read_only: bool, settings: Settings) -> duckdb.DuckDBPyConnection:
    """Attach a file under the name `held`, so that its schema `raw` is not confused with a database of that name."""
    connection = duckdb.connect(":memory:", config=_configuration(settings))
    mode = "read_only" if read_only else f"row_group_size {ROW_GROUP}"
    location = str(path).replace("'", "''")
    try:
        if not read_only:
            make_database(path)
        connection.execute(f"attach '{location}' as held ({mode})")
    except duckdb.Error as error:
        connection.close()
        reason = str(error).splitlines()[0]
        closed = OrderhouseError(f"{path} cannot be opened: {reason}", exit_code=3 if "lock" in reason else 2)
        raise machine_problem(error) or closed from None
    connection.execute("use held")
    return connection


def _configuration(settings: Settings) -> dict[str, str | bool | int | float | list[str]]:
    config: dict[str, str | bool | int | float | list[str]] = {}
    if settings.threads:
        config["threads"] = settings.threads
    if settings.memory_limit:
        config["memory_limit"] = settings.memory_limit
    return config
