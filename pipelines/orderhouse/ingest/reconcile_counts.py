"""Reconciliation of the counts of a transaction: rows in = accepted + duplicate + quarantined, for every part.

This module counts what is stored and makes the ledger lines. Writing them belongs to `ledger`.
"""

from __future__ import annotations

from collections import Counter

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.ingest.ledger import LedgerLine
from orderhouse.ingest.results import FileReport
from orderhouse.ingest.transaction import Part, Transaction
from orderhouse.storage.sql_names import quote

__all__ = ["RowsUnaccounted", "settle"]


class RowsUnaccounted(OrderhouseError):
    """Rows of a file are neither accepted, duplicate nor quarantined. The transaction is rolled back."""


def settle(connection: duckdb.DuckDBPyConnection, opened: Transaction) -> list[LedgerLine]:
    """Return the ledger lines of a transaction whose rows have been inserted.

    Raises:
        RowsUnaccounted: The rows stored and quarantined of a file are not the rows received.
    """
    duplicates: Counter[int] = Counter()
    for feed, parts in opened.by_feed().items():
        if any(part.rows_in != part.quarantined for part in parts):
            duplicates |= _duplicates_of(connection, feed, parts)
    loaded = [_line(opened, part, duplicates[part.number]) for unit in opened.units for part in opened.parts_of(unit)]
    return [*loaded, *_rejections(opened)]


def _duplicates_of(connection: duckdb.DuckDBPyConnection, feed: str, parts: list[Part]) -> Counter[int]:
    """Return the number of duplicates per part; raise if a part's rows are not all stored or quarantined."""
    rows = connection.execute(
        f"select _load_id, count(*), count(*) filter (_is_duplicate) from received.{quote(feed)} "  # noqa: S608
        "where _load_id >= $first group by all",
        {"first": min(part.number for part in parts)},
    ).fetchall()
    stored = {load_id: (count, repeats) for load_id, count, repeats in rows}
    found: Counter[int] = Counter()
    for part in parts:
        count, repeats = stored.get(part.number, (0, 0))
        if count != part.rows_in - part.quarantined:
            raise _unaccounted(part, count)
        found[part.number] = repeats
    return found


def _rejections(opened: Transaction) -> list[LedgerLine]:
    return [
        LedgerLine(
            unit,
            file,
            FileReport(unit.source.name, file.path, file.file_id, "rejected", unit.source.feed, reason=reason),
        )
        for unit, reason in opened.rejected
        for file in unit.files
    ]


def _line(opened: Transaction, part: Part, duplicate: int) -> LedgerLine:
    """Return the ledger line of a part."""
    is_empty = part.role == "primary" and not any(other.rows_in for other in opened.parts_of(part.unit))
    report = FileReport(
        source=part.unit.source.name,
        path=part.file.path,
        file_id=part.file.file_id,
        status="loaded",
        feed=part.feed,
        role=part.role,
        rows_in=part.rows_in,
        accepted=part.rows_in - part.quarantined - duplicate,
        duplicate=duplicate,
        quarantined=part.quarantined,
        reason="The file has no rows." if is_empty else None,
        ignored_columns=part.ignored,
    )
    return LedgerLine(part.unit, part.file, report)


def _unaccounted(part: Part, stored: int) -> RowsUnaccounted:
    return RowsUnaccounted(
        f"{part.file.path} (source {part.unit.source.name}) gave {part.rows_in} rows of {part.feed}, but {stored} were "
        f"stored and {part.quarantined} quarantined. The transaction was rolled back. Run again; if the error comes "
        "back, report it with the file."
    )
