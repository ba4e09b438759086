"""Judging before sending: what a message tells must still hold in the version that is current then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from orderhouse.messages.delivering import Later, Never
from orderhouse.messages.instants import instant_of
from orderhouse.messages.kinds import kind_named
from orderhouse.messages.outbox import Message
from orderhouse.messages.selecting import Fact, Published

__all__ = ["ROLLED_BACK", "VERSION", "gone", "judged"]

# Key of the payload with the number of the version from which a message was made. Texts do not have it.
VERSION = "version"
# Time after which a message of a version that was rolled back is judged again.
ROLLED_BACK = timedelta(minutes=10)


def judged(published: Published | None, messages: Sequence[Message], now: datetime) -> dict[str, Fact | Later | Never]:
    """Return for each message the facts as they are now, or the decision not to send it.

    Args:
        published: The current version; None if there is none.
        messages: Messages to customers.
        now: The present instant.
    """
    by_kind: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        by_kind[message.kind].append(message)
    found: dict[str, Fact | Later | Never] = {}
    for name, own in by_kind.items():
        kind = kind_named(name)
        facts: dict[tuple[str, str], Fact] = {}
        if kind is not None and published is not None:
            since = min(instant_of(message.occurred_at) for message in own) - timedelta(days=1)
            subjects = sorted({message.subject_id for message in own})
            facts = {
                (fact.subject_id, fact.occasion): fact for fact in published.facts(kind, since=since, subjects=subjects)
            }
        for message in own:
            fact = facts.get((message.subject_id, message.occasion))
            found[message.message_id] = fact or gone(published, message, now)
    return found


def gone(
    published: Published | None, message: Message, now: datetime, reason: str = "it is no longer true"
) -> Later | Never:
    """Return the decision about what is not true now. A version that was rolled back may come again."""
    made_of = int(message.payload.get(VERSION, 0))
    if published is None or published.version.number < made_of:
        return Later(now + ROLLED_BACK)
    return Never(reason)
