"""Checks of the received rows: every row that the ledger counts is there, and every row belongs to a load."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from orderhouse.contracts import CONTRACTS
from orderhouse.doctor.findings import Finding
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record
from orderhouse.storage.home_identity import identity, lineage
from orderhouse.storage.sql_names import quote
from orderhouse.wording import counted

__all__ = ["check_identity", "check_ledger"]

FROM_BACKUP = "Restore the home from a backup, and report a defect with the output of this command."
SHOWN = 5


def check_identity(settings: Settings, raw: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Check that the raw database has an identity, and that the tables were built from its rows."""
    if identity(raw) is None:
        if _count(raw, "select count(*) from raw.batches"):
            yield Finding(
                str(settings.raw_db),
                "It has no identity yet, because an earlier release wrote it last.",
                "The next run gives it one.",
                is_hint=True,
            )
        return
    record = load_record(settings)
    if record is not None and lineage(raw, record.batch_id) != record.lineage:
        yield Finding(
            str(settings.warehouse_db),
            "The tables were not built from the rows that are there now.",
            "The next run builds them from empty files.",
            is_hint=True,
        )


def check_ledger(settings: Settings, raw: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Compare the ledger's counts with each other and with the stored rows, file by file."""
    where = str(settings.raw_db)
    unequal = raw.execute(
        "select path, feed, rows_in from raw.files where status = 'loaded' "
        "and rows_in is distinct from accepted + duplicate + quarantined order by all limit ?",
        [SHOWN],
    ).fetchall()
    for path, feed, rows_in in unequal:
        yield Finding(
            where,
            f"{path}: {counted(rows_in, 'row')} of {feed} came in, and other numbers are accounted for.",
            FROM_BACKUP,
        )
    for feed in CONTRACTS:
        yield from _lost_rows(where, raw, feed)
        orphans = _count(
            raw,
            f"select count(*) from received.{quote(feed)} "  # noqa: S608 - a name of a contract
            "where _load_id not in (select load_id from received.loads)",
        )
        if orphans:
            yield Finding(where, f"{counted(orphans, 'row')} of {feed} without a load.", FROM_BACKUP)


def _lost_rows(where: str, raw: duckdb.DuckDBPyConnection, feed: str) -> Iterator[Finding]:
    """Yield files of which fewer or more rows of a feed are stored than the ledger says."""
    rows = raw.execute(
        f"""
        with counted as (
            select source, file_id, batch_id, max(path) as path, sum(accepted + duplicate) as expected
            from raw.files where status = 'loaded' and feed = $feed
            group by all
        ),

        stored as (
            select loads.source, loads.file_id, loads.batch_id, count(*) as found
            from received.{quote(feed)} as rows inner join received.loads as loads on loads.load_id = rows._load_id
            group by all
        )

        select counted.path, counted.expected, coalesce(stored.found, 0)
        from counted left join stored using (source, file_id, batch_id)
        where counted.expected <> coalesce(stored.found, 0)
        order by all limit {SHOWN}
        """,  # noqa: S608 - a name of a contract
        {"feed": feed},
    ).fetchall()
    for path, expected, found in rows:
        yield Finding(
            where,
            f"{path}: the ledger counts {counted(expected, 'row')} of {feed}, and the number stored is {found:,}.",
            FROM_BACKUP,
        )


def _count(raw: duckdb.DuckDBPyConnection, query: str) -> int:
    ((count,),) = raw.execute(query).fetchall()
    return int(count)
