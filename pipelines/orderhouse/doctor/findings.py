"""Findings: one thing that is wrong with a home, where it is, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Finding", "Repair"]


class Repair(Enum):
    """Action of `--repair` on a finding."""

    PERMISSIONS = "permissions"
    REMOVE = "remove"
    REBUILD = "rebuild"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        where: The file or folder.
        what: What is wrong, as a sentence.
        cure: What to do, as a sentence.
        repair: What `--repair` does; None if nothing may be done without a person.
        is_hint: True if nothing is wrong; the sentence is worth knowing.
    """

    where: str
    what: str
    cure: str
    repair: Repair | None = None
    is_hint: bool = False
