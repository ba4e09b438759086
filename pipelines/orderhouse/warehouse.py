"""The warehouse files: who may write them, what the raw tables look like, and how readers open what is published.

What goes into the raw tables belongs in `ingest`; what is made of them belongs in dbt; publishing belongs in
`serve`.
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

from orderhouse.database_files import make_database
from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.faults import watched
from orderhouse.machine_errors import machine_problem
from orderhouse.settings import Settings

__all__ = ["Holder", "lock_holder", "open_published", "open_raw", "quote", "raw_schema", "run_lock"]

# Enough for every name; the rest is blank, which JSON allows.
HOLDER_BYTES = 1024
# How often, 20 ms apart, a second run looks for the name of a first one that began in the same instant.
NAMING_TRIES = 50

RAW_LEDGERS: dict[str, dict[str, str]] = {
    "batches": {"batch_id": "BIGINT", "started_at": "TIMESTAMP", "finished_at": "TIMESTAMP"},
    "files": {
        "file_id": "VARCHAR",
        "source": "VARCHAR",
        "feed": "VARCHAR",
        "path": "VARCHAR",
        "format": "VARCHAR",
        "size_bytes": "BIGINT",
        "mapping_version": "VARCHAR",
        "batch_id": "BIGINT",
        "received_at": "TIMESTAMP",
        "rows_in": "BIGINT",
        "accepted": "BIGINT",
        "duplicate": "BIGINT",
        "quarantined": "BIGINT",
        "status": "VARCHAR",
        "reason": "VARCHAR",
        "ignored_columns": "VARCHAR",
        "bundle_id": "VARCHAR",
        "role": "VARCHAR",
        "record_repairs": "VARCHAR",
    },
    "quarantine": {
        "quarantine_id": "VARCHAR",
        "file_id": "VARCHAR",
        "feed": "VARCHAR",
        "record": "BIGINT",
        "source": "VARCHAR",
        "path": "VARCHAR",
        "batch_id": "BIGINT",
        "received_at": "TIMESTAMP",
        "rules": "VARCHAR",
        "reasons": "VARCHAR",
        "row_json": "VARCHAR",
    },
    "erasures": {
        "erasure_id": "VARCHAR",
        "erased_at": "TIMESTAMP",
        "erased_by": "VARCHAR",
        "reason": "VARCHAR",
        "token_count": "BIGINT",
        "value_count": "BIGINT",
        "redacted_count": "BIGINT",
        "dropped_count": "BIGINT",
    },
    "repairs": {
        "repair_id": "VARCHAR",
        "kind": "VARCHAR",
        "source": "VARCHAR",
        "file_id": "VARCHAR",
        "feed": "VARCHAR",
        "record": "BIGINT",
        "quarantine_id": "VARCHAR",
        "row_hash": "VARCHAR",
        "fields": "VARCHAR",
        "fields_before": "VARCHAR",
        "why": "VARCHAR",
        "made_by": "VARCHAR",
        "made_at": "TIMESTAMP",
        "batch_id": "BIGINT",
    },
    "replays": {
        "quarantine_id": "VARCHAR",
        "repair_id": "VARCHAR",
        "source": "VARCHAR",
        "file_id": "VARCHAR",
        "feed": "VARCHAR",
        "record": "BIGINT",
        "outcome": "VARCHAR",
        "reasons": "VARCHAR",
        "replayed_at": "TIMESTAMP",
        "batch_id": "BIGINT",
    },
    "coverage": {"source": "VARCHAR", "feed": "VARCHAR", "batch_id": "BIGINT"},
    "sources": {
        "source": "VARCHAR",
        "format": "VARCHAR",
        "mapping_version": "VARCHAR",
        "batch_id": "BIGINT",
        "priority": "BIGINT",
    },
    "words": {
        "source": "VARCHAR",
        "feed": "VARCHAR",
        "column_name": "VARCHAR",
        "word": "VARCHAR",
        "meaning": "VARCHAR",
        "batch_id": "BIGINT",
    },
    "controls": {
        "source": "VARCHAR",
        "file_id": "VARCHAR",
        "path": "VARCHAR",
        "origin": "VARCHAR",
        "control_id": "VARCHAR",
        "measure": "VARCHAR",
        "expected": "VARCHAR",
        "actual": "VARCHAR",
        "status": "VARCHAR",
        "detail": "VARCHAR",
        "is_rejected": "BOOLEAN",
        "batch_id": "BIGINT",
        "checked_at": "TIMESTAMP",
    },
    "columns_seen": {
        "source": "VARCHAR",
        "file_id": "VARCHAR",
        "feed": "VARCHAR",
        "column_name": "VARCHAR",
        "kind": "VARCHAR",
        "rows_seen": "BIGINT",
        "empty_seen": "BIGINT",
        "is_used": "BOOLEAN",
        "batch_id": "BIGINT",
    },
    "words_seen": {
        "source": "VARCHAR",
        "file_id": "VARCHAR",
        "feed": "VARCHAR",
        "column_name": "VARCHAR",
        "word": "VARCHAR",
        "batch_id": "BIGINT",
    },
    "numbered": {
        "source": "VARCHAR",
        "feed": "VARCHAR",
        "column_name": "VARCHAR",
        "pattern": "VARCHAR",
        "batch_id": "BIGINT",
    },
    "expected_intervals": {
        "source": "VARCHAR",
        "feed": "VARCHAR",
        "every": "VARCHAR",
        "every_seconds": "BIGINT",
        "batch_id": "BIGINT",
    },
}


@dataclass(frozen=True)
class Holder:
    """Who holds the warehouse."""

    pid: int
    host: str
    purpose: str
    since: str

    def __str__(self) -> str:
        return f"{self.purpose} (process {self.pid} on {self.host}, since {self.since})"


@contextlib.contextmanager
def run_lock(settings: Settings, purpose: str, *, wait_seconds: float | None = None) -> Iterator[Holder]:
    """Hold the warehouse for writing; the operating system lets go of it if the process dies.

    Args:
        settings: Whose home is held.
        purpose: What for, in a word or two; shown to whoever has to wait.
        wait_seconds: How long to wait for another holder; by default as the settings say.

    Raises:
        LockHeld: Another run holds it still.
    """
    patience = settings.lock_wait_seconds if wait_seconds is None else wait_seconds
    settings.home.mkdir(parents=True, exist_ok=True)
    descriptor = _acquired(settings, patience)
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        holder = Holder(pid=os.getpid(), host=socket.gethostname(), purpose=purpose, since=since)
        # One write over all of the last holder's name, so that whoever looks reads one name whole.
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode().ljust(HOLDER_BYTES), 0)
        try:
            yield holder
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquired(settings: Settings, patience: float) -> int:
    """A descriptor of the lock file that holds the lock."""
    deadline = time.monotonic() + patience
    while True:
        descriptor = os.open(settings.lock_file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(descriptor, settings.lock_file):
                return descriptor
            os.close(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            if time.monotonic() >= deadline:
                who = _who_holds(settings)
                if who is not None:
                    raise LockHeld(
                        f"The warehouse {settings.home} is held by {who}. Try again when it is done."
                    ) from None
            time.sleep(min(0.2, max(deadline - time.monotonic(), 0.01)))


def _is_still(descriptor: int, path: Path) -> bool:
    """Whether the file that is locked is the one under that name: a lock on a deleted file keeps nobody out."""
    try:
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _who_holds(settings: Settings) -> Holder | str | None:
    """The holder by name. It writes its name a moment after it has the lock; None if it let go while we waited."""
    for _ in range(NAMING_TRIES):
        holder = lock_holder(settings)
        if holder is not None and not _has_ended(holder):
            return holder
        if not _is_held(settings):
            return None
        time.sleep(0.02)
    return "another run"


def _has_ended(holder: Holder) -> bool:
    """Whether the name is that of a run on this machine that was killed, left until the next one writes its own."""
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
    """Who holds the warehouse now, or None."""
    return _read_holder(settings.lock_file) if _is_held(settings) else None


def _read_holder(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def quote(identifier: str) -> str:
    """An identifier for SQL: the one way names get into statements."""
    return '"' + identifier.replace('"', '""') + '"'


def raw_schema() -> dict[str, dict[str, str]]:
    """Every raw table with its columns and SQL types: the feeds, derived from their contracts, and the ledgers."""
    from orderhouse.contracts import CONTRACTS, LINEAGE  # brings dataframely, a second that reading must not cost

    feeds = {feed: {**contract.stored_columns(), **LINEAGE} for feed, contract in CONTRACTS.items()}
    return {**feeds, **RAW_LEDGERS}


def open_raw(settings: Settings, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open what was received; create it, or the columns that contracts have gained since, unless read-only.

    Raises:
        OrderhouseError: It does not exist yet (read-only), or another process has it open.
    """
    if read_only and not settings.raw_db.exists():
        raise OrderhouseError(f"Nothing has been ingested into {settings.home} yet. Run `orderhouse ingest` first.")
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    connection = watched(_connect(settings.raw_db, read_only=read_only, settings=settings))
    if not read_only:
        _create_raw(connection)
    return connection


def _create_raw(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema if not exists raw")
    found = connection.execute(
        "select table_name, list(column_name) from duckdb_columns() where schema_name = 'raw' group by all"
    ).fetchall()
    existing: dict[str, list[str]] = dict(found)
    for table, columns in raw_schema().items():
        if table not in existing:
            definition = ", ".join(f"{quote(name)} {sql_type}" for name, sql_type in columns.items())
            connection.execute(f"create table raw.{quote(table)} ({definition})")
            continue
        for name, sql_type in columns.items():
            if name not in existing[table]:
                connection.execute(f"alter table raw.{quote(table)} add column {quote(name)} {sql_type}")


def open_published(settings: Settings, version: int | None = None) -> duckdb.DuckDBPyConnection:
    """Open a published version for reading; the current one by default. Publishing never disturbs it.

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
        raise OrderhouseError(f"{path} is not there. `orderhouse versions` lists what is.")
    return _connect(path, read_only=True, settings=settings)


def _connect(path: Path, *, read_only: bool, settings: Settings) -> duckdb.DuckDBPyConnection:
    """Attach a file under the name `held`, so that its schema `raw` is not confused with a database of that name."""
    connection = duckdb.connect(":memory:", config=_configuration(settings))
    mode = " (read_only)" if read_only else ""
    location = str(path).replace("'", "''")
    try:
        if not read_only:
            make_database(path)
        connection.execute(f"attach '{location}' as held{mode}")
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
