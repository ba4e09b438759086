"""Report of an ingest run: one entry for each file, and notes for a person.

This module words the notes. Which files are loaded is decided in `run`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from orderhouse.files.object_stores import StoreRefused
from orderhouse.files.source_files import SIDE_FILE, FileUnreadable, FileUnsettled, FileVanished
from orderhouse.ingest.controls import Check
from orderhouse.ingest.discovery import Unit
from orderhouse.ingest.ledger import KnownFile
from orderhouse.ingest.results import FileReport, Status
from orderhouse.sources.config.declaration import Source

__all__ = ["RunReport", "no_original_note", "skip_reason"]


REFUSED = "Rejected"
SAME = "The same content was loaded"
SHOWN = 3


@dataclass
class RunReport:
    """Reports and notes of a run, in the order of events."""

    reports: list[FileReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    moved: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add_files(self, reports: Sequence[FileReport]) -> None:
        """Add files that were loaded or rejected."""
        self.reports += reports
        refused: dict[tuple[str, str | None], list[str]] = {}
        for report in reports:
            if report.status == "rejected":
                refused.setdefault((report.source, report.reason), []).append(report.path)
        for (_, reason), paths in refused.items():
            more = f" and {len(paths) - SHOWN:,} more" if len(paths) > SHOWN else ""
            self.notes.append(
                f"{', '.join(paths[:SHOWN])}{more} {'was' if len(paths) == 1 else 'were'} refused: {reason}"
            )
        for report in reports:
            if report.reason and report.status != "rejected":
                self.notes.append(f"{report.path}: {report.reason}")
            if report.ignored_columns:
                self.notes.append(f"{report.path}: columns not used: {', '.join(report.ignored_columns)}.")

    def add_skipped(self, unit: Unit, reason: str) -> None:
        """Add a unit that was skipped. A unit that was loaded before gets no note, since that is the usual case."""
        for file in unit.files:
            self.reports.append(FileReport(unit.source.name, file.path, file.file_id, "skipped", reason=reason))
        if reason.startswith(REFUSED):
            self.refused.append(unit.files[0].path)
        elif reason.startswith(SAME):
            self.moved.setdefault(unit.source.name, []).append((unit.files[0].path, reason))
        elif not reason.startswith("Loaded"):
            self.notes.append(f"{unit.files[0].path} was skipped: {reason}")

    def note_moved(self) -> None:
        """Add one note per source about files that were loaded before under other names."""
        for source, files in self.moved.items():
            path, reason = files[0]
            if len(files) == 1:
                self.notes.append(f"{path} was skipped: {reason}")
            else:
                self.notes.append(
                    f"Source {source}: {len(files):,} files were loaded before under other names and skipped, such as "
                    f"{path}. {reason}"
                )

    def note_refused_before(self) -> None:
        """Add one note about files that an earlier run refused and that are unchanged."""
        if not self.refused:
            return
        shown = ", ".join(self.refused[:SHOWN])
        more = f" and {len(self.refused) - SHOWN:,} more" if len(self.refused) > SHOWN else ""
        verb = "is" if len(self.refused) == 1 else "are"
        self.notes.append(f"{shown}{more} {verb} still refused. The reasons are in quality.files.")

    def add_not_loaded(self, source: Source, path: str, error: Exception) -> None:
        """Add a file that this run could not load. It gets no ledger line, so the next run tries it again."""
        match error:
            case FileVanished():
                reason = "The file existed when the run began and no longer when it was read."
                status: Status = "vanished"
            case FileUnsettled(reason=reason):
                status = "left"
            case FileUnreadable(reason=reason):
                status = "rejected"
            case StoreRefused(reason=reason):
                status = "unreachable"
            case _:
                reason, status = str(error), "unreachable"
        self.reports.append(FileReport(source.name, path, "", status, reason=reason))
        self.notes.append(f"{path}: {reason}" if status != "vanished" else f"{path} was not loaded: {reason}")

    def note_personal(self, counts: Mapping[tuple[str, str, str], int]) -> None:
        """Add a note for each file and column with values that look personal where none belong."""
        for (path, feed, column), count in sorted(counts.items()):
            noun = "value looks" if count == 1 else "values look"
            self.notes.append(
                f"{path}: {count:,} {noun} like e-mail addresses or telephone numbers in {feed}.{column}, which is "
                "kept as it is and cannot be erased. Map the column elsewhere, or set `personal_values: quarantine`."
            )

    def note_failed_controls(self, sources: Iterable[Source], checks: Iterable[Check]) -> None:
        """Add notes about control totals that do not hold, and about totals stated for several files at once.

        A file that was rejected for its totals has a note already.
        """
        for check in checks:
            if check.status == "failed" and not check.is_rejected:
                self.notes.append(check.detail)
        for source in sources:
            paths = {report.path for report in self.reports if report.source == source.name}
            if source.control.states_totals and len(paths) > 1:
                self.notes.append(
                    f"Source {source.name} has {len(paths)} files, but control totals in the sources file hold for one "
                    f"file only. Put the totals of each file next to it, in <file>{SIDE_FILE}."
                )


def no_original_note(source: Source, known: KnownFile) -> str:
    """Return the note about a file that should be reread but has no retained original."""
    if known.mapping_version != source.mapping_version:
        return (
            f"{known.path} was loaded under an earlier mapping of {source.name} and can no longer be read. "
            "Its rows keep the earlier mapping. Put the file back to have it reread."
        )
    return (
        f"{known.path}: repairs of its records are pending, because the file can no longer be read. "
        "Put the file back to have them applied."
    )


def skip_reason(known: KnownFile, unit: Unit) -> str:
    """Return the reason why a file need not be read again."""
    paths = {file.path for file in unit.files}
    if known.status == "rejected":
        return f"{REFUSED} in batch {known.batch_id}: {known.reason}"
    if known.path in paths:
        return f"Loaded in batch {known.batch_id}."
    return f"{SAME} in batch {known.batch_id} as {known.path}."
