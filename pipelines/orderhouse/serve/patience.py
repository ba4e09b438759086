"""Patience: a limit on the computing of queries. A busy machine is no slow query, so it is no limit on the clock."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import duckdb

__all__ = ["computing_for"]

# Seconds between two looks at the time that was used.
LOOK = 1.0


@contextlib.contextmanager
def computing_for(connection: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupt the queries of a connection once the process has computed for some seconds.

    Args:
        connection: The connection. An interrupted query raises `duckdb.InterruptException`.
        seconds: Seconds of computing of all threads of the process.
    """
    is_over = threading.Event()
    latest = time.process_time() + seconds

    def watch() -> None:
        while not is_over.wait(min(LOOK, seconds)):
            if time.process_time() > latest:
                connection.interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()
