"""Dagster's SQLite files, written by a run with few connections and without a sync for each event.

Dagster opens a connection for each event and closes it again. SQLite then reads the schema and merges its write-ahead
log each time, and SQLAlchemy translates each statement anew. That took 8 of the 14 processor seconds of a run with
nothing to do.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

__all__ = ["quick_event_log"]

# Dagster's modules that make an engine for each connection.
STORAGES: tuple[Any, ...] = (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage)
# Databases whose connections are kept: those of the runs and schedules, the index, and the log of this run. Retention
# looks at the logs of many runs.
MOST_KEPT = 6


@contextlib.contextmanager
def quick_event_log() -> Iterator[None]:
    """Keep connections to Dagster's databases open, and write without a sync per event, until the end of the context.

    A run of 140 assets commits 2,000 times. On a busy disk the syncs took 19 of 26 s of a run with nothing to do. A
    power cut can lose the end of a run's log; the warehouse and its own records are synced separately.
    """
    engines = _Engines()
    originals = [(storage, storage.create_engine) for storage in STORAGES]
    event.listen(Engine, "connect", _spare_syncs)
    try:
        for storage, _ in originals:
            storage.create_engine = engines.engine
        yield
    finally:
        for storage, original in originals:
            storage.create_engine = original
        event.remove(Engine, "connect", _spare_syncs)
        engines.close()


class _Engines:
    """The engines used last, by the address of their database."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Engine] = OrderedDict()

    def engine(self, address: str, **options: Any) -> Engine:
        """Return the engine of a database, as `create_engine` would, which Dagster's `dispose` leaves as it is."""
        if address not in self._kept:
            made = create_engine(address, **{**options, "poolclass": QueuePool})
            made.dispose = lambda close=True: None  # type: ignore[method-assign]
            self._kept[address] = made
        self._kept.move_to_end(address)
        while len(self._kept) > MOST_KEPT:
            Engine.dispose(self._kept.popitem(last=False)[1])
        return self._kept[address]

    def close(self) -> None:
        """Close all connections."""
        while self._kept:
            Engine.dispose(self._kept.popitem()[1])


def _spare_syncs(connection: Any, record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")
