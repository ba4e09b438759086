"""Loading: screened rows, quarantined rows and the ledger's lines go into the raw tables in one transaction.

Units are gathered until a row budget is reached, so that many small files share a transaction; a unit is never
divided between two. Before a commit the vault has every value that the rows' tokens stand for.
"""

from __future__ import annotations

import contextlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import polars as pl
import pyarrow as pa

from orderhouse.faults import checkpoint
from orderhouse.ingest.background_writer import WriteBehind
from orderhouse.ingest.controls import Check, Controls, write_checks
from orderhouse.ingest.discovery import Unit
from orderhouse.ingest.drift import observe, write_seen
from orderhouse.ingest.duplicates import Compared, Duplicates
from orderhouse.ingest.ledger import Ledger, write_lines
from orderhouse.ingest.loads import Load, next_load, write_loads
from orderhouse.ingest.quarantine_lines import NAMED, quarantine_lines
from orderhouse.ingest.reconcile_counts import settle
from orderhouse.ingest.repairs_in_force import write_outcomes
from orderhouse.ingest.results import FileReport
from orderhouse.ingest.screening import PART, screen, screen_malformed
from orderhouse.ingest.superseding import create_superseded_tables, supersede_file
from orderhouse.ingest.transaction import Transaction
from orderhouse.sources.formats.format import FeedRows
from orderhouse.storage.sql_names import quote
from orderhouse.storage.warehouse import ROW_GROUP
from orderhouse.vault.vault import Vault

__all__ = ["Loader"]

ROW_BUDGET = 2_000_000
WAITING_ROWS = 100_000
ROWS_PER_INSERT = 16 * ROW_GROUP


class Loader:
    """Writes one batch. One unit at a time is begun, filled and either finished, rejected or dropped."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, vault: Vault, ledger: Ledger, batch_id: int, received_at: datetime
    ) -> None:
        self.connection = connection
        self.vault = vault
        self.ledger = ledger
        self.batch_id = batch_id
        self.received_at = received_at
        self.has_written = False
        self.controls = Controls(connection)
        self.checks: list[Check] = []
        self._reports: deque[FileReport] = deque()
        self._open = Transaction(first_part=next_load(connection))
        self._behind = WriteBehind()
        self._observing = ThreadPoolExecutor(1, thread_name_prefix="observing")
        self._comparing = ThreadPoolExecutor(1, thread_name_prefix="comparing")
        self._duplicates = Duplicates(connection, batch_id)
        create_superseded_tables(connection)

    def begin_unit(self, unit: Unit) -> None:
        """Start a file or bundle: what an earlier load of it put in no longer counts."""
        if not self._open.is_open:
            self._behind.submit(self._begin)
            self._open.is_open = True
        if any(self.ledger.was_loaded(unit.source.name, file.file_id) for file in unit.files):
            self._behind.submit(self._supersede, unit)

    def add(self, unit: Unit, rows: FeedRows) -> None:
        """Put rows of the unit in."""
        self._open.add(unit, rows)
        self.controls.count(unit, rows)
        if self._open.rows_waiting >= WAITING_ROWS:
            self._put_waiting()

    def finish_unit(self, unit: Unit) -> list[FileReport]:
        """The unit is complete; once enough has been gathered it is committed, behind.

        If its control totals do not hold and its source says so, it is rejected as a whole. Returns reports on what has
        been committed since they were last asked for.
        """
        checks = self.controls.check(unit)
        wrong = [check.detail for check in checks if check.status == "failed"]
        if wrong and unit.source.control.on_mismatch == "reject":
            self.reject_unit(unit, " ".join(wrong))
            checks = [replace(check, is_rejected=True) for check in checks]
        else:
            self._open.units.append(unit)
        self._open.checks += checks
        if self._open.rows >= ROW_BUDGET:
            self._close()
        return self._new_reports()

    def reject_unit(self, unit: Unit, reason: str) -> None:
        """Take back what the unit put in, and note it in the ledger as rejected."""
        self.drop_unit(unit)
        self._open.rejected.append((unit, reason))

    def drop_unit(self, unit: Unit) -> None:
        """Take back what the unit put in."""
        self._behind.wait()
        parts = self._open.parts_of(unit)
        for feed in {part.feed for part in parts if part.feed}:
            self._duplicates.forget(feed, [part.number for part in parts])
        for feed in {part.feed for part in parts if part.feed}:
            self.connection.execute(
                f"delete from received.{quote(feed)} where list_contains($loads, _load_id)",  # noqa: S608
                {"loads": [part.number for part in parts]},
            )
        self.connection.execute(
            "delete from raw.quarantine "
            "where batch_id = $batch and source = $source and list_contains($files, file_id)",
            {
                "batch": self.batch_id,
                "source": unit.source.name,
                "files": sorted(file.file_id for file in unit.files),
            },
        )
        self._open.forget(unit)
        create_superseded_tables(self.connection)
        for finished in self._open.units:
            self._supersede(finished)
        self.controls.forget(unit)

    def commit(self) -> list[FileReport]:
        """Commit all there is, and wait. Returns reports on what was committed since they were last asked for."""
        if self._open.units or self._open.rejected:
            self._close()
        self._behind.wait()
        self.abandon()
        return self._new_reports()

    def _begin(self) -> None:
        self.connection.execute("begin")

    def _close(self) -> None:
        """Store values in the vault, then have rows, quarantine and ledger committed together.

        Rows are still being put in while the values are stored, and the next rows are screened while these are
        committed: nothing is put in before that is done, as all of it happens in one thread.
        """
        opened = self._open
        self._put_waiting()
        for feed in list(opened.accepted):
            self._put_accepted(feed, all_of_them=True)
        self.vault.flush()
        self._behind.submit(self._commit, opened)
        self._open = Transaction(first_part=opened.next_part)

    def _commit(self, opened: Transaction) -> None:
        checkpoint("after_vault")
        lines = settle(self.connection, opened)
        loads = [
            Load(part.number, part.file.file_id, part.unit.source.name, part.unit.source.mapping_version)
            for part in opened.parts.values()
            if part.feed
        ]
        write_loads(self.connection, loads, self.batch_id, self.received_at)
        write_lines(self.connection, lines, self.batch_id, self.received_at)
        write_checks(self.connection, opened.checks, self.batch_id, self.received_at)
        seen = [observed.result() for observed in opened.seen]
        write_seen(self.connection, seen, opened.parts, self.batch_id)
        for unit in opened.units:
            for file in unit.files:
                write_outcomes(self.connection, unit.source.name, file, self.batch_id, self.received_at)
        self.ensure_batch()
        checkpoint("before_commit")
        self.connection.execute("commit")
        checkpoint("after_commit")
        self.checks += opened.checks
        self._reports.extend(line.report for line in lines)

    def _new_reports(self) -> list[FileReport]:
        return [self._reports.popleft() for _ in range(len(self._reports))]

    def finish_batch(self) -> None:
        """Say when the batch ended. One checkpoint: left to itself DuckDB makes several, each as long as this one."""
        if self.has_written:
            now = datetime.now(UTC).replace(tzinfo=None)
            self.connection.execute("update raw.batches set finished_at = ? where batch_id = ?", [now, self.batch_id])
            self.connection.execute("checkpoint")

    def ensure_batch(self) -> None:
        """Give the batch its line, with the first thing written in it."""
        if not self.has_written:
            self.connection.execute(
                "insert into raw.batches values ($batch, $at, null)", {"batch": self.batch_id, "at": self.received_at}
            )
            self.has_written = True

    def abandon(self) -> None:
        """Give up the open transaction, if there is one, as if it had never begun."""
        self._behind.give_up()
        if self._open.is_open:
            # After a failed write (a full disk) the database takes no more statements, and rolls back by being closed.
            with contextlib.suppress(duckdb.Error):
                self.connection.execute("rollback")
            with contextlib.suppress(duckdb.Error):
                self.vault.discard()
        self._open = Transaction(first_part=self._open.next_part)

    def close(self) -> None:
        """Let go of the database, once nothing is being looked at any more."""
        for beside in (self._observing, self._comparing):
            beside.shutdown(cancel_futures=True)
        self._duplicates.close()

    def _put_waiting(self) -> None:
        """Screen the rows that wait and put them into the tables of the open transaction."""
        bad: list[pl.DataFrame] = []
        for waiting in self._open.take_waiting():
            joined = waiting.joined()
            self._open.seen.append(self._observing.submit(observe, waiting, joined))
            screened = screen(waiting.feed, joined, waiting.source, self.vault, is_trimmed=waiting.is_trimmed)
            if screened.accepted.height:
                accepted = self._open.accepted.setdefault(waiting.feed, [])
                accepted.append(screened.accepted)
                if sum(frame.height for frame in accepted) >= ROWS_PER_INSERT:
                    self._put_accepted(waiting.feed, all_of_them=False)
            bad.append(screened.quarantined)
        if self._open.malformed:
            bad.append(screen_malformed(self._open.malformed, self.vault))
            self._open.malformed = []
        quarantined = pl.concat(bad) if bad else pl.DataFrame()
        if quarantined.height:
            lines = quarantine_lines(quarantined, self._open.parts, self.batch_id, self.received_at)
            self._behind.submit(self._insert, "raw.quarantine", _as_arrow(lines), NAMED)

    def _put_accepted(self, feed: str, *, all_of_them: bool) -> None:
        """Put accepted rows into their table, by whole row groups as long as more are to come.

        DuckDB writes whole row groups at once and anything else a second time at the checkpoint: orders took twice the
        processor time in slices that were a quarter longer than a row group.
        """
        rows = pl.concat(self._open.accepted.pop(feed))
        height = rows.height if all_of_them else rows.height // ROW_GROUP * ROW_GROUP
        if height:
            put = rows.head(height)
            compared = self._comparing.submit(self._duplicates.within_run, feed, put, put[PART])
            self._behind.submit(self._put, feed, put, compared)
        if height < rows.height:
            self._open.accepted[feed] = [rows.slice(height)]

    def _put(self, feed: str, accepted: pl.DataFrame, compared: Future[Compared]) -> None:
        """Put rows into their table."""
        repeats = self._duplicates.with_older(feed, accepted, compared.result())
        empty = [column.name for column in accepted.iter_columns() if column.null_count() == accepted.height]
        rows = _as_arrow(accepted.drop(empty).rename({PART: "_load_id"}))
        self._insert(f"received.{quote(feed)}", rows.append_column("_is_duplicate", repeats.to_arrow()))

    def _insert(self, table: str, rows: pa.Table, columns: str = "*") -> None:
        self.connection.register("incoming", _in_row_groups(rows))
        self.connection.execute(f"insert into {table} by name select {columns} from incoming")  # noqa: S608
        self.connection.unregister("incoming")

    def _supersede(self, unit: Unit) -> None:
        for file in unit.files:
            if self.ledger.was_loaded(unit.source.name, file.file_id):
                supersede_file(self.connection, unit.source.name, file.file_id, self.batch_id)


def _as_arrow(frame: pl.DataFrame) -> pa.Table:
    """Texts as views: as offsets each would be copied once more."""
    return frame.to_arrow(compat_level=pl.CompatLevel.newest())


def _in_row_groups(table: pa.Table) -> pa.Table:
    """Batches of whole row groups, which DuckDB's threads put in side by side; smaller ones go in one after the other.

    Only those that reach from one piece of the table into the next are copied.
    """
    batches = [
        batch
        for start in range(0, table.num_rows, ROW_GROUP)
        for batch in table.slice(start, ROW_GROUP).combine_chunks().to_batches()
    ]
    return pa.Table.from_batches(batches, schema=table.schema)
