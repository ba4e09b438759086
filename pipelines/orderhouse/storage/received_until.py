"""Copies of the raw database that hold only what was received up to a batch.

Raw tables are append-only and every row carries its batch, so the rows of the batches up to one are all that was known
when that batch ended. The views over the ledgers are created anew in the copy: what is superseded or repaired there is
judged by the copied rows alone. The build of such a copy belongs to `orderhouse.transform`.
"""

from __future__ import annotations

import contextlib
from datetime import datetime

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.raw_ledgers import RAW_LEDGERS
from orderhouse.storage.sql_names import quote
from orderhouse.storage.warehouse import open_raw

__all__ = ["batch_at", "copy_received"]

# Erasures have an instant and no batch.
ERASED_BY_THEN = (
    "erased_at <= (select max(coalesce(finished_at, started_at)) from held.raw.batches where batch_id <= $batch)"
)


def batch_at(raw: duckdb.DuckDBPyConnection, instant: datetime) -> int:
    """Return the last batch that had been received at an instant.

    Args:
        raw: The raw database.
        instant: The instant, in UTC and without zone.

    Raises:
        OrderhouseError: Nothing had been received by then.
    """
    first, last = raw.execute(
        "select min(started_at), max(batch_id) filter (where started_at <= $instant) from raw.batches",
        {"instant": instant},
    ).fetchall()[0]
    if first is None:
        raise OrderhouseError("Nothing has been received yet. Run `orderhouse ingest` first.")
    if last is None:
        raise OrderhouseError(
            f"Nothing was known at {instant:%Y-%m-%d %H:%M:%S} UTC: the first rows were received at "
            f"{first:%Y-%m-%d %H:%M:%S} UTC. Name a later instant."
        )
    return int(last)


def copy_received(settings: Settings, copied: Settings, batch_id: int) -> None:
    """Write a raw database with the rows of the batches up to one.

    Args:
        settings: Settings of the home.
        copied: Settings of the home that gets the copy; it must not have a raw database.
        batch_id: The last batch to copy.

    Raises:
        OrderhouseError: Another process writes to the raw database.
    """
    open_raw(copied).close()
    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        location = str(copied.raw_db).replace("'", "''")
        raw.execute(f"attach '{location}' as copied")
        raw.execute("use copied")
        copied_until = {"batch": batch_id}
        kept = _names(raw, "raw")
        for ledger, columns in RAW_LEDGERS.items():
            if ledger not in kept:  # a home that an earlier release wrote last
                continue
            until = "batch_id <= $batch" if "batch_id" in columns else ERASED_BY_THEN
            raw.execute(_insert("raw", ledger, until), copied_until)
        raw.execute(_insert("received", "loads", "batch_id <= $batch"), copied_until)
        for feed in _names(raw, "received"):
            if feed == "loads":
                continue
            raw.execute(_insert("received", feed, "_load_id in (select load_id from received.loads)"))
        raw.execute("use held")
        raw.execute("detach copied")


def _insert(schema: str, table: str, condition: str) -> str:
    name = f"{schema}.{quote(table)}"
    return f"insert into {name} by name select * from held.{name} where {condition}"  # noqa: S608 - our own names


def _names(raw: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    found = raw.execute(
        "select table_name from duckdb_tables() where schema_name = ? and database_name = 'held' order by 1", [schema]
    ).fetchall()
    return [name for (name,) in found]
