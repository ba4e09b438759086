"""Presence: who has an order open, for as long as the page renews its lease."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orderhouse.operations.presence import LEASE, RENEWAL_SECONDS, arrive, leave
from orderhouse.settings import Settings

NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)


def come(settings: Settings, session: str, subject: str = "order o", after: float = 0) -> list[str]:
    """Open a subject in a session, and return the people of the other sessions that have it open."""
    found = arrive(
        settings, subject=subject, session=session, person=f"{session}@example.com", role="agent",
        now=NOW + timedelta(seconds=after),
    )  # fmt: skip
    return [each.person for each in found]


def test_others_at_the_same_order_are_named(settings: Settings) -> None:
    assert come(settings, "anna") == []
    assert come(settings, "bob") == ["anna@example.com"]
    assert come(settings, "eve", "order other") == []
    assert come(settings, "anna", after=1) == ["bob@example.com"]


def test_session_shows_one_order_at_a_time(settings: Settings) -> None:
    come(settings, "anna")
    come(settings, "anna", "order other")
    assert come(settings, "bob") == []


def test_lease_that_is_not_renewed_ends(settings: Settings) -> None:
    come(settings, "anna")
    assert come(settings, "bob", after=LEASE.total_seconds()) == ["anna@example.com"]
    assert come(settings, "bob", after=LEASE.total_seconds() + 1) == []
    assert LEASE.total_seconds() > 2 * RENEWAL_SECONDS


def test_who_leaves_is_gone_at_once(settings: Settings) -> None:
    come(settings, "anna")
    leave(settings, "anna")
    assert come(settings, "bob") == []
