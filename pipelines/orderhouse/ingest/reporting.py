"""What a run says of its files: a report of each, and a note where a person should read one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from orderhouse.files.object_stores import StoreRefused
from orderhouse.files.source_files import SIDE_FILE, FileUnreadable, FileUnsettled, FileVanished
from orderhouse.ingest.controls import Check
from orderhouse.ingest.discovery import Unit
from orderhouse.ingest.ledger import Known
from orderhouse.ingest.results import FileReport, Status
from orderhouse.sources.config.declaration import Source

__all__ = ["Account", "why_lost", "why_skipped"]


REFUSED = "Rejected"
SHOWN = 3


@dataclass
class Account:
    """Reports and notes of a run, in the order in which things happened."""

    reports: list[FileReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def of_files(self, reports: Sequence[FileReport]) -> None:
        """Files that were loaded or rejected."""
        self.reports += reports
        for report in reports:
            if report.status == "rejected":
                self.notes.append(f"{report.path} was not taken: {report.reason}")
            elif report.reason:
                self.notes.append(f"{report.path}: {report.reason}")
            if report.ignored_columns:
                self.notes.append(f"{report.path}: nothing is taken from {', '.join(report.ignored_columns)}.")

    def of_skipped(self, unit: Unit, reason: str) -> None:
        """What need not be read; that it was loaded before is the usual thing and no note."""
        for file in unit.files:
            self.reports.append(FileReport(unit.source.name, file.path, file.file_id, "skipped", reason=reason))
        if reason.startswith(REFUSED):
            self.refused.append(unit.files[0].path)
        elif not reason.startswith("Loaded"):
            self.notes.append(f"{unit.files[0].path} was skipped: {reason}")

    def of_refused(self) -> None:
        """Files that were refused in an earlier run and lie there still, in one sentence: why was said then."""
        if not self.refused:
            return
        shown = ", ".join(self.refused[:SHOWN])
        more = f" and {len(self.refused) - SHOWN:,} more" if len(self.refused) > SHOWN else ""
        verb = "is" if len(self.refused) == 1 else "are"
        self.notes.append(f"{shown}{more} {verb} still refused; quality.files says why.")

    def of_left(self, source: Source, path: str, error: Exception) -> None:
        """Nothing of a file is taken in this run, and nothing is noted in the ledger: the next run tries again."""
        match error:
            case FileVanished():
                reason = "It was there when the run began and was gone when it was to be read."
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

    def of_controls(self, sources: Iterable[Source], checks: Iterable[Check]) -> None:
        """Totals that do not hold; of a file that was rejected for them its own note says so."""
        for check in checks:
            if check.status == "failed" and not check.is_rejected:
                self.notes.append(check.detail)
        for source in sources:
            paths = {report.path for report in self.reports if report.source == source.name}
            if source.control.states_totals and len(paths) > 1:
                self.notes.append(
                    f"Source {source.name} states control totals in the sources file, which are of one file, but has "
                    f"{len(paths)} files; put each file's totals beside it as <file>{SIDE_FILE}."
                )


def why_lost(source: Source, known: Known) -> str:
    """Why a file that should be read again cannot be."""
    if known.mapping_version != source.mapping_version:
        return (
            f"{known.path} was loaded under an earlier mapping of {source.name} and can no longer be read: "
            "its rows stay as they were. Put the file back to have them mapped anew."
        )
    return (
        f"{known.path}: what was decided about records of it waits, because the file can no longer be read. "
        "Put it back to have that carried out."
    )


def why_skipped(known: Known, unit: Unit) -> str:
    """Why a file need not be read again."""
    paths = {file.path for file in unit.files}
    if known.status == "rejected":
        return f"{REFUSED} in batch {known.batch_id}: {known.reason}"
    if known.path in paths:
        return f"Loaded in batch {known.batch_id}."
    return f"Recognised by its content: it was loaded in batch {known.batch_id} as {known.path}."
