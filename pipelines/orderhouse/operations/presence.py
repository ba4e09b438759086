"""Presence: who has an order open. Each session of a browser renews a short lease while its page is shown.

It is a hint for people. What stops two actions from overwriting each other is the version that an action carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from orderhouse.operations.store import open_store
from orderhouse.operations.tables import PRESENCE
from orderhouse.settings import Settings

__all__ = ["LEASE", "RENEWAL_SECONDS", "Reader", "arrive", "leave"]

RENEWAL_SECONDS = 20
# Two renewals may be lost before somebody counts as gone.
LEASE = timedelta(seconds=50)


@dataclass(frozen=True)
class Reader:
    """One person who has a subject open. `seen_at` is UTC text."""

    person: str
    role: str
    seen_at: str


def arrive(
    settings: Settings, *, subject: str, session: str, person: str, role: str, now: datetime | None = None
) -> list[Reader]:
    """Record that a session shows a subject, and return the other sessions that show it.

    Args:
        settings: Settings of the home.
        subject: What is shown, such as `order OH-1`.
        session: Id of the session. It shows one subject at a time.
        person: Name of the person.
        role: Role of the person.
        now: The present instant.

    Raises:
        OrderhouseError: The operations store cannot be used.
    """
    at = now or datetime.now(UTC)
    columns = PRESENCE.c
    with open_store(settings).writing(PRESENCE.name) as connection:
        gone = columns.seen_at < _text(at - LEASE)
        connection.execute(sa.delete(PRESENCE).where(sa.or_(gone, columns.session == session)))
        connection.execute(
            sa.insert(PRESENCE).values(session=session, subject=subject, person=person, role=role, seen_at=_text(at))
        )
        others = connection.execute(
            sa.select(columns.person, columns.role, columns.seen_at)
            .where(columns.subject == subject, columns.session != session)
            .order_by(columns.person, columns.session)
        )
        return [Reader(row.person, row.role, row.seen_at) for row in others]


def leave(settings: Settings, session: str) -> None:
    """Forget what a session shows.

    Raises:
        OrderhouseError: The operations store cannot be used.
    """
    with open_store(settings).writing(PRESENCE.name) as connection:
        connection.execute(sa.delete(PRESENCE).where(PRESENCE.c.session == session))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
