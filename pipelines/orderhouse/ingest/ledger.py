"""Ledger of loaded files, and the declarations of the sources file.

This module reads and writes `raw.files`, and the sets that the sources file declares: `raw.sources`, `raw.coverage`,
`raw.serves`, `raw.write_back`, `raw.words`, `raw.numbered` and `raw.expected_intervals`. The rows of feeds belong to
`loading`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb
import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.files.source_files import SourceFile
from orderhouse.ingest.discovery import Unit
from orderhouse.ingest.repairs_in_force import RecordRepairs
from orderhouse.ingest.results import FileReport
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.config.promises import ALL_FEEDS, FILES, interval_seconds
from orderhouse.storage.raw_ledgers import RAW_LEDGERS

__all__ = ["KnownFile", "Ledger", "LedgerLine", "declare", "write_lines"]

Row = tuple[object, ...]


@dataclass(frozen=True)
class KnownFile:
    """Latest ledger line of a file of a source.

    Attributes:
        status: ``loaded`` or ``rejected``.
        record_repairs: Fingerprint of the repairs of its records that the load applied; None if there were none.
    """

    source: str
    file_id: str
    path: str
    size_bytes: int
    mapping_version: str
    status: str
    reason: str | None
    bundle_id: str | None
    batch_id: int
    record_repairs: str | None


@dataclass(frozen=True)
class LedgerLine:
    """Line of `raw.files` to be written: the report on one file and feed, and its unit."""

    unit: Unit
    file: SourceFile
    report: FileReport


class Ledger:
    """Content of `raw.files` when the run began."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, repairs: RecordRepairs) -> None:
        self._repairs = repairs
        rows = connection.execute(
            """
            select source, file_id, path, size_bytes, mapping_version, status, reason, bundle_id, batch_id,
                record_repairs
            from raw.files
            qualify row_number() over (partition by source, file_id order by batch_id desc, role nulls last, feed) = 1
            """
        ).fetchall()
        self._latest = {(source, file_id): KnownFile(source, file_id, *rest) for source, file_id, *rest in rows}
        self._bundles = {(source, known.bundle_id): known for (source, _), known in self._latest.items()}

    def known(self, source: str, unit_id: str) -> KnownFile | None:
        """Return the latest load of a file or bundle, by content; None if it is new."""
        return self._latest.get((source, unit_id)) or self._bundles.get((source, unit_id))

    def was_loaded(self, source: str, file_id: str) -> bool:
        """Return True if rows of this file may be in the tables."""
        known = self._latest.get((source, file_id))
        return known is not None and known.status == "loaded"

    def is_up_to_date(self, source: Source, known: KnownFile, files: Iterable[str]) -> bool:
        """Return True if a unit was loaded under the current mapping and with the current repairs of its records."""
        return known.mapping_version == source.mapping_version and not any(
            self.lacks_repairs(latest)
            for file_id in files
            if (latest := self._latest.get((source.name, file_id))) is not None
        )

    def outdated(self, source: Source, present: set[str]) -> list[list[KnownFile]]:
        """Return the units to be reread whose files are gone from the source, grouped as they were loaded.

        They were loaded under another mapping, or repairs of their records changed since.

        Args:
            source: The source.
            present: Content hashes of the files that the source has now.
        """
        units: dict[str, list[KnownFile]] = {}
        for (name, file_id), known in self._latest.items():
            if name == source.name and file_id not in present:
                units.setdefault(known.bundle_id or file_id, []).append(known)
        return [
            unit
            for unit in units.values()
            if not all(self.is_up_to_date(source, known, [known.file_id]) for known in unit)
        ]

    def loaded_with(self, source: str, file_id: str) -> list[KnownFile]:
        """Return a file and the files that were loaded together with it."""
        known = self._latest[source, file_id]
        if known.bundle_id is None:
            return [known]
        return [
            each for (name, _), each in self._latest.items() if name == source and each.bundle_id == known.bundle_id
        ]

    def lacks_repairs(self, known: KnownFile) -> bool:
        """Return True if the repairs of a file's records changed since it was loaded."""
        return known.record_repairs != self._repairs.fingerprint(known.source, known.file_id)


def write_lines(
    connection: duckdb.DuckDBPyConnection, lines: list[LedgerLine], batch_id: int, received_at: datetime
) -> None:
    """Append lines to `raw.files`; `received_at` is in UTC."""
    rows = [
        {
            "file_id": line.report.file_id,
            "source": line.report.source,
            "feed": line.report.feed,
            "path": line.report.path,
            "format": line.unit.source.format,
            "size_bytes": line.file.size_bytes,
            "mapping_version": line.unit.source.mapping_version,
            "batch_id": batch_id,
            "received_at": received_at,
            "rows_in": line.report.rows_in,
            "accepted": line.report.accepted,
            "duplicate": line.report.duplicate,
            "quarantined": line.report.quarantined,
            "status": line.report.status,
            "reason": line.report.reason,
            "ignored_columns": json.dumps(line.report.ignored_columns) if line.report.ignored_columns else None,
            "bundle_id": line.unit.bundle_id,
            "role": line.report.role,
            "record_repairs": line.file.patches.fingerprint if line.file.patches else None,
        }
        for line in lines
    ]
    types = {"VARCHAR": pl.String(), "BIGINT": pl.Int64(), "TIMESTAMP": pl.Datetime("us")}
    schema = {name: types[sql_type] for name, sql_type in RAW_LEDGERS["files"].items()}
    connection.register("incoming", pl.DataFrame(rows, schema=schema).to_arrow())
    connection.execute("insert into raw.files by name select * from incoming")
    connection.unregister("incoming")


def declare(
    connection: duckdb.DuckDBPyConnection, sources: Iterable[Source], feeds: dict[str, list[str]], batch_id: int
) -> bool:
    """Write the declarations of the sources. A table whose content changed gets a whole new set under the batch.

    A source that is no longer declared keeps its declarations if it has sent files.

    Args:
        connection: The raw database, in a transaction.
        sources: The declared sources.
        feeds: The feeds that each source covers, by its name.
        batch_id: The batch of a changed set.

    Returns:
        True if any table changed.
    """
    declared = list(sources)
    names = {source.name for source in declared}
    wanted: dict[str, list[Row]] = {
        "sources": [(each.name, each.format, each.mapping_version, each.priority) for each in declared],
        "coverage": [(each.name, feed) for each in declared for feed in feeds[each.name]],
        "serves": [(each.name, served) for each in declared for served in each.serves],
        "write_back": [
            (each.name, kind, each.actions_to.since)
            for each in declared
            if each.actions_to
            for kind in each.actions_to.kinds
        ],
        "words": [row for each in declared for row in _words(each)],
        "numbered": [row for each in declared for row in _numbered(each)],
        "expected_intervals": [row for each in declared for row in _intervals(each, feeds[each.name])],
    }
    changed = [_rewrite(connection, table, rows, names, batch_id) for table, rows in wanted.items()]
    return any(changed)


def _words(source: Source) -> list[Row]:
    rows: list[Row] = []
    for column, meanings in source.words.items():
        feed, _, name = column.rpartition(".")
        for candidate, contract in CONTRACTS.items():
            if name in contract.mapped() and candidate == (feed or source.feed or candidate):
                rows += [(source.name, candidate, name, word, meaning) for word, meaning in meanings.items()]
    return rows


def _numbered(source: Source) -> list[Row]:
    """Return the numbered ids by feed and column, and the numbered files by pattern, without a feed."""
    rows: list[Row] = []
    for feed, names in source.numbered.items():
        for name in names:
            rows.append((source.name, None, None, name) if feed == FILES else (source.name, feed, name, None))
    return rows


def _intervals(source: Source, feeds: list[str]) -> list[Row]:
    """Return the expected interval of each feed; a declaration for one feed overrides that for all feeds."""
    every = {feed: source.expect_every.get(feed, source.expect_every.get(ALL_FEEDS)) for feed in feeds}
    every |= {feed: text for feed, text in source.expect_every.items() if feed != ALL_FEEDS}
    return [(source.name, feed, text, interval_seconds(text)) for feed, text in every.items() if text is not None]


def _rewrite(
    connection: duckdb.DuckDBPyConnection, table: str, declared: list[Row], names: set[str], batch_id: int
) -> bool:
    """Write a declared set under the batch if it changed; return True if it did."""
    current = connection.execute(
        f"select * exclude (batch_id) from raw.{table} "  # noqa: S608
        f"where batch_id = (select max(batch_id) from raw.{table})"
    ).fetchall()
    sent = {name for (name,) in connection.execute("select distinct source from raw.files").fetchall()}
    kept = [row for row in current if row[0] not in names and row[0] in sent]
    wanted = set(declared) | set(kept)
    if wanted == {row for row in current if row[0] is not None}:
        return False
    columns = [*(name for name in RAW_LEDGERS[table] if name != "batch_id"), "batch_id"]
    # A row of nulls stands for the empty set, so that the batch of the change is known.
    rows = sorted(wanted, key=str) or [(None,) * (len(columns) - 1)]
    connection.executemany(
        f"insert into raw.{table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})",  # noqa: S608
        [(*row, batch_id) for row in rows],
    )
    return True
