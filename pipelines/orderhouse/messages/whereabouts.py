"""Whereabouts of actions: what became of each on its way to the system that owns the order, in the words of people.

The sending is known from the outbox, the confirmation from the published version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from orderhouse.messages.deriving import TOO_OLD
from orderhouse.messages.outbox import Message, message_of
from orderhouse.messages.write_back import MAX_AGE
from orderhouse.operations.store import Store
from orderhouse.operations.tables import MESSAGES
from orderhouse.sources.config.sources_file import OPERATORS
from orderhouse.sources.config.write_back import KINDS_SENT_BACK

__all__ = ["CONFIRMED", "NOT_CONFIRMED", "NO_CHANNEL", "sendings_of", "whereabouts"]

COLUMNS = {"source", "subject_kind", "is_accepted", "kind", "confirmed_at", "is_sent_back", "is_confirmable"}
NO_CHANNEL = "not sent (no channel)"
WAITING = "waiting"
NOT_CONFIRMED = "sent, not confirmed"
CONFIRMED = "confirmed"
# The answer to the request is all that can be known of such an action.
TAKEN = "sent and taken (no feed can confirm it)"


def sendings_of(store: Store, order_id: str) -> dict[str, Message]:
    """Return the messages that carry actions on an order, by the id of the action.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    columns = MESSAGES.c
    query = sa.select(MESSAGES).where(columns.order_id == order_id, columns.audience == "system")
    with store.reading() as connection:
        found = [message_of(row) for row in connection.execute(query.order_by(columns.number))]
    return {message.subject_id: message for message in found}


def whereabouts(
    actions: Sequence[Mapping[str, Any]], sendings: Mapping[str, Message], now: datetime | None = None
) -> list[str | None]:
    """Return for each action on an order how far it has come; None for one that goes nowhere.

    Args:
        actions: Rows of `ops.actions`.
        sendings: Messages by the id of the action.
        now: The present instant.
    """
    at = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    return [_one(each, sendings.get(each["action_id"]), at) for each in actions]


def _one(action: Mapping[str, Any], message: Message | None, now: datetime) -> str | None:
    if not action.keys() >= COLUMNS:  # the role does not see them
        return None
    is_ours = action["source"] == OPERATORS and action["subject_kind"] == "order"
    if not (is_ours and action["is_accepted"] and action["kind"] in KINDS_SENT_BACK):
        return None
    if action["confirmed_at"] is not None:
        return CONFIRMED
    if message is None:
        if not action["is_sent_back"]:
            return NO_CHANNEL
        return WAITING if now - action["occurred_at"] < MAX_AGE else f"not sent: {TOO_OLD}"
    if message.state == "held":
        return NO_CHANNEL
    if message.state in ("pending", "sending"):
        return WAITING
    if message.state == "sent":
        return NOT_CONFIRMED if action["is_confirmable"] else TAKEN
    return f"{'failed' if message.state == 'failed' else 'not sent'}: {message.last_error or message.reason}"
