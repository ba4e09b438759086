"""Readers' connections: published and built tables, opened read-only, confined and limited.

Every connection that answers people is opened here: SQL, exports, pages, status and explanations. It can read the
opened file alone, write only into a folder that its opener names, and use the memory, time and spill of the settings
`query_…`. A query that a person typed is checked by `check_query` before it runs. Writing connections belong in
`warehouse`.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings, bytes_of
from orderhouse.storage.layouts import refuse_later
from orderhouse.storage.machine_errors import is_locked, machine_problem
from orderhouse.storage.spill import give_spill_folder

__all__ = [
    "Preparation",
    "bounded_process",
    "confine",
    "limited_errors",
    "open_built",
    "open_published",
    "published_path",
]

# Memory beside DuckDB's own: Python, Arrow, and the allocators' reserves.
BESIDE_BYTES = 1 << 30
# Seconds after the limit at which the process ends: DuckDB looks at the clock between two vectors only.
GRACE_SECONDS = 10

VERSION_FILE = re.compile(r"warehouse-\d+\.duckdb")

Preparation = Callable[[duckdb.DuckDBPyConnection], object]


def open_published(
    settings: Settings,
    version: int | None = None,
    *,
    writable: Path | None = None,
    prepare: Preparation | None = None,
    seconds: float | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a published version for reading, by default the current one. Publishing does not disturb readers.

    Args:
        settings: Settings of the home.
        version: Number of the version.
        writable: A folder into which the connection may write.
        prepare: Called with the connection before its configuration is locked, for example to create views of a role.
        seconds: Time limit of one query; `query_seconds` by default.

    Raises:
        OrderhouseError: Nothing is published yet, or not that version.
    """
    path = published_path(settings, version)
    return open_built(settings, path, writable=writable, prepare=prepare, seconds=seconds)


def published_path(settings: Settings, version: int | None = None) -> Path:
    """Return the file of a published version, by default the current one.

    Raises:
        OrderhouseError: Nothing is published yet, or not that version.
    """
    if version is None:
        pointer = settings.published / "current"
        if not pointer.exists():
            raise OrderhouseError(f"Nothing has been published in {settings.home} yet. Run `orderhouse run` first.")
        name = pointer.read_text(encoding="utf-8", errors="replace").strip()
        if not VERSION_FILE.fullmatch(name):
            raise OrderhouseError(
                f"{pointer} is damaged: it names no version. Make one current with `orderhouse rollback`, or publish "
                "again with `orderhouse run`."
            )
        path = settings.published / name
    else:
        path = settings.published / f"warehouse-{version}.duckdb"
    if not path.exists():
        raise OrderhouseError(f"There is no {path}. Run `orderhouse versions` to list the published versions.")
    return path


def open_built(
    settings: Settings,
    path: Path,
    *,
    writable: Path | None = None,
    prepare: Preparation | None = None,
    seconds: float | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a file of built tables for reading, like a published version.

    Raises:
        OrderhouseError: The file cannot be opened, or a later release wrote it.
    """
    connection = duckdb.connect(":memory:")
    location = str(path).replace("'", "''")
    try:
        connection.execute(f"attach '{location}' as held (read_only)")
        connection.execute("use held")
        refuse_later(connection, "tables", path)
        if prepare is not None:
            prepare(connection)
        return confine(connection, settings, writable=writable, seconds=seconds)
    except duckdb.Error as error:
        connection.close()
        reason = str(error).splitlines()[0]
        closed = OrderhouseError(f"{path} cannot be opened: {reason}", exit_code=3 if is_locked(error) else 2)
        raise machine_problem(error) or closed from None
    except OrderhouseError:
        connection.close()
        raise


def confine(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    writable: Path | None = None,
    seconds: float | None = None,
) -> duckdb.DuckDBPyConnection:
    """Limit a connection to what it has attached, its own spill folder and `writable`; lock that, and return it."""
    if settings.threads:
        connection.execute(f"set threads = {settings.threads}")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"set memory_limit = '{_memory_bytes(settings)}B'")
    connection.execute(f"set max_execution_time = {int((seconds or settings.query_seconds) * 1000)}")
    give_spill_folder(connection, settings)
    connection.execute(f"set max_temp_directory_size = '{bytes_of(settings.query_spill_limit)}B'")
    connection.execute("set python_enable_replacements = false")
    if writable is not None:
        folder = str(writable).replace("'", "''")
        connection.execute(f"set allowed_directories = ['{folder}']")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def _memory_bytes(settings: Settings) -> int:
    """Return the memory of a reader's query, which is not more than the limit of all connections."""
    limit = bytes_of(settings.query_memory_limit)
    with contextlib.suppress(ValueError):  # `memory_limit` may also be a share of the machine's memory, such as 80%
        limit = min(limit, bytes_of(settings.memory_limit))
    return limit


@contextlib.contextmanager
def limited_errors(settings: Settings) -> Iterator[None]:
    """Turn a query that reaches a limit into a sentence that names the limit.

    Raises:
        OrderhouseError: The query reached the limit of time, memory or spill.
    """
    try:
        yield
    except duckdb.InterruptException:
        raise OrderhouseError(_too_slow(settings)) from None
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        if "max_temp_directory_size" in str(error):
            limit = f"spills more than {settings.query_spill_limit} to disk, the limit `query_spill_limit`"
        else:
            limit = f"needs more than {settings.query_memory_limit} of memory, the limit `query_memory_limit`"
        raise OrderhouseError(f"The query {limit}. Narrow it, or raise that setting.") from None


def _too_slow(settings: Settings) -> str:
    return (
        f"The query takes longer than {settings.query_seconds:,.0f} seconds, the limit `query_seconds` "
        f"({settings.export_seconds:,.0f} for exports: `export_seconds`). Narrow it, or raise that setting."
    )


@contextlib.contextmanager
def bounded_process(settings: Settings, seconds: float) -> Iterator[None]:
    """Bound the memory and time of this process while it runs a query that a person typed.

    DuckDB does not count the memory of a single value, and does not look at the clock while it computes one: the list
    `range(400000000)` took 15 GB and two minutes under a limit of 500 MB and 5 seconds. Only for a process that
    answers one query.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _data_bytes() + _memory_bytes(settings) + BESIDE_BYTES
    if soft != resource.RLIM_INFINITY:
        limit = min(limit, soft)
    watch = threading.Timer(seconds + GRACE_SECONDS, _end_process, [_too_slow(settings)])
    watch.daemon = True
    watch.start()
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
        watch.cancel()


def _data_bytes() -> int:
    """Return the bytes of memory that the process has for data now; Linux counts the limit from zero."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:")), 0)


def _end_process(message: str) -> None:
    os.write(2, f"{message}\n".encode())
    os._exit(2)
