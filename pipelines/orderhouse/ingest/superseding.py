"""Superseding: which stored rows no longer count, because what they came from was read or repaired again.

A file's rows count from its latest load on. Rows that a replay brought stand in batches of their own, later than
that load; of one record's replays the latest counts. `dbt_project/macros/staging.sql` says the same to the models.
"""

from __future__ import annotations

import duckdb

__all__ = ["is_live", "note_superseded", "supersede_file", "supersede_replays"]


def note_superseded(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of what is superseded, as the ledgers have it now.

    `superseded_loads` holds files that were loaded more than once, each with its latest batch, before which nothing
    of it counts; `superseded_replays` holds batches of single records.
    """
    connection.execute(
        """
        create or replace temp table superseded_loads as
        select source, file_id, max(batch_id) as batch_id from raw.files
        group by source, file_id
        having count(distinct batch_id) > 1
        """
    )
    connection.execute(
        """
        create or replace temp table superseded_replays as
        select distinct source, file_id, feed, record, batch_id from raw.replays
        where not starts_with(outcome, 'no_longer')
        qualify batch_id < max(batch_id) over (partition by source, file_id, feed, record)
        """
    )


def supersede_file(connection: duckdb.DuckDBPyConnection, source: str, file_id: str, batch_id: int) -> None:
    """A file is being loaded again: nothing of it counts that came before this batch."""
    connection.execute("insert into superseded_loads values (?, ?, ?)", [source, file_id, batch_id])


def supersede_replays(connection: duckdb.DuckDBPyConnection, replaying: str) -> None:
    """Records are being replayed again: nothing of them counts that earlier replays brought.

    Args:
        connection: The raw database, after `note_superseded`.
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
    """Condition on rows of a feed's raw table: what they came from was neither loaded nor replayed again."""
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
