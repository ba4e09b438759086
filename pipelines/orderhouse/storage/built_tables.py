"""Connection to the tables of the last build under dbt's names: `warehouse`, `work`, `raw` and `predictions`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Literal

import duckdb

from orderhouse.settings import Settings
from orderhouse.storage.predictions import attach_predictions
from orderhouse.storage.warehouse import connection_configuration

__all__ = ["open_tables"]


@contextlib.contextmanager
def open_tables(settings: Settings, work: Literal["read_only", "read_write"]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for writing, with the other databases that exist attached. The time zone is UTC.

    Args:
        settings: Settings of the home.
        work: How the work database is opened; raw rows and predictions are only read.
    """
    connection = duckdb.connect(str(settings.warehouse_db), config=connection_configuration(settings))
    try:
        connection.execute("set TimeZone = 'UTC'")
        for path, name, mode in ((settings.raw_db, "raw", "read_only"), (settings.work_db, "work", work)):
            if path.exists():
                location = str(path).replace("'", "''")
                connection.execute(f"attach '{location}' as {name} ({mode})")
        attach_predictions(connection, settings)
        yield connection
    finally:
        connection.close()
