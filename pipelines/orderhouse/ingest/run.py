"""One ingest run: find files, skip what is known, read, screen and load the rest, and say what happened.

The caller holds the warehouse's lock. What a step does belongs to the step's own module.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orderhouse.ingest.ahead import read_ahead
from orderhouse.ingest.discovery import Found, Unit, find, shown_path
from orderhouse.ingest.ledger import Known, Ledger, declare
from orderhouse.ingest.loading import Loader
from orderhouse.ingest.results import FileReport, IngestResult, Progress, ProgressCallback
from orderhouse.originals import Originals
from orderhouse.settings import Settings
from orderhouse.sources import FORMATS
from orderhouse.sources.config import Source, SourcesFile, load_sources
from orderhouse.sources.files import FileRejected, FileVanished, SourceFile, local_file
from orderhouse.vault import Vault, open_vault
from orderhouse.warehouse import open_raw

__all__ = ["ingest"]


def ingest(settings: Settings, *, progress: ProgressCallback | None = None) -> IngestResult:
    """Load every file that the sources file names and that is not known yet. Running it again changes nothing.

    Args:
        settings: Names the home and the sources file.
        progress: Called after each file.

    Raises:
        OrderhouseError: The sources file is wrong, or the warehouse or the vault cannot be opened.
    """
    declared = load_sources(settings.sources_file)
    with open_vault(settings) as vault:
        connection = open_raw(settings)
        if settings.sources is not None:
            settings.sources_note.write_text(str(settings.sources), encoding="utf-8")
        try:
            return _Run(settings, declared, connection, vault, progress).go()
        finally:
            connection.close()


class _Run:
    def __init__(
        self,
        settings: Settings,
        declared: SourcesFile,
        connection: duckdb.DuckDBPyConnection,
        vault: Vault,
        progress: ProgressCallback | None,
    ) -> None:
        self.settings = settings
        self.declared = declared
        self.connection = connection
        self.vault = vault
        self.progress = progress
        self.originals = Originals(settings, vault.keys)
        self.ledger = Ledger(connection)
        connection.execute("set wal_autocheckpoint = '1TB'")
        self.reports: list[FileReport] = []
        self.notes: list[str] = []
        self.rows = 0
        (last,) = connection.execute("select coalesce(max(batch_id), 0) from raw.batches").fetchone() or (0,)
        now = datetime.now(UTC).replace(tzinfo=None)
        self.loader = Loader(connection, vault, self.ledger, last + 1, now)

    def go(self) -> IngestResult:
        found = {name: find(source) for name, source in self.declared.sources.items()}
        for each in found.values():
            self.notes += each.notes
        total = sum(len(each.groups) for each in found.values())
        try:
            with ThreadPoolExecutor(1, thread_name_prefix="originals") as keeper:
                for done, unit in enumerate(self._new_units(found), 1):
                    self._load(unit, keeper)
                    self._tell(unit, done, total)
                self._report(self.loader.commit())
            self._declare(found)
        except BaseException:
            self.loader.abandon()
            raise
        self._finish()
        self._obey()
        self.originals.prune()
        batch_id = self.loader.batch_id if self.loader.has_written else None
        return IngestResult(batch_id, self.reports, self.notes)

    def _new_units(self, found: dict[str, Found]) -> Iterator[Unit]:
        """Files and bundles that are not known, or known under another mapping; the rest is reported as skipped."""
        for name, source in self.declared.sources.items():
            present: set[str] = set()
            taken: dict[str, str] = {}
            for group in found[name].groups:
                unit = self._identified(source, group)
                if unit is None:
                    continue
                present |= {file.file_id for file in unit.files}
                if unit.unit_id in taken:
                    self._skip(unit, f"The same content as {taken[unit.unit_id]}.")
                    continue
                taken[unit.unit_id] = unit.files[0].path
                known = self.ledger.known(name, unit.unit_id)
                if known and known.mapping_version == source.mapping_version:
                    self._skip(unit, _recognised(known, unit))
                else:
                    yield unit
            yield from self._outdated(source, present)

    def _identified(self, source: Source, group: list[Path]) -> Unit | None:
        files: list[SourceFile] = []
        for path in group:
            shown = shown_path(source, path)
            try:
                file = local_file(path)
            except FileVanished:
                self._vanished(source, shown)
                return None
            except FileRejected as error:
                self.notes.append(f"{shown}: {error.reason}")
                self.reports.append(FileReport(source.name, shown, "", "rejected", reason=error.reason))
                return None
            files.append(SourceFile(shown, file.file_id, file.size_bytes, file.opener))
        return Unit(source, files, is_bundle=FORMATS[source.format].is_bundle)

    def _outdated(self, source: Source, present: set[str]) -> Iterator[Unit]:
        """What was loaded under another mapping and lies nowhere any more is read again from the vault."""
        for unit in self.ledger.outdated(source, present):
            lost = [known for known in unit if not self.originals.has(known.file_id)]
            if lost:
                self.notes.append(
                    f"{lost[0].path} was loaded under an earlier mapping of {source.name} and can no longer be read: "
                    "its rows stay as they were. Put the file back to have them mapped anew."
                )
                continue
            files = [self.originals.file(known.file_id, known.path, known.size_bytes) for known in unit]
            yield Unit(source, files, is_bundle=unit[0].bundle_id is not None)

    def _load(self, unit: Unit, keeper: ThreadPoolExecutor) -> None:
        kept: list[Future[None]] = [keeper.submit(self.originals.keep, file) for file in unit.files]
        self.loader.begin_unit()
        try:
            self._read_into(unit)
            for future in kept:
                future.result()
            self._report(self.loader.finish_unit(unit))
        except FileVanished as error:
            self.loader.drop_unit(unit)
            self._vanished(unit.source, str(error))
        except FileRejected as error:
            self.loader.reject_unit(unit, error.reason)

    def _read_into(self, unit: Unit) -> None:
        for rows in read_ahead(FORMATS[unit.source.format].read(unit.source, unit.files)):
            self.loader.add(unit, rows)
            self.rows += rows.frame.height if rows.role == "primary" else 0

    def _declare(self, found: dict[str, Found]) -> None:
        feeds = {
            name: source.covers if source.covers is not None else self._answered(source, found[name])
            for name, source in self.declared.sources.items()
        }
        self.connection.execute("begin")
        changed = declare(self.connection, self.declared.sources.values(), feeds, self.loader.batch_id)
        if changed:
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

    def _obey(self) -> None:
        """Originals of this run that hold an erased person are redacted."""
        if not self.vault.suppressed():
            return
        from orderhouse.erasure.obeying import obey_lately  # it reads files by formats, as this module does

        obey_lately(self.settings, self.connection, self.declared.sources, self.vault)

    def _finish(self) -> None:
        """One checkpoint at the end: left to itself DuckDB makes several, each as long as this one."""
        if self.loader.has_written:
            self.connection.execute(
                "update raw.batches set finished_at = ? where batch_id = ?",
                [datetime.now(UTC).replace(tzinfo=None), self.loader.batch_id],
            )
            self.connection.execute("checkpoint")

    def _report(self, reports: list[FileReport]) -> None:
        self.reports += reports
        for report in reports:
            if report.status == "rejected":
                self.notes.append(f"{report.path} was not taken: {report.reason}")
            elif report.reason:
                self.notes.append(f"{report.path}: {report.reason}")
            if report.ignored_columns:
                self.notes.append(f"{report.path}: nothing is taken from {', '.join(report.ignored_columns)}.")

    def _skip(self, unit: Unit, reason: str) -> None:
        for file in unit.files:
            self.reports.append(FileReport(unit.source.name, file.path, file.file_id, "skipped", reason=reason))
        if not reason.startswith("Loaded"):
            self.notes.append(f"{unit.files[0].path} was skipped: {reason}")

    def _vanished(self, source: Source, path: str) -> None:
        reason = "It was there when the run began and was gone when it was to be read."
        self.reports.append(FileReport(source.name, path, "", "vanished", reason=reason))
        self.notes.append(f"{path} was not loaded: {reason}")

    def _tell(self, unit: Unit, done: int, total: int) -> None:
        if self.progress:
            path = unit.files[0].path
            self.progress(Progress(done, max(done, total), self.rows, unit.source.name, path))


def _recognised(known: Known, unit: Unit) -> str:
    paths = {file.path for file in unit.files}
    if known.status == "rejected":
        return f"Rejected in batch {known.batch_id}: {known.reason}"
    if known.path in paths:
        return f"Loaded in batch {known.batch_id}."
    return f"Recognised by its content: it was loaded in batch {known.batch_id} as {known.path}."
