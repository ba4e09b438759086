"""Result of an ingest: one report per file and feed, and notes for a person.

This module holds plain data. Display belongs to the command line and the dashboards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["FeedCounts", "FileReport", "IngestResult", "Progress", "ProgressCallback", "Status"]

# The next run tries files again that vanished, were left (still being written) or were unreachable.
Status = Literal["loaded", "skipped", "rejected", "vanished", "left", "unreachable"]


@dataclass(frozen=True)
class FileReport:
    """One file and feed of a run; rows_in = accepted + duplicate + quarantined.

    Attributes:
        role: ``primary`` lines count each record of the file once; ``derived`` lines count rows made from them.
        reason: Reason for skipping or rejection, or a remark, as a sentence; None if there is nothing to say.
        ignored_columns: Columns of the file that no contract column is filled from.
    """

    source: str
    path: str
    file_id: str
    status: Status
    feed: str | None = None
    role: str = "primary"
    rows_in: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    reason: str | None = None
    ignored_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeedCounts:
    """Rows of one feed over all files of a run."""

    rows_in: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class IngestResult:
    """Result of a run.

    Attributes:
        batch_id: The batch that was written; None if there was nothing new.
        files: Reports on every file of the run, skipped ones too.
        notes: Sentences about files that were skipped, rejected, empty, vanished or not found.
        controls_checked: Number of control totals checked in this run.
        controls_failed: Number of those that do not hold.
        repaired: Paths of files with rows that a repair brought into their feed.
    """

    batch_id: int | None
    files: list[FileReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    controls_checked: int = 0
    controls_failed: int = 0
    repaired: frozenset[str] = frozenset()

    @property
    def changed(self) -> bool:
        """Return True if anything was written."""
        return self.batch_id is not None

    @property
    def feeds(self) -> dict[str, FeedCounts]:
        """Return the counts per feed, over the files loaded."""
        counts: dict[str, FeedCounts] = {}
        for report in self.files:
            if report.status == "loaded" and report.feed:
                sofar = counts.get(report.feed, FeedCounts())
                counts[report.feed] = FeedCounts(
                    sofar.rows_in + report.rows_in,
                    sofar.accepted + report.accepted,
                    sofar.duplicate + report.duplicate,
                    sofar.quarantined + report.quarantined,
                )
        return counts

    @property
    def taken_nothing(self) -> dict[str, str]:
        """Return the sources of which this run took nothing, each with the reason as the end of a sentence.

        Every file was refused, or every row of the others is in quarantine. A file without rows is none of these.
        """
        found: dict[str, str] = {}
        for source in dict.fromkeys(report.source for report in self.files):
            read = [each for each in self.files if each.source == source and each.status in {"loaded", "rejected"}]
            refused = len({each.path for each in read if each.status == "rejected"})
            quarantined = sum(each.quarantined for each in read)
            has_empty = any(each.status == "loaded" and each.role == "primary" and not each.rows_in for each in read)
            if has_empty or any(each.path in self.repaired for each in read):
                continue
            if not (refused or quarantined) or any(each.accepted or each.duplicate for each in read):
                continue
            parts = [f"{refused:,} {'file' if refused == 1 else 'files'} refused"] if refused else []
            parts += [f"{quarantined:,} {'row' if quarantined == 1 else 'rows'} in quarantine"] if quarantined else []
            found[source] = " and ".join(parts)
        return found

    def count(self, status: Status) -> int:
        """Return the number of files with a status."""
        return len({(report.source, report.path) for report in self.files if report.status == status})


@dataclass(frozen=True)
class Progress:
    """Progress of a run.

    Attributes:
        done: Number of units read.
        total: Number of units found.
        rows: Number of rows read.
        source: Name of the source of the last unit.
        path: First path of the last unit.
    """

    done: int
    total: int
    rows: int
    source: str
    path: str


ProgressCallback = Callable[[Progress], None]
