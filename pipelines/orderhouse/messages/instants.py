"""Instants as the outbox stores them: UTC text of one length, so that texts compare as instants do."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["instant_of", "stored"]


def stored(at: datetime) -> str:
    """Return an instant as it is stored; one without a zone is meant in UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")


def instant_of(text: str) -> datetime:
    """Return the instant of a text, in UTC."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
