"""Delivery: takes due messages out of the outbox, hands each to its endpoint, and records how that ended.

It may be killed at any moment and may run in several processes. How a text is made belongs to the `Preparer`.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.messages.backoff import LONGEST, delay
from orderhouse.messages.claims import LEASE, Claims
from orderhouse.messages.configuration import Route
from orderhouse.messages.endpoints import EndpointState, note_failure, note_success
from orderhouse.messages.instants import stored
from orderhouse.messages.outbox import Message
from orderhouse.messages.sending import Deferred, Outgoing, Refused, Sender
from orderhouse.operations.store import Store

__all__ = ["Delivery", "Later", "Never", "Prepared", "Preparer", "Worker", "plain"]

BATCH = 500
# After so many failures one after the other, the rest of a turn is left to the next one.
FAILURES_PER_TURN = 3
# Longest time of one hand-over: connecting, encrypting, signing in and sending, each with its own limit.
MARGIN = timedelta(seconds=60)
# Another attempt at an alert is due at the next review, which comes a minute later.
IMPATIENT = timedelta(seconds=40)
SOONEST = timedelta(seconds=30)


@dataclass(frozen=True)
class Later:
    """Decision that a message may not be sent before an instant."""

    until: datetime


@dataclass(frozen=True)
class Never:
    """Decision that a message is not sent: a state, `suppressed` or `held`, with the reason."""

    reason: str
    state: str = "suppressed"


@dataclass(frozen=True)
class Prepared:
    """A message with its text and address, and the version of its template."""

    outgoing: Outgoing
    template_version: str | None = None


Decision = Prepared | Later | Never | Refused


class Preparer(Protocol):
    """Makes texts of messages, and decides which are not sent now."""

    def __call__(self, messages: Sequence[Message], now: datetime, /) -> Mapping[str, Decision] | None:
        """Return a decision for each message by its id; None if none can be made now, as while a run is busy."""


@dataclass
class Delivery:
    """Result of a turn: number of messages by what became of them, and the error of each endpoint by its name."""

    sent: int = 0
    retried: int = 0
    failed: int = 0
    withheld: int = 0
    postponed: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    paused: list[str] = field(default_factory=list)
    is_busy: bool = False


class Worker:
    """Worker that delivers.

    Attributes:
        store: The operations store.
        prepare: Makes the texts.
        clock: Returns the present instant.
        lease: Time for which messages are taken.
    """

    def __init__(
        self,
        store: Store,
        prepare: Preparer,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        lease: timedelta = LEASE,
    ) -> None:
        self.store = store
        self.prepare = prepare
        self.clock = clock
        self.lease = lease
        self.claims = Claims(store, f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}", lease)

    def deliver(
        self,
        routes: Mapping[str, Route],
        states: Mapping[str, EndpointState],
        *,
        seconds: float | None = None,
        batch: int = BATCH,
    ) -> Delivery:
        """Deliver what is due at each endpoint that is not paused, until nothing is left or the time is over.

        Raises:
            OrderhouseError: The operations store cannot be used.
        """
        result = Delivery()
        deadline = None if seconds is None else time.monotonic() + seconds
        with self.store.kept_open():
            for name, route in routes.items():
                if states[name].paused_at is None:
                    _Turn(self, route, states[name], result, deadline).run(batch)
        return result


class _Turn:
    """One turn at one endpoint."""

    def __init__(
        self, worker: Worker, route: Route, state: EndpointState, result: Delivery, deadline: float | None
    ) -> None:
        self.worker, self.claims = worker, worker.claims
        self.route, self.name = route, route.endpoint.name
        self.result = result
        self.deadline = deadline
        self.failures = state.failures
        self.failures_here = 0

    @property
    def _is_over(self) -> bool:
        is_late = self.deadline is not None and time.monotonic() >= self.deadline
        return is_late or self.failures_here >= FAILURES_PER_TURN or self.name in self.result.paused

    def run(self, batch: int) -> None:
        """Deliver batch after batch."""
        with self.route.endpoint.connected() as send:
            while not self._is_over:
                taken_at = self.worker.clock()
                messages = self.claims.take(self.name, now=taken_at, limit=batch)
                checkpoint("messages_taken")
                decisions = self.worker.prepare(messages, taken_at) if messages else {}
                if decisions is None:
                    self.claims.give_back(messages)
                    self.result.is_busy = True
                if not messages or decisions is None:
                    return
                self._batch(send, messages, decisions, taken_at + self.worker.lease - MARGIN)

    def _batch(
        self, send: Sender, messages: Sequence[Message], decisions: Mapping[str, Decision], until: datetime
    ) -> None:
        """Deliver a batch. After a failure, later messages of the same recipient wait."""
        waiting: set[str] = set()
        back: list[Message] = []
        for message in messages:
            if self._is_over or message.recipient in waiting or self.worker.clock() >= until:
                back.append(message)
            elif not self._one(send, message, decisions[message.message_id]):
                waiting.add(message.recipient)
        self.claims.give_back(back)

    def _one(self, send: Sender, message: Message, decision: Decision) -> bool:
        """Deliver one message. Return False if later ones of its recipient must wait for it."""
        now = self.worker.clock()
        if message.expires_at is not None and message.expires_at <= stored(now):
            decision = Never("it is older than messages of its kind may be", "expired")
        if isinstance(decision, Never):
            self.result.withheld += self.claims.withheld(message, state=decision.state, reason=decision.reason)
        elif isinstance(decision, Later):
            # Never at once: it would be taken again and again within this turn.
            until = max(decision.until, now + SOONEST)
            self.result.postponed += self.claims.postponed(message, until=until)
        elif isinstance(decision, Refused):
            self.result.failed += self.claims.failed(message, error=decision.message)
        else:
            return self._hand_over(send, message, decision)
        return True

    def _hand_over(self, send: Sender, message: Message, prepared: Prepared) -> bool:
        checkpoint("messages_prepared")
        try:
            send(prepared.outgoing)
        except Refused as error:
            self._works()
            self.result.failed += self.claims.failed(message, error=error.message)
            return True
        except Deferred as error:
            self._works()
            return self._try_later(message, error.message, is_own_fault=True, seconds=error.seconds)
        except OrderhouseError as error:
            self._failed(error.message)
            return self._try_later(message, error.message, is_own_fault=self.failures < message.attempts + 1)
        checkpoint("messages_handed_over")
        self.claims.sent(message, now=self.worker.clock(), template_version=prepared.template_version)
        checkpoint("messages_recorded")
        self.result.sent += 1
        self._works()
        return True

    def _try_later(self, message: Message, error: str, *, is_own_fault: bool, seconds: float | None = None) -> bool:
        """Plan another attempt; without one left, the message fails for good.

        It fails only if others got through in between. An endpoint that is down costs no message.
        """
        attempts = message.attempts + 1
        if is_own_fault and attempts >= self.route.attempts:
            self.result.failed += self.claims.failed(message, error=error)
            return True
        wait = delay(attempts, longest=LONGEST if self.route.is_patient else IMPATIENT)
        if seconds is not None:
            wait = max(wait, min(timedelta(seconds=seconds), LONGEST))
        self.result.retried += self.claims.retry(message, at=self.worker.clock() + wait, error=error)
        return False

    def _works(self) -> None:
        self.failures_here = 0
        if self.failures:
            note_success(self.worker.store, self.name)
            self.failures = 0

    def _failed(self, error: str) -> None:
        self.failures_here += 1
        state = note_failure(
            self.worker.store, self.name, error, pause_after=self.route.pause_after, now=self.worker.clock()
        )
        self.failures = state.failures
        self.result.errors[self.name] = error
        if state.paused_at is not None:
            self.result.paused.append(self.name)


def plain(messages: Sequence[Message], _: datetime) -> dict[str, Decision]:
    """Prepare messages to the team, whose texts are in their payload: `title`, `text` and `data`."""
    return {
        message.message_id: Prepared(
            Outgoing(
                message_id=message.message_id,
                kind=message.kind,
                occurred_at=message.occurred_at,
                title=str(message.payload.get("title", message.kind)),
                text=str(message.payload.get("text", "")),
                data=message.payload.get("data", message.payload),
            )
        )
        for message in messages
    }
