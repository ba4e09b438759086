"""Settling a transaction: every row of it is somewhere, and the ledger's lines say how many are where."""

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
    """Rows of a file are neither accepted, duplicate nor quarantined; nothing of the transaction is kept."""


def settle(connection: duckdb.DuckDBPyConnection, opened: Transaction) -> list[LedgerLine]:
    """The ledger's lines of a transaction whose rows have been put in.

    Raises:
        RowsUnaccounted: Rows of a file are nowhere.
    """
    duplicates: Counter[int] = Counter()
    for feed, parts in opened.by_feed().items():
        if any(part.rows_in != part.quarantined for part in parts):
            duplicates |= _duplicates_of(connection, feed, parts)
    loaded = [_line(opened, part, duplicates[part.number]) for unit in opened.units for part in opened.parts_of(unit)]
    return [*loaded, *_rejections(opened)]


def _duplicates_of(connection: duckdb.DuckDBPyConnection, feed: str, parts: list[Part]) -> Counter[int]:
    """Duplicates per part, after making sure that what was not quarantined is in the table."""
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
        f"stored and {part.quarantined} quarantined. Nothing of it was kept, nor of what was to be committed with it. "
        "Rows in must be accepted + duplicate + quarantined: run again, and if it is the same, report the file."
    )
