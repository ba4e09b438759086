"""One ingest run: find files, skip known ones, read, screen and load the rest, and report on each.

The caller holds the run lock and owns the connections. This module only orders the steps; each step has a module of
its own. Repairs and erasures that follow an ingest belong to `orderhouse.receive`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.files.limits import limits_of
from orderhouse.files.object_stores import StoreRefused
from orderhouse.files.source_files import FileRejected, FileUnreadable, FileUnsettled, FileVanished, SourceFile, refuse
from orderhouse.files.store_files import StoreFiles
from orderhouse.ingest.arrivals import Arrivals
from orderhouse.ingest.controls import Check, write_checks
from orderhouse.ingest.discovery import Found, Unit, find, shown_path
from orderhouse.ingest.hash_cache import HashCache
from orderhouse.ingest.ledger import KnownFile, Ledger, declare
from orderhouse.ingest.loaded_files import LoadedFiles
from orderhouse.ingest.loading import Loader
from orderhouse.ingest.mapping_notes import MappingNotes
from orderhouse.ingest.prefetch import one_ahead, read_ahead
from orderhouse.ingest.repairs_in_force import RecordRepairs
from orderhouse.ingest.reporting import RunReport, no_original_note, skip_reason
from orderhouse.ingest.results import FileReport, IngestResult, Progress, ProgressCallback
from orderhouse.ingest.table_batches import fetch_batches
from orderhouse.settings import Settings
from orderhouse.sources.config.declaration import Source, SourcesFile
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import Vault

__all__ = ["ingest"]

# For a smaller file, the exchange between threads takes longer than the reading.
READ_AHEAD_BYTES = 1 << 20
TOO_LITTLE_MEMORY = "It needs more memory than this machine has now; it is left for the next run."


def ingest(
    settings: Settings,
    declared: SourcesFile,
    connection: duckdb.DuckDBPyConnection,
    vault: Vault,
    originals: Originals,
    progress: ProgressCallback | None = None,
) -> IngestResult:
    """Load every file that the sources file names and that is not loaded yet.

    A second run over the same files changes nothing. Instants are stored in UTC.

    Args:
        settings: Settings of the home.
        declared: The declared sources.
        connection: The raw database, open for writing.
        vault: Store of personal values.
        originals: Store of the files as received.
        progress: Called after each file.

    Returns:
        The batch that was written, a report for every file, and notes for a person.

    Raises:
        RowsUnaccounted: The counts of a file do not add up. Its transaction is rolled back.
    """
    return _Run(settings, declared, connection, vault, originals, progress).execute()


class _Run:
    """State of one ingest run."""

    def __init__(
        self,
        settings: Settings,
        declared: SourcesFile,
        connection: duckdb.DuckDBPyConnection,
        vault: Vault,
        originals: Originals,
        progress: ProgressCallback | None,
    ) -> None:
        self.declared = declared
        self.connection = connection
        self.progress = progress
        self.originals = originals
        self.loaded_files = LoadedFiles(self.originals)
        self.limits = limits_of(settings)
        self.stores = StoreFiles()
        hashes = HashCache(settings.hash_cache_file)
        self.arrivals = Arrivals(self.stores, settings.incoming, hashes, settings.settle_seconds)
        self.repairs = RecordRepairs(connection, vault)
        self.ledger = Ledger(connection, self.repairs)
        # `finish_batch` makes the one checkpoint of the run; automatic ones would each take as long.
        connection.execute("set wal_autocheckpoint = '1TB'")
        self.left: list[Unit] = []
        self.report = RunReport()
        self.mapping = MappingNotes()
        self.late_checks: list[Check] = []
        self.rows = 0
        (last,) = connection.execute("select coalesce(max(batch_id), 0) from raw.batches").fetchone() or (0,)
        now = datetime.now(UTC).replace(tzinfo=None)
        self.loader = Loader(connection, vault, self.ledger, last + 1, now)

    def execute(self) -> IngestResult:
        """Run all steps and return the result."""
        self._fetch_tables()
        found = {name: find(source, self.stores) for name, source in self.declared.sources.items()}
        for name, each in found.items():
            self.report.notes += each.notes
            self.report.reports += [
                FileReport(name, path, "", "unreachable", reason=why) for path, why in each.refused.items()
            ]
        total = sum(len(each.groups) for each in found.values())
        try:
            with (
                ThreadPoolExecutor(1, thread_name_prefix="reading") as reader,
                ThreadPoolExecutor(1, thread_name_prefix="originals") as keeper,
                ThreadPoolExecutor(1, thread_name_prefix="hashing") as hasher,
            ):
                reading = ((unit, self._start_reading(unit, reader)) for unit in self._new_units(found, hasher))
                for done, (unit, rows) in enumerate(one_ahead(reading), 1):
                    self._load(unit, rows, keeper)
                    self._report_progress(unit, done, total)
                self.report.add_files(self.loader.commit())
            self._write_declarations(found)
        except BaseException:
            self.loader.abandon()
            raise
        finally:
            self.loader.close()
        self.loader.finish_batch()
        checks = [*self.loader.checks, *self.late_checks]
        self.report.notes += self.mapping.misfits()
        self.report.note_moved()
        self.report.note_refused_before()
        self.report.note_personal(self.loader.personal)
        self.report.note_failed_controls(self.declared.sources.values(), checks)
        self.arrivals.close([address for each in found.values() for address in each.addresses])
        batch_id = self.loader.batch_id if self.loader.has_written else None
        failed = sum(check.status == "failed" for check in checks)
        return IngestResult(batch_id, self.report.reports, self.report.notes, len(checks), failed)

    def _new_units(self, found: dict[str, Found], hasher: ThreadPoolExecutor) -> Iterator[Unit]:
        """Yield the files and bundles to load; report the others as skipped.

        A unit is loaded if it is new, if its mapping or the repairs of its records changed, or if it was rejected for
        control totals that changed.
        """
        for name, source in self.declared.sources.items():
            present: set[str] = set()
            taken: dict[str, Unit] = {}
            identified = (self._identify(source, group, found[name]) for group in found[name].groups)
            for unit in read_ahead(identified, hasher, steps=1):
                if unit is None:
                    continue
                present |= {file.file_id for file in unit.files}
                same = taken.get(unit.unit_id)
                if same is not None and same not in self.left:
                    self._skip(unit, f"The same content as {same.files[0].path}.")
                    continue
                taken[unit.unit_id] = unit
                known = self.ledger.known(name, unit.unit_id)
                ids = [file.file_id for file in unit.files]
                if known and self.ledger.is_up_to_date(source, known, ids) and not self._may_retry(known, unit):
                    self._check_late(known, unit)
                    self._skip(unit, skip_reason(known, unit))
                else:
                    yield unit
            yield from self._outdated_units(source, present)

    def _may_retry(self, known: KnownFile, unit: Unit) -> bool:
        return known.status == "rejected" and self.loader.controls.may_retry(unit)

    def _check_late(self, known: KnownFile, unit: Unit) -> None:
        """Check a loaded file against control totals that arrived or were corrected after it was loaded."""
        if known.status == "loaded" and self.loader.controls.is_unchecked(unit):
            try:
                self.late_checks += self.loader.controls.check_late(unit)
            except (FileVanished, FileUnsettled):
                pass  # the next run tries again
            except StoreRefused as error:
                self.report.notes.append(f"{unit.files[0].path}: its control totals were not checked: {error.reason}")

    def _identify(self, source: Source, group: list[str], found: Found) -> Unit | None:
        """Return the unit of a group of paths; None, with a note, if one of its files cannot be read now."""
        files: list[SourceFile] = []
        for path in group:
            listed = found.objects.get(path)
            try:
                file = self.arrivals.identify(source, path, listed)
                files.append(replace(self.repairs.with_patches(source.name, file), limits=self.limits))
                side = self.arrivals.side_file(source, path, listed)
            except (FileVanished, FileUnsettled, FileUnreadable, StoreRefused) as error:
                self.report.add_not_loaded(source, shown_path(source, path), error)
                return None
            self.loader.controls.register(source, files[-1], side, is_only_file=len(found.paths) == 1)
        return Unit(source, files, is_bundle=FORMATS[source.format].is_bundle)

    def _outdated_units(self, source: Source, present: set[str]) -> Iterator[Unit]:
        """Yield the units to be reread from their retained originals, because their files are gone from the source.

        They were loaded under another mapping, or repairs of their records changed since. A unit without an original
        gets a note.
        """
        for unit in self.ledger.outdated(source, present):
            files = [self.loaded_files.original(known) for known in unit]
            lost = [known for known, file in zip(unit, files, strict=True) if file is None]
            if lost:
                self.report.notes.append(no_original_note(source, lost[0]))
                continue
            patched = [
                replace(self.repairs.with_patches(source.name, file), limits=self.limits)
                for file in files
                if file is not None
            ]
            yield Unit(source, patched, is_bundle=unit[0].bundle_id is not None)

    def _start_reading(self, unit: Unit, reader: ThreadPoolExecutor) -> Iterator[FeedRows]:
        """Return the unit's rows; start to read a large unit at once, in another thread."""
        read = FORMATS[unit.source.format].read(unit.source, unit.files)
        is_small = sum(file.size_bytes for file in unit.files) < READ_AHEAD_BYTES
        return read if is_small else read_ahead(read, reader)

    def _load(self, unit: Unit, rows: Iterator[FeedRows], keeper: ThreadPoolExecutor) -> None:
        """Load a unit. If one of its files changed meanwhile, drop the unit, so that the next run tries again."""
        kept: list[Future[None]] = [keeper.submit(self.originals.keep, file) for file in unit.files]
        self.loader.begin_unit(unit)
        try:
            with self._refused_if_changed(unit):
                self._read_into_loader(unit, rows)
                for future in kept:
                    future.result()
            self.report.notes += self.repairs.notes(unit.source.name, unit.files)
            self.report.add_files(self.loader.finish_unit(unit))
        except (FileVanished, FileUnsettled, FileUnreadable, StoreRefused) as error:
            wait(kept)
            self.loader.drop_unit(unit)
            self.left.append(unit)
            path = str(error) if isinstance(error, FileVanished) else unit.files[0].path
            self.report.add_not_loaded(unit.source, path, error)
        except MemoryError:
            wait(kept)
            self.loader.drop_unit(unit)
            self.left.append(unit)
            self.report.add_not_loaded(unit.source, unit.files[0].path, FileUnreadable(TOO_LITTLE_MEMORY))
        except FileRejected as error:
            wait(kept)
            self.loader.reject_unit(unit, error.reason)
        finally:
            self.arrivals.release(unit)

    @contextlib.contextmanager
    def _refused_if_changed(self, unit: Unit) -> Iterator[None]:
        """Raise FileUnsettled or FileVanished if a file changed while it was read, in place of any other error."""
        try:
            yield
        except Exception:
            self.arrivals.refuse_changed(unit)
            raise
        self.arrivals.refuse_changed(unit)

    def _read_into_loader(self, unit: Unit, read: Iterator[FeedRows]) -> None:
        count = 0
        for rows in read:
            count += rows.frame.height if rows.role == "primary" else 0
            refuse(self.limits.refusal_of_rows(count))
            self.mapping.add(unit.source, rows)
            self.loader.add(unit, rows)
            self.rows += rows.frame.height if rows.role == "primary" else 0

    def _fetch_tables(self) -> None:
        """Copy new rows of databases into the folders of their sources; a database that cannot be read gets a note."""
        for name, source in self.declared.sources.items():
            if source.table is None:
                continue
            try:
                fetch_batches(source, source.table)
            except OrderhouseError as error:
                reason = error.reason if isinstance(error, StoreRefused) else error.message
                self.report.notes.append(f"Source {name} could not be read: {error.message}")
                self.report.reports.append(FileReport(name, source.table.name, "", "unreachable", reason=reason))

    def _write_declarations(self, found: dict[str, Found]) -> None:
        """Write the declarations of the sources file and the checks of late control totals, in one transaction."""
        feeds = {
            name: source.covers if source.covers is not None else self._feeds_of(source, found[name])
            for name, source in self.declared.sources.items()
        }
        self.connection.execute("begin")
        changed = declare(self.connection, self.declared.sources.values(), feeds, self.loader.batch_id)
        write_checks(self.connection, self.late_checks, self.loader.batch_id, self.loader.received_at)
        if changed or self.late_checks:
            self.loader.ensure_batch()
        self.connection.execute("commit")

    def _feeds_of(self, source: Source, found: Found) -> list[str]:
        """Return the feeds of a source by its format.

        Where the names of files tell their feeds, add the feeds of the files loaded before.
        """
        feeds = FORMATS[source.format].feeds(source, found.paths)
        if FORMATS[source.format].covers or source.feed:
            return feeds
        earlier = self.connection.execute(
            "select distinct feed from raw.files where source = ? and feed is not null and status = 'loaded'",
            [source.name],
        ).fetchall()
        return sorted({*feeds, *(feed for (feed,) in earlier)})

    def _skip(self, unit: Unit, reason: str) -> None:
        self.arrivals.release(unit)
        self.report.add_skipped(unit, reason)

    def _report_progress(self, unit: Unit, done: int, total: int) -> None:
        if self.progress:
            path = unit.files[0].path
            self.progress(Progress(done, max(done, total), self.rows, unit.source.name, path))
