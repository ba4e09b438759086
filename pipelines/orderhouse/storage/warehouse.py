"""Warehouse files: the run lock, and the opening of received tables.

The raw tables belong in `raw_tables`, readers' connections in `readers`, loading in `ingest`, the models in dbt,
publishing in `serve`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import shutil
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
from orderhouse.storage.file_locks import has_holder
from orderhouse.storage.layouts import bring_forward, refuse_later
from orderhouse.storage.machine_errors import is_locked, machine_problem
from orderhouse.storage.raw_tables import create_raw_tables
from orderhouse.storage.spill import give_spill_folder, sweep_spill
from orderhouse.storage.step_records import recorded_step

__all__ = [
    "BACKUP",
    "MESSAGES",
    "ROW_GROUP",
    "Holder",
    "connection_configuration",
    "lock_holder",
    "open_raw",
    "run_lock",
]

# A quarter of DuckDB's default. Dictionaries of this size stay in the processor's cache, which saves a tenth of an
# insert's time. The rows that do not fill a group are written twice, and smaller groups leave fewer of them. The file
# is a fifth larger.
ROW_GROUP = 30_720

# Longer than every holder's name; the rest is blank, which JSON allows.
HOLDER_BYTES = 1024
# A backup holds the lock only while it copies files, and the delivery of messages only while it looks addresses up. A
# run waits for them at least so many seconds, whatever the setting.
BACKUP = "backup"
MESSAGES = "messages"
PATIENCE_SECONDS = {BACKUP: 900.0, MESSAGES: 60.0}
# Tries, 20 ms apart, to read the name of a first run that began in the same instant.
NAMING_TRIES = 50

log = logging.getLogger("orderhouse")


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
        OrderhouseError: A restore into this home has not ended.
    """
    if settings.restoring.exists():
        raise OrderhouseError(f"A restore into {settings.home} has not ended. Run the same `orderhouse restore` again.")
    wait_limit = settings.lock_wait_seconds if wait_seconds is None else wait_seconds
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = _acquire_lock(settings, wait_limit)
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        holder = Holder(pid=os.getpid(), host=socket.gethostname(), purpose=purpose, since=since)
        # One write replaces the whole name of the last holder, so that readers never see two names mixed.
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode().ljust(HOLDER_BYTES), 0)
        try:
            sweep_spill(settings)
            _sweep_spill_of_files(settings)
            with recorded_step(settings, purpose):
                yield holder
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _sweep_spill_of_files(settings: Settings) -> None:
    """Remove what killed runs spilled beside the files that only the holder of the lock writes."""
    for path in (settings.raw_db, settings.work_db, settings.warehouse_db, settings.vault_db):
        shutil.rmtree(path.with_name(f"{path.name}.tmp"), ignore_errors=True)


def _acquire_lock(settings: Settings, wait_limit: float) -> int:
    """Return a descriptor of the lock file that has the lock."""
    deadline = time.monotonic() + wait_limit
    has_said = False
    while True:
        descriptor = os.open(settings.lock_file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_current(descriptor, settings.lock_file):
                return descriptor
            os.close(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            if not has_said or time.monotonic() >= deadline:
                who = _who_holds(settings)
                if isinstance(who, Holder) and not has_said:
                    deadline = max(deadline, time.monotonic() + PATIENCE_SECONDS.get(who.purpose, 0.0))
                if who is not None and time.monotonic() >= deadline:
                    raise LockHeld(
                        f"The warehouse {settings.home} is held by {who}. Try again when that run has ended."
                    ) from None
                if who is not None:
                    log.warning("Waiting for %s.", who)
                    has_said = True
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
        return has_holder(settings.lock_file)
    except FileNotFoundError:
        return False


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
        try:
            bring_forward(connection, "raw", settings.raw_db)
        except OrderhouseError:
            connection.close()
            raise
        create_raw_tables(connection)
    return connection


def _connect(path: Path, *, read_only: bool, settings: Settings) -> duckdb.DuckDBPyConnection:
    """Attach a file under the name `held`, so that its schema `raw` is not confused with a database of that name."""
    connection = duckdb.connect(":memory:", config=connection_configuration(settings))
    mode = "read_only" if read_only else f"row_group_size {ROW_GROUP}"
    location = str(path).replace("'", "''")
    try:
        if not read_only:
            make_database(path)
        connection.execute(f"attach '{location}' as held ({mode})")
    except duckdb.Error as error:
        connection.close()
        reason = str(error).splitlines()[0]
        closed = OrderhouseError(f"{path} cannot be opened: {reason}", exit_code=3 if is_locked(error) else 2)
        raise machine_problem(error) or closed from None
    # A database in memory would spill into the working folder.
    give_spill_folder(connection, settings)
    connection.execute("use held")
    try:
        refuse_later(connection, "raw", path)
    except OrderhouseError:
        connection.close()
        raise
    return connection


def connection_configuration(settings: Settings) -> dict[str, str | bool | int | float | list[str]]:
    """Return the memory limit of a connection, and its threads where the settings give them."""
    config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": settings.memory_limit}
    if settings.threads:
        config["threads"] = settings.threads
    return config
