"""Named points at which a test may kill the process, to prove that no state is lost or half written.

``ORDERHOUSE_FAULT=after_vault`` ends the process at the checkpoint of that name as ``kill -9`` would: no clean-up,
no flush. ``ORDERHOUSE_FAULT=after_commit:3`` ends it at the third passage, and ``ORDERHOUSE_FAULT=statement:137``
before the 137th statement on the raw tables and the vault together. Without the variable a checkpoint costs one
look-up, and connections are not wrapped at all.
"""

from __future__ import annotations

import os
from typing import Any, cast

import duckdb

__all__ = ["checkpoint", "with_checkpoints"]

VARIABLE = "ORDERHOUSE_FAULT"
STATEMENT = "statement"
STATEMENT_METHODS = ("execute", "executemany", "sql", "query")

_reached: dict[str, int] = {}


def checkpoint(name: str) -> None:
    """End the process here with status 137 if the environment asks for it.

    Args:
        name: Name of the checkpoint, for example ``after_vault``.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    wanted_name, _, nth = wanted.partition(":")
    if wanted_name != name:
        return
    _reached[name] = _reached.get(name, 0) + 1
    if _reached[name] >= int(nth or 1):
        os._exit(137)


def with_checkpoints(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return the connection, with a checkpoint before each statement if the environment asks for one."""
    if os.environ.get(VARIABLE, "").partition(":")[0] != STATEMENT:
        return connection
    return cast(duckdb.DuckDBPyConnection, _CheckpointingConnection(connection))


class _CheckpointingConnection:
    """Proxy of a connection that passes a checkpoint before each statement."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        if name in STATEMENT_METHODS:
            checkpoint(STATEMENT)
        return getattr(self._connection, name)
