"""Result of a replay: the outcome of each row, and sentences for a person.

This module holds plain data. Display belongs to the command line and the dashboards.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orderhouse.wording import counted

__all__ = ["ReplayResult", "Replayed", "replay_sentences"]


@dataclass(frozen=True)
class Replayed:
    """Row and its outcome: accepted, duplicate, still_quarantined or withdrawn."""

    quarantine_id: str
    place: str
    feed: str
    outcome: str
    reasons: str | None


@dataclass(frozen=True)
class ReplayResult:
    """Result of a replay.

    Attributes:
        batch_id: The batch that was written; None if nothing changed.
        rows: Every replayed row.
        notes: Sentences about lapsed patches and pending decisions.
    """

    batch_id: int | None = None
    rows: list[Replayed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, *outcomes: str) -> int:
        """Return the number of rows with one of these outcomes."""
        return sum(row.outcome in outcomes for row in self.rows)


def replay_sentences(result: ReplayResult) -> list[str]:
    """Return sentences about the outcomes: totals, and one sentence for each row that stays in quarantine."""
    sentences: list[str] = []
    accepted, duplicate, withdrawn = (result.count(each) for each in ("accepted", "duplicate", "withdrawn"))
    if replayed := accepted + duplicate:
        known = f", {duplicate:,} of them already known" if duplicate else ""
        where = "it is in its feed" if replayed == 1 else "they are in their feeds"
        sentences.append(f"Replayed {counted(replayed, 'repaired row')}{known}: {where}.")
    if withdrawn:
        they = "it is" if withdrawn == 1 else "they are"
        sentences.append(f"Withdrew {counted(withdrawn, 'repaired row')}: {they} in quarantine again.")
    return sentences + [
        f"{row.place} stays in quarantine: {row.reasons}." for row in result.rows if row.outcome == "still_quarantined"
    ]
