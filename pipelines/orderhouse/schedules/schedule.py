"""Schedule as declared: what is made, when, under whose rights, and to whom it goes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

__all__ = ["KINDS", "Kind", "Schedule", "recipient_key"]

Kind = Literal["worklist", "query", "table", "figure"]
KINDS: tuple[Kind, ...] = ("worklist", "query", "table", "figure")


@dataclass(frozen=True)
class Schedule:
    """One schedule.

    Attributes:
        name: Name in the file.
        title: Name for people.
        is_enabled: False if it is switched off.
        role: Role of `access.yaml` whose rows and columns it sees.
        cron: Due times, in the business time zone.
        kind: `worklist`, or what a report is made of.
        source: The query, the table or the name of the figure; empty for a worklist.
        where: Condition on the rows of the table, in SQL, or None.
        format: Format of a report; None for a worklist.
        owners: Teams whose open exceptions a worklist has; all if empty.
        recipients: E-mail addresses.
        destination: Folder or address to which the files of a report go, or None.
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
    kind: Kind
    source: str
    where: str | None
    format: str | None
    owners: tuple[str, ...]
    recipients: tuple[str, ...]
    destination: str | None
    channel: str
    language: str | None
    sends_empty: bool
    line: int

    @property
    def what(self) -> str:
        """Return what it makes, in a few words."""
        if self.kind == "worklist":
            return f"worklist of {', '.join(self.owners)}" if self.owners else "worklist"
        return f"{'query' if self.kind == 'query' else self.source} as {self.format}"


def recipient_key(address: str) -> str:
    """Return a hash that stands for an address in the outbox, which holds none."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()[:16]
