"""Duplicates: a row whose key and whole content an earlier live row has already. It is stored all the same, marked."""

from __future__ import annotations

import duckdb

from orderhouse.contracts import CONTRACTS
from orderhouse.ingest.superseding import is_live
from orderhouse.warehouse import quote

__all__ = ["mark_duplicates"]


def mark_duplicates(connection: duckdb.DuckDBPyConnection, feed: str, batch_id: int) -> None:
    """Mark the duplicates among the rows that this transaction put into a feed.

    Rows are compared by two 64-bit hashes, of the key and of all columns, first against the key's alone so that a few
    new rows
    cost one scan of the key columns. Earlier means inserted earlier.

    Args:
        connection: The raw database, with the table `loading_files` (source, file_id of this transaction) and the
            tables of `superseding`.
        feed: The feed.
        batch_id: The batch being loaded.
    """
    contract = CONTRACTS[feed]
    table = f"raw.{quote(feed)}"
    stored = list(contract.stored_columns())
    key = f"hash({', '.join(quote(name) for name in contract.key())})"
    content = f"hash({', '.join(quote(name) for name in stored)})"
    fresh = """_batch_id = $batch and exists (
        select 1 from loading_files
        where loading_files.file_id = _file_id and loading_files.source = _source
    )"""
    live = is_live(feed)
    batch = {"batch": batch_id}
    connection.execute(
        f"create or replace temp table fresh_keys as select {key} as k from {table} where {fresh}",  # noqa: S608
        batch,
    )
    connection.execute(
        f"""
        create or replace temp table suspects as
        select k from (select {key} as k from {table} where {live}) as keys
        where exists (select 1 from fresh_keys where fresh_keys.k = keys.k)
        group by k having count(*) > 1
        """  # noqa: S608
    )
    (suspects,) = connection.execute("select count(*) from suspects").fetchone() or (0,)
    if not suspects:
        return
    connection.execute(
        f"""
        create or replace temp table repeats as
        select place from (
            select rowid as place, {fresh} as is_fresh,
                row_number() over (partition by {key}, {content} order by rowid) as nth
            from {table}
            where {live} and exists (select 1 from suspects where suspects.k = {key})
        ) as compared
        where is_fresh and nth > 1
        """,  # noqa: S608
        batch,
    )
    connection.execute(f"update {table} set _is_duplicate = true where rowid in (select place from repeats)")  # noqa: S608
