"""Superseded rows: stored rows that no longer count, because their file or record was loaded or replayed again.

Rows of a file count from its latest load on. Rows of a replay are in later batches of their own; of the replays of one
record the latest counts. `storage.raw_views` defines both sets. Here they are tables, because a load adds to them
before it writes its own ledger lines.
"""

from __future__ import annotations

import duckdb

__all__ = ["is_live", "create_superseded_tables", "supersede_file", "supersede_replays"]


def create_superseded_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary tables `superseded_loads` and `superseded_replays` from the ledgers as they are now."""
    connection.execute("create or replace temp table superseded_loads as from raw.superseded_loads")
    connection.execute("create or replace temp table superseded_replays as from raw.superseded_replays")


def supersede_file(connection: duckdb.DuckDBPyConnection, source: str, file_id: str, batch_id: int) -> None:
    """Mark the earlier loads of a file as superseded by a batch."""
    connection.execute("insert into superseded_loads values (?, ?, ?)", [source, file_id, batch_id])


def supersede_replays(connection: duckdb.DuckDBPyConnection, replaying: str) -> None:
    """Mark the earlier replays of records as superseded.

    Args:
        connection: The raw database, after `create_superseded_tables`.
        replaying: Name of a table with source, file_id, feed and record.
    """
    connection.execute(
        f"""
        insert into superseded_replays
        select distinct source, file_id, feed, record, batch_id from raw.replays
        semi join {replaying} using (source, file_id, feed, record)
        """  # noqa: S608 - a name from the caller
    )


def is_live(feed: str) -> str:
    """Return the SQL condition under which rows of a feed's raw table are not superseded."""
    return f"""not exists (
        select 1 from superseded_loads
        where superseded_loads.file_id = _file_id and superseded_loads.source = _source
            and _batch_id < superseded_loads.batch_id
    ) and not exists (
        select 1 from superseded_replays
        where superseded_replays.feed = '{feed}' and superseded_replays.file_id = _file_id
            and superseded_replays.source = _source and superseded_replays.record = _record
            and superseded_replays.batch_id = _batch_id
    )"""  # noqa: S608 - a contract's name
