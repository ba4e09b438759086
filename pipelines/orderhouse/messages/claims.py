"""Claims: a worker takes messages for a limited time, and states how each ended.

Two workers never have the same message. The claim of a killed worker ends with its lease, and another one repeats the
message under the same id. For one recipient and endpoint, a message waits for earlier ones that are still to be sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orderhouse.messages.instants import stored
from orderhouse.messages.outbox import Message, message_of
from orderhouse.operations.store import Store
from orderhouse.operations.tables import MESSAGES

__all__ = ["LEASE", "Claims"]

LEASE = timedelta(minutes=5)

COLUMNS = MESSAGES.c


class Claims:
    """Messages that one worker has taken.

    Attributes:
        store: The operations store.
        worker: Name of the worker; no two have the same.
        lease: Time for which a message is taken.
    """

    def __init__(self, store: Store, worker: str, lease: timedelta = LEASE) -> None:
        self.store = store
        self.worker = worker
        self.lease = lease

    def take(self, endpoint: str, *, now: datetime, limit: int) -> list[Message]:
        """Take messages of an endpoint that are due, in their order; several of one recipient may be among them.

        Raises:
            OrderhouseError: The store cannot be written.
        """
        at = stored(now)
        with self.store.writing(MESSAGES.name) as connection:
            _end_leases(connection, endpoint, at)
            query = sa.select(MESSAGES).where(*_due(endpoint, at)).order_by(COLUMNS.number).limit(limit)
            found = [message_of(row) for row in connection.execute(query)]
            taken = COLUMNS.message_id.in_([message.message_id for message in found])
            until = stored(now + self.lease)
            connection.execute(
                sa.update(MESSAGES)
                .where(taken)
                .values(state="sending", worker=self.worker, lease_until=until, attempts=COLUMNS.attempts + 1)
            )
        return found

    def sent(self, message: Message, *, now: datetime, template_version: str | None = None) -> bool:
        """State that a message was accepted by its endpoint. Return False if the lease had ended."""
        return self._end(
            message, state="sent", sent_at=stored(now), template_version=template_version, reason=None, last_error=None
        )

    def retry(self, message: Message, *, at: datetime, error: str) -> bool:
        """State that an attempt failed and when the next one is due."""
        return self._end(message, state="pending", next_attempt_at=stored(at), last_error=error)

    def failed(self, message: Message, *, error: str) -> bool:
        """State that a message will not be sent; later messages do not wait for it."""
        return self._end(message, state="failed", last_error=error)

    def withheld(self, message: Message, *, state: str, reason: str) -> bool:
        """State that a message is not sent: `suppressed`, `expired` or `held`, with the reason."""
        return self._end(message, state=state, reason=reason)

    def postponed(self, message: Message, *, until: datetime) -> bool:
        """Give a message back that may not be sent before an instant. It counts as no attempt."""
        at = stored(until)
        return self._end(message, state="pending", not_before=at, next_attempt_at=at, attempts=COLUMNS.attempts - 1)

    def give_back(self, messages: Sequence[Message]) -> None:
        """Give messages back that were not tried. It counts as no attempt."""
        own = (COLUMNS.worker == self.worker, COLUMNS.state == "sending")
        ids = COLUMNS.message_id.in_([message.message_id for message in messages])
        back = sa.update(MESSAGES).where(ids, *own)
        if messages:
            with self.store.writing(MESSAGES.name) as connection:
                connection.execute(
                    back.values(state="pending", worker=None, lease_until=None, attempts=COLUMNS.attempts - 1)
                )

    def _end(self, message: Message, **values: Any) -> bool:
        own = (COLUMNS.message_id == message.message_id, COLUMNS.worker == self.worker, COLUMNS.state == "sending")
        ending = sa.update(MESSAGES).where(*own).values(worker=None, lease_until=None, **values)
        with self.store.writing(MESSAGES.name) as connection:
            return connection.execute(ending).rowcount == 1


def _end_leases(connection: sa.Connection, endpoint: str, at: str) -> None:
    """Make messages of killed workers pending again."""
    over = (COLUMNS.endpoint == endpoint, COLUMNS.state == "sending", COLUMNS.lease_until <= at)
    connection.execute(
        sa.update(MESSAGES).where(*over).values(state="pending", worker=None, lease_until=None, next_attempt_at=at)
    )


def _due(endpoint: str, at: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of messages that may be taken now.

    An earlier message of the same recipient that is due itself is taken in the same turn. One that another worker
    sends, or that waits for its next attempt, is waited for; one that is meant for later is not.
    """
    earlier = MESSAGES.alias("earlier")
    waits = sa.and_(
        earlier.c.state == "pending",
        earlier.c.next_attempt_at > at,
        sa.or_(earlier.c.not_before.is_(None), earlier.c.not_before <= at),
    )
    is_behind = sa.exists().where(
        earlier.c.endpoint == COLUMNS.endpoint,
        earlier.c.recipient == COLUMNS.recipient,
        earlier.c.number < COLUMNS.number,
        sa.or_(earlier.c.state == "sending", waits),
    )
    return [COLUMNS.state == "pending", COLUMNS.endpoint == endpoint, COLUMNS.next_attempt_at <= at, ~is_behind]
