"""Loading: write screened rows, quarantined rows and ledger lines to the raw tables in one transaction.

Units are gathered until a row budget is reached, so that many small files share a transaction. A unit is never divided
between two transactions. The vault stores the values behind the rows' tokens before each commit. The rules of screening
belong to `screening`.
"""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import polars as pl
import pyarrow as pa

from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.ingest.background_writer import BackgroundWriter
from orderhouse.ingest.controls import Check, Controls, write_checks
from orderhouse.ingest.discovery import Unit
from orderhouse.ingest.drift import observe, write_seen
from orderhouse.ingest.duplicates import Compared, Duplicates
from orderhouse.ingest.ledger import Ledger, write_lines
from orderhouse.ingest.loads import Load, next_load, write_loads
from orderhouse.ingest.quarantine_lines import WITH_IDS, quarantine_lines
from orderhouse.ingest.reconcile_counts import settle
from orderhouse.ingest.repairs_in_force import write_outcomes
from orderhouse.ingest.results import FileReport
from orderhouse.ingest.screening import PART, Screened, screen, screen_malformed
from orderhouse.ingest.superseding import create_superseded_tables, supersede_file
from orderhouse.ingest.transaction import Transaction, Waiting
from orderhouse.sources.formats.format import FeedRows
from orderhouse.storage.sql_names import quote
from orderhouse.storage.warehouse import ROW_GROUP
from orderhouse.vault.vault import Vault

__all__ = ["Loader"]

ROW_BUDGET = 2_000_000
WAITING_ROWS = 100_000
ROWS_PER_INSERT = 16 * ROW_GROUP


class Loader:
    """Writer of one batch. Each unit is begun, filled, and then finished, rejected or dropped, one at a time."""

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
        self.personal: Counter[tuple[str, str, str]] = Counter()
        self._reports: deque[FileReport] = deque()
        self._open = Transaction(first_part=next_load(connection))
        self._behind = BackgroundWriter()
        self._observing = ThreadPoolExecutor(1, thread_name_prefix="observing")
        self._comparing = ThreadPoolExecutor(1, thread_name_prefix="comparing")
        self._duplicates = Duplicates(connection, batch_id)
        create_superseded_tables(connection)

    def begin_unit(self, unit: Unit) -> None:
        """Start a unit, and supersede the rows of its earlier loads."""
        if not self._open.is_open:
            self._behind.submit(self._begin)
            self._open.is_open = True
        if any(self.ledger.was_loaded(unit.source.name, file.file_id) for file in unit.files):
            self._behind.submit(self._supersede, unit)

    def add(self, unit: Unit, rows: FeedRows) -> None:
        """Add rows of the unit; screen the waiting rows once there are enough."""
        self._open.add(unit, rows)
        self.controls.count(unit, rows)
        if self._open.rows_waiting >= WAITING_ROWS:
            self._put_waiting()

    def finish_unit(self, unit: Unit) -> list[FileReport]:
        """Finish the unit, and commit in the background once enough rows are gathered.

        A unit whose control totals do not hold is rejected as a whole if its source declares so.

        Returns:
            Reports on the files committed since the last call.
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
        """Remove the rows of the unit, and write it to the ledger as rejected."""
        self.drop_unit(unit)
        self._open.rejected.append((unit, reason))

    def drop_unit(self, unit: Unit) -> None:
        """Remove the rows of the unit from the open transaction."""
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
        """Commit everything, wait for it, and return reports on the files committed since the last call."""
        if self._open.units or self._open.rejected:
            self._close()
        self._behind.wait()
        self.abandon()
        return self._new_reports()

    def _begin(self) -> None:
        self.connection.execute("begin")

    def _close(self) -> None:
        """Store values in the vault, then submit the commit of rows, quarantine and ledger.

        Rows are still being inserted while the values are stored, and the next rows are screened during the commit.
        All writes happen in one thread, in order, so the next rows are inserted after the commit.
        """
        opened = self._open
        self._put_waiting()
        for feed in list(opened.accepted):
            self._put_accepted(feed, all_of_them=True)
        self.vault.flush()
        self._behind.submit(self._commit, opened)
        self._open = Transaction(first_part=opened.next_part)

    def _commit(self, opened: Transaction) -> None:
        """Reconcile the counts, write the ledgers and commit; runs in the writing thread."""
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
        """Store the end of the batch, and make one checkpoint.

        DuckDB would otherwise make several checkpoints, each as long as this one.
        """
        if self.has_written:
            now = datetime.now(UTC).replace(tzinfo=None)
            self.connection.execute("update raw.batches set finished_at = ? where batch_id = ?", [now, self.batch_id])
            self.connection.execute("checkpoint")

    def ensure_batch(self) -> None:
        """Write the line of the batch, once, before the first commit in it."""
        if not self.has_written:
            self.connection.execute(
                "insert into raw.batches values ($batch, $at, null)", {"batch": self.batch_id, "at": self.received_at}
            )
            self.has_written = True

    def abandon(self) -> None:
        """Roll back the open transaction, if there is one."""
        self._behind.cancel()
        if self._open.is_open:
            # After a failed write (a full disk) DuckDB accepts no statements; closing the database rolls back.
            with contextlib.suppress(duckdb.Error):
                self.connection.execute("rollback")
            with contextlib.suppress(duckdb.Error):
                self.vault.discard()
        self._open = Transaction(first_part=self._open.next_part)

    def close(self) -> None:
        """Stop the threads and release the database."""
        for pool in (self._observing, self._comparing):
            pool.shutdown(cancel_futures=True)
        self._duplicates.close()

    def _put_waiting(self) -> None:
        """Screen the waiting rows and submit their inserts into the open transaction."""
        bad: list[pl.DataFrame] = []
        for waiting in self._open.take_waiting():
            joined = waiting.joined()
            self._open.seen.append(self._observing.submit(observe, waiting, joined))
            screened = self._screened(waiting, joined)
            if screened.accepted.height:
                accepted = self._open.accepted.setdefault(waiting.feed, [])
                accepted.append(screened.accepted)
                if sum(frame.height for frame in accepted) >= ROWS_PER_INSERT:
                    self._put_accepted(waiting.feed, all_of_them=False)
            is_kept = waiting.source.personal_values == "warn"
            for (part, column), count in screened.personal.items() if is_kept else ():
                place = (self._open.parts[part].file.path, waiting.feed, column)
                self.personal[place] += count
            bad.append(screened.quarantined)
        if self._open.malformed:
            bad.append(screen_malformed(self._open.malformed, self.vault))
            self._open.malformed = []
        quarantined = pl.concat(bad) if bad else pl.DataFrame()
        if quarantined.height:
            lines = quarantine_lines(quarantined, self._open.parts, self.batch_id, self.received_at)
            self._behind.submit(self._insert, "raw.quarantine", _as_arrow(lines), WITH_IDS)

    def _screened(self, waiting: Waiting, joined: pl.DataFrame) -> Screened:
        """Screen waiting rows. Name their files if that fails, because the failure itself names none."""
        try:
            return screen(waiting.feed, joined, waiting.source, self.vault, is_trimmed=waiting.is_trimmed)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            paths = list(dict.fromkeys(self._open.parts[number].file.path for number, _ in waiting.frames))
            more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
            raise OrderhouseError(
                f"Values of type or size that cannot be screened are in {', '.join(paths[:5])}{more}. "
                "Take the file out of the source's folder, and run `orderhouse ingest` again."
            ) from error

    def _put_accepted(self, feed: str, *, all_of_them: bool) -> None:
        """Submit the insert of accepted rows, in whole row groups; insert the rest only if `all_of_them` is set.

        DuckDB writes a partial row group a second time at the checkpoint: orders took twice the processor time in
        slices that were a quarter longer than a row group.
        """
        rows = pl.concat(self._open.accepted.pop(feed))
        height = rows.height if all_of_them else rows.height // ROW_GROUP * ROW_GROUP
        if height:
            put = rows.head(height)
            compared = self._comparing.submit(self._duplicates.compare_within_run, feed, put, put[PART])
            self._behind.submit(self._put, feed, put, compared)
        if height < rows.height:
            self._open.accepted[feed] = [rows.slice(height)]

    def _put(self, feed: str, accepted: pl.DataFrame, compared: Future[Compared]) -> None:
        """Mark duplicates and insert rows into the table of their feed."""
        repeats = self._duplicates.add_earlier_runs(feed, accepted, compared.result())
        # Columns without values are left out: `by name` fills them with nulls, faster than from a frame.
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
    """Return an Arrow table with texts as string views; as offsets, each text would be copied once more."""
    return frame.to_arrow(compat_level=pl.CompatLevel.newest())


def _in_row_groups(table: pa.Table) -> pa.Table:
    """Return the table in record batches of whole row groups, which DuckDB inserts in parallel.

    Smaller batches would be inserted one after the other. Only batches that span two chunks are copied.
    """
    batches = [
        batch
        for start in range(0, table.num_rows, ROW_GROUP)
        for batch in table.slice(start, ROW_GROUP).combine_chunks().to_batches()
    ]
    return pa.Table.from_batches(batches, schema=table.schema)
