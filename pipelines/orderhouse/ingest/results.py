"""What an ingest did: one report per file and feed, and sentences about everything out of the ordinary.

Plain data. How it is shown belongs to the command line and the dashboards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["FeedCounts", "FileReport", "IngestResult", "Progress", "ProgressCallback", "Status"]

# vanished, left (still being written) and unreachable files are tried again by the next run.
Status = Literal["loaded", "skipped", "rejected", "vanished", "left", "unreachable"]


@dataclass(frozen=True)
class FileReport:
    """One file and feed of a run; rows_in = accepted + duplicate + quarantined.

    Attributes:
        role: ``primary`` lines count each record of the file once; ``derived`` lines count what follows from them.
        reason: Why it was skipped or rejected, or what else there is to say, as a sentence.
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
    """What a run did.

    Attributes:
        batch_id: The batch that was written; None if there was nothing new.
        files: Every file of the run, skipped ones too.
        notes: Sentences about what was skipped, rejected, empty, vanished or not found.
        controls_checked: Control totals held against their files in this run.
        controls_failed: Those that do not hold.
    """

    batch_id: int | None
    files: list[FileReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    controls_checked: int = 0
    controls_failed: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self.batch_id is not None

    @property
    def feeds(self) -> dict[str, FeedCounts]:
        """Counts per feed, over the files loaded."""
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

    def count(self, status: Status) -> int:
        """How many files have a status."""
        return len({(report.source, report.path) for report in self.files if report.status == status})


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    done: int
    total: int
    rows: int
    source: str
    path: str


ProgressCallback = Callable[[Progress], None]
