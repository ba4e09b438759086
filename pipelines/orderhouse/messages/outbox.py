"""Outbox: messages are stored here before anything is sent, each once for its key.

The key is kind, subject, occasion and endpoint. Its UUIDv5 is the id of the message, which every repetition carries as
Message-ID or idempotency key. Who takes messages out belongs to `claims`, the sending to `delivering`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from orderhouse.errors import OrderhouseError
from orderhouse.messages.instants import stored
from orderhouse.operations.store import Store
from orderhouse.operations.tables import MESSAGES

__all__ = [
    "STATES",
    "Audience",
    "Channel",
    "Message",
    "NewMessage",
    "State",
    "count_messages",
    "enqueue",
    "find_message",
    "list_messages",
    "message_id_of",
    "message_of",
    "newest_with",
]


NAMESPACE = uuid.UUID("0b8a7d5e-52f4-4c38-9a0a-7a1c4a6f2d11")

Channel = Literal["email", "sms", "webhook", "chat", "http"]
Audience = Literal["customer", "team", "operators", "system"]
State = Literal["pending", "sending", "sent", "failed", "suppressed", "expired", "held"]
STATES: tuple[State, ...] = ("pending", "sending", "sent", "failed", "suppressed", "expired", "held")
# Parameters of one statement are limited; SQLite allows 32,766 of them.
IDS_AT_ONCE = 5_000
ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class NewMessage:
    """A message to be stored.

    Attributes:
        kind: Kind, such as `dispatched` or `alert.raised`.
        subject_type: Kind of its subject, such as `order`.
        subject_id: Id of its subject.
        channel: Channel.
        endpoint: Name of the endpoint through which it goes.
        audience: `customer`; `team` for alerts; `operators` for what a schedule tells; or `system` for an action that
            goes to the system that owns its order.
        recipient: Token of the customer in the vault, the name of the endpoint for the team, a hash of an operator's
            address, or the order of an action. Never an address.
        payload: Values for its text, without personal data, that JSON can hold.
        occurred_at: Instant of what it tells.
        occasion: Name of one of several occasions of this kind about this subject. A state that is entered again has
            the same.
        order_id: The order, if it is about one.
        locale: Language and country of its text, such as `de_AT`.
        time_zone: Time zone of the recipient, for quiet hours.
        template: Name of its template; None if the payload has `title` and `text`.
        not_before: Instant before which it is not sent.
        expires_at: Instant after which it is of no use.
        state: `pending`; `held` or `suppressed` with a reason if it is not to be sent.
        reason: The reason.
    """

    kind: str
    subject_type: str
    subject_id: str
    channel: Channel
    endpoint: str
    audience: Audience
    recipient: str
    payload: Mapping[str, Any]
    occurred_at: datetime
    occasion: str = ""
    order_id: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    template: str | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    state: State = "pending"
    reason: str | None = None

    @property
    def message_id(self) -> str:
        """Return the id. An action is sent once, whichever endpoint is declared for it later."""
        endpoint = "" if self.audience == "system" else self.endpoint
        return message_id_of(self.kind, self.subject_type, self.subject_id, self.occasion, endpoint)


@dataclass(frozen=True)
class Message:
    """A stored message; instants are UTC text."""

    message_id: str
    number: int
    kind: str
    subject_type: str
    subject_id: str
    occasion: str
    order_id: str | None
    audience: str
    channel: str
    endpoint: str
    recipient: str
    template: str | None
    template_version: str | None
    locale: str | None
    time_zone: str | None
    payload: dict[str, Any]
    state: str
    reason: str | None
    attempts: int
    occurred_at: str
    created_at: str
    not_before: str | None
    next_attempt_at: str
    expires_at: str | None
    sent_at: str | None
    last_error: str | None
    worker: str | None = field(default=None, repr=False)
    lease_until: str | None = field(default=None, repr=False)

    def as_json(self) -> str:
        """Return it as JSON for people."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2)


NAMES = tuple(each.name for each in fields(Message))


def message_id_of(kind: str, subject_type: str, subject_id: str, occasion: str, endpoint: str) -> str:
    """Return the id of a message: UUIDv5 of its key. JSON keeps the parts of the key apart."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([kind, subject_type, subject_id, occasion, endpoint])))


def enqueue(store: Store, messages: Iterable[NewMessage], *, now: datetime) -> list[str]:
    """Store messages, and return the ids of those that are new. A key that is known already is left as it is.

    Args:
        store: The operations store.
        messages: Messages in the order in which one recipient is to get them.
        now: The present instant.

    Raises:
        OrderhouseError: The store cannot be written.
    """
    wanted = {message.message_id: message for message in messages}
    if not wanted:
        return []
    with store.writing(MESSAGES.name) as connection:
        known = _known(connection, list(wanted))
        fresh = [(message_id, each) for message_id, each in wanted.items() if message_id not in known]
        first = (connection.execute(sa.select(sa.func.max(MESSAGES.c.number))).scalar() or 0) + 1
        rows = [_row(each, message_id, number, now) for number, (message_id, each) in enumerate(fresh, first)]
        for start in range(0, len(rows), ROWS_AT_ONCE):
            connection.execute(sa.insert(MESSAGES), rows[start : start + ROWS_AT_ONCE])
    return [message_id for message_id, _ in fresh]


def _known(connection: sa.Connection, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), IDS_AT_ONCE):
        query = sa.select(MESSAGES.c.message_id).where(MESSAGES.c.message_id.in_(ids[start : start + IDS_AT_ONCE]))
        found.update(connection.execute(query).scalars())
    return found


def _row(message: NewMessage, message_id: str, number: int, now: datetime) -> dict[str, Any]:
    at = stored(now)
    not_before = stored(message.not_before) if message.not_before else None
    return {
        "message_id": message_id,
        "number": number,
        "kind": message.kind,
        "subject_type": message.subject_type,
        "subject_id": message.subject_id,
        "occasion": message.occasion,
        "order_id": message.order_id,
        "audience": message.audience,
        "channel": message.channel,
        "endpoint": message.endpoint,
        "recipient": message.recipient,
        "template": message.template,
        "locale": message.locale,
        "time_zone": message.time_zone,
        "payload": json.dumps(message.payload, ensure_ascii=False, sort_keys=True),
        "state": message.state,
        "reason": message.reason,
        "attempts": 0,
        "occurred_at": stored(message.occurred_at),
        "created_at": at,
        "not_before": not_before,
        "next_attempt_at": max(at, not_before or at),
        "expires_at": stored(message.expires_at) if message.expires_at else None,
    }


def message_of(row: sa.Row[Any]) -> Message:
    """Return the message of a row."""
    values = dict(row._mapping)
    return Message(**{**values, "payload": json.loads(values["payload"])})


def list_messages(
    store: Store,
    *,
    state: str | None = None,
    kind: str | None = None,
    order_id: str | None = None,
    endpoint: str | None = None,
    limit: int = 100,
    after: int = 0,
) -> list[Message]:
    """Return messages, the newest first.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    query = sa.select(MESSAGES).order_by(MESSAGES.c.number.desc()).limit(limit).offset(after)
    for column, value in (("state", state), ("kind", kind), ("order_id", order_id), ("endpoint", endpoint)):
        if value is not None:
            query = query.where(MESSAGES.c[column] == value)
    with store.reading() as connection:
        return [message_of(row) for row in connection.execute(query)]


def newest_with(store: Store, template: str) -> Message | None:
    """Return the newest message that has a text; None if there is none.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    query = sa.select(MESSAGES).where(MESSAGES.c.template == template).order_by(MESSAGES.c.number.desc()).limit(1)
    with store.reading() as connection:
        row = connection.execute(query).one_or_none()
    return message_of(row) if row is not None else None


def count_messages(store: Store) -> dict[tuple[str, str, str], int]:
    """Return the number of messages by endpoint, kind and state.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    columns = MESSAGES.c
    query = sa.select(columns.endpoint, columns.kind, columns.state, sa.func.count()).group_by(
        columns.endpoint, columns.kind, columns.state
    )
    with store.reading() as connection:
        return {(row[0], row[1], row[2]): int(row[3]) for row in connection.execute(query)}


def find_message(store: Store, message_id: str) -> Message:
    """Return one message, by its id or the beginning of it.

    Raises:
        OrderhouseError: There is none, or several begin so.
    """
    begins = MESSAGES.c.message_id.startswith(message_id.strip().lower(), autoescape=True)
    with store.reading() as connection:
        found = [message_of(row) for row in connection.execute(sa.select(MESSAGES).where(begins).limit(2))]
    if not message_id.strip() or not found:
        raise OrderhouseError(f"There is no message {message_id!r}. `orderhouse messages list` shows their ids.")
    if len(found) > 1:
        raise OrderhouseError(f"Several messages begin with {message_id!r}. Write more of the id.")
    return found[0]
