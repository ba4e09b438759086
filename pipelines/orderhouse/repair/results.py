"""What a replay did: each row that was carried out anew, and sentences about it. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["ReplayResult", "Replayed", "replay_sentences"]


@dataclass(frozen=True)
class Replayed:
    """A row and what became of it: accepted, duplicate, still_quarantined or withdrawn."""

    quarantine_id: str
    place: str
    feed: str
    outcome: str
    reasons: str | None


@dataclass(frozen=True)
class ReplayResult:
    """What a replay did.

    Attributes:
        batch_id: The batch that was written; None if nothing changed.
        rows: Every row that was carried out anew.
        notes: Sentences about patches that no longer apply, and decisions that wait.
    """

    batch_id: int | None = None
    rows: list[Replayed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, *outcomes: str) -> int:
        """How many rows came to one of these."""
        return sum(row.outcome in outcomes for row in self.rows)


def replay_sentences(result: ReplayResult) -> list[str]:
    """What became of the rows, in a few sentences; one for each that stays in quarantine."""
    said: list[str] = []
    accepted, duplicate, withdrawn = (result.count(each) for each in ("accepted", "duplicate", "withdrawn"))
    if accepted or duplicate:
        known = f", {duplicate:,} of them known already" if duplicate else ""
        said.append(f"Replayed {accepted + duplicate:,} repaired rows{known}: they are in their feeds.")
    if withdrawn:
        said.append(f"Taken back {withdrawn:,} repaired rows: they are in quarantine again.")
    return said + [
        f"{row.place} stays in quarantine: {row.reasons}." for row in result.rows if row.outcome == "still_quarantined"
    ]
