"""One ingest run: find files, skip known ones, read, screen and load the rest, and report on each.

The caller holds the warehouse's lock and owns the connections. Each step belongs to its own module. Repairs and
erasures that follow an ingest belong to `orderhouse.receive`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime

import duckdb

from orderhouse.files.object_stores import StoreRefused
from orderhouse.files.source_files import FileRejected, FileUnreadable, FileUnsettled, FileVanished, SourceFile
from orderhouse.files.store_files import StoreFiles
from orderhouse.ingest.arrivals import Arrivals
from orderhouse.ingest.controls import Check, write_checks
from orderhouse.ingest.discovery import Found, Unit, find, shown_path
from orderhouse.ingest.hash_cache import HashCache
from orderhouse.ingest.ledger import Known, Ledger, declare
from orderhouse.ingest.loaded_files import LoadedFiles
from orderhouse.ingest.loading import Loader
from orderhouse.ingest.prefetch import one_ahead, read_ahead
from orderhouse.ingest.repairs_in_force import RecordRepairs
from orderhouse.ingest.reporting import Account, why_lost, why_skipped
from orderhouse.ingest.results import FileReport, IngestResult, Progress, ProgressCallback
from orderhouse.settings import Settings
from orderhouse.sources.config.declaration import Source, SourcesFile
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import Vault

__all__ = ["ingest"]

# Of a smaller file handing it from thread to thread takes longer than reading it.
READ_AHEAD_BYTES = 1 << 20


def ingest(
    settings: Settings,
    declared: SourcesFile,
    connection: duckdb.DuckDBPyConnection,
    vault: Vault,
    originals: Originals,
    progress: ProgressCallback | None = None,
) -> IngestResult:
    """Load every file that the sources file names and that is not known yet. Running it again changes nothing.

    Args:
        settings: Names the home.
        declared: The sources.
        connection: The raw database, open for writing.
        vault: Takes personal values.
        originals: Keeps the files as received.
        progress: Called after each file.
    """
    return _Run(settings, declared, connection, vault, originals, progress).go()


class _Run:
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
        self.stores = StoreFiles()
        hashes = HashCache(settings.hash_cache_file)
        self.arrivals = Arrivals(self.stores, settings.incoming, hashes, settings.settle_seconds)
        self.repairs = RecordRepairs(connection, vault)
        self.ledger = Ledger(connection, self.repairs)
        connection.execute("set wal_autocheckpoint = '1TB'")
        self.left: list[Unit] = []
        self.account = Account()
        self.late_checks: list[Check] = []
        self.rows = 0
        (last,) = connection.execute("select coalesce(max(batch_id), 0) from raw.batches").fetchone() or (0,)
        now = datetime.now(UTC).replace(tzinfo=None)
        self.loader = Loader(connection, vault, self.ledger, last + 1, now)

    def go(self) -> IngestResult:
        found = {name: find(source, self.stores) for name, source in self.declared.sources.items()}
        for name, each in found.items():
            self.account.notes += each.notes
            self.account.reports += [
                FileReport(name, path, "", "unreachable", reason=why) for path, why in each.refused.items()
            ]
        total = sum(len(each.groups) for each in found.values())
        try:
            with (
                ThreadPoolExecutor(1, thread_name_prefix="reading") as reader,
                ThreadPoolExecutor(1, thread_name_prefix="originals") as keeper,
                ThreadPoolExecutor(1, thread_name_prefix="hashing") as hasher,
            ):
                reading = ((unit, self._reading(unit, reader)) for unit in self._new_units(found, hasher))
                for done, (unit, rows) in enumerate(one_ahead(reading), 1):
                    self._load(unit, rows, keeper)
                    self._tell(unit, done, total)
                self.account.of_files(self.loader.commit())
            self._declare(found)
        except BaseException:
            self.loader.abandon()
            raise
        finally:
            self.loader.close()
        self.loader.finish_batch()
        checks = [*self.loader.checks, *self.late_checks]
        self.account.of_refused()
        self.account.of_controls(self.declared.sources.values(), checks)
        self.arrivals.close([address for each in found.values() for address in each.addresses])
        batch_id = self.loader.batch_id if self.loader.has_written else None
        failed = sum(check.status == "failed" for check in checks)
        return IngestResult(batch_id, self.account.reports, self.account.notes, len(checks), failed)

    def _new_units(self, found: dict[str, Found], hasher: ThreadPoolExecutor) -> Iterator[Unit]:
        """Files and bundles that are not known, or known under another mapping; the rest is reported as skipped."""
        for name, source in self.declared.sources.items():
            present: set[str] = set()
            taken: dict[str, Unit] = {}
            identified = (self._identified(source, group, found[name]) for group in found[name].groups)
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
                if known and self.ledger.is_up_to_date(source, known, ids) and not self._reopens(known, unit):
                    self._check_late(known, unit)
                    self._skip(unit, why_skipped(known, unit))
                else:
                    yield unit
            yield from self._outdated(source, present)

    def _reopens(self, known: Known, unit: Unit) -> bool:
        return known.status == "rejected" and self.loader.controls.reopens(unit)

    def _check_late(self, known: Known, unit: Unit) -> None:
        """Hold a file that is loaded against control totals that came, or were corrected, after it."""
        if known.status == "loaded" and self.loader.controls.is_unchecked(unit):
            try:
                self.late_checks += self.loader.controls.check_late(unit)
            except (FileVanished, FileUnsettled):
                pass  # the next run tries again
            except StoreRefused as error:
                self.account.notes.append(f"{unit.files[0].path}: its control totals were not checked: {error.reason}")

    def _identified(self, source: Source, group: list[str], found: Found) -> Unit | None:
        files: list[SourceFile] = []
        for path in group:
            listed = found.objects.get(path)
            try:
                file = self.arrivals.identify(source, path, listed)
                files.append(self.repairs.carried_by(source.name, file))
                side = self.arrivals.beside(source, path, listed)
            except (FileVanished, FileUnsettled, FileUnreadable, StoreRefused) as error:
                self.account.of_left(source, shown_path(source, path), error)
                return None
            self.loader.controls.look_beside(source, files[-1], side, is_only_file=len(found.paths) == 1)
        return Unit(source, files, is_bundle=FORMATS[source.format].is_bundle)

    def _outdated(self, source: Source, present: set[str]) -> Iterator[Unit]:
        """What was loaded otherwise and lies nowhere any more is read again from the vault."""
        for unit in self.ledger.outdated(source, present):
            files = [self.loaded_files.original(known) for known in unit]
            lost = [known for known, file in zip(unit, files, strict=True) if file is None]
            if lost:
                self.account.notes.append(why_lost(source, lost[0]))
                continue
            carried = [self.repairs.carried_by(source.name, file) for file in files if file is not None]
            yield Unit(source, carried, is_bundle=unit[0].bundle_id is not None)

    def _reading(self, unit: Unit, reader: ThreadPoolExecutor) -> Iterator[FeedRows]:
        """The unit's rows; a large one begins to be read at once."""
        read = FORMATS[unit.source.format].read(unit.source, unit.files)
        is_small = sum(file.size_bytes for file in unit.files) < READ_AHEAD_BYTES
        return read if is_small else read_ahead(read, reader)

    def _load(self, unit: Unit, rows: Iterator[FeedRows], keeper: ThreadPoolExecutor) -> None:
        """Load a unit, unless its files changed meanwhile: then it is as if they had not been there."""
        kept: list[Future[None]] = [keeper.submit(self.originals.keep, file) for file in unit.files]
        self.loader.begin_unit(unit)
        try:
            with self._judged_unchanged(unit):
                self._read_into(unit, rows)
                for future in kept:
                    future.result()
            self.account.notes += self.repairs.notes(unit.source.name, unit.files)
            self.account.of_files(self.loader.finish_unit(unit))
        except (FileVanished, FileUnsettled, FileUnreadable, StoreRefused) as error:
            wait(kept)
            self.loader.drop_unit(unit)
            self.left.append(unit)
            path = str(error) if isinstance(error, FileVanished) else unit.files[0].path
            self.account.of_left(unit.source, path, error)
        except FileRejected as error:
            wait(kept)
            self.loader.reject_unit(unit, error.reason)
        finally:
            self.arrivals.release(unit)

    @contextlib.contextmanager
    def _judged_unchanged(self, unit: Unit) -> Iterator[None]:
        """What is wrong with a file that changed while it was read is that it changed."""
        try:
            yield
        except Exception:
            self.arrivals.refuse_changed(unit)
            raise
        self.arrivals.refuse_changed(unit)

    def _read_into(self, unit: Unit, read: Iterator[FeedRows]) -> None:
        for rows in read:
            self.loader.add(unit, rows)
            self.rows += rows.frame.height if rows.role == "primary" else 0

    def _declare(self, found: dict[str, Found]) -> None:
        feeds = {
            name: source.covers if source.covers is not None else self._answered(source, found[name])
            for name, source in self.declared.sources.items()
        }
        self.connection.execute("begin")
        changed = declare(self.connection, self.declared.sources.values(), feeds, self.loader.batch_id)
        write_checks(self.connection, self.late_checks, self.loader.batch_id, self.loader.received_at)
        if changed or self.late_checks:
            self.loader.ensure_batch()
        self.connection.execute("commit")

    def _answered(self, source: Source, found: Found) -> list[str]:
        """What the format says, and for files named by feed also what earlier files were."""
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
        self.account.of_skipped(unit, reason)

    def _tell(self, unit: Unit, done: int, total: int) -> None:
        if self.progress:
            path = unit.files[0].path
            self.progress(Progress(done, max(done, total), self.rows, unit.source.name, path))
