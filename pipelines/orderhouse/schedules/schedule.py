"""Schedule as declared: what is made, when, under whose rights, and to whom it goes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["Schedule", "recipient_key"]


@dataclass(frozen=True)
class Schedule:
    """One schedule.

    Attributes:
        name: Name in the file.
        title: Name for people.
        is_enabled: False if it is switched off.
        role: Role of `access.yaml` whose rows and columns it sees.
        cron: Due times, in the business time zone.
        owners: Teams whose open exceptions a worklist has; all if empty.
        recipients: E-mail addresses.
        channel: Channel of messages.yaml that takes it there.
        language: Language of the text, or None for that of messages.yaml.
        sends_empty: True if it goes also when there is nothing to tell.
        line: Line in the file.
    """

    name: str
    title: str
    is_enabled: bool
    role: str
    cron: str
    owners: tuple[str, ...]
    recipients: tuple[str, ...]
    channel: str
    language: str | None
    sends_empty: bool
    line: int

    @property
    def what(self) -> str:
        """Return what it makes, in a few words."""
        return f"worklist of {', '.join(self.owners)}" if self.owners else "worklist"


def recipient_key(address: str) -> str:
    """Return a hash that stands for an address in the outbox, which holds none."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()[:16]
