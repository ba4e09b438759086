"""Messages and workers of tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from orderhouse.messages.claims import LEASE
from orderhouse.messages.configuration import Route
from orderhouse.messages.delivering import Delivery, Preparer, Worker, plain
from orderhouse.messages.endpoints import switch
from orderhouse.messages.outbox import NewMessage, enqueue
from orderhouse.messages.posting import WebhookEndpoint
from orderhouse.operations.store import Store

NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)


class Clock:
    """Clock that tests move."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self.at

    def pass_(self, **time: float) -> None:
        """Let time pass."""
        self.at += timedelta(**time)


def new(number: int, recipient: str = "hook", endpoint: str = "hook", **values: Any) -> NewMessage:
    """Return a message about an order."""
    given: dict[str, Any] = {
        "kind": "test",
        "subject_type": "order",
        "subject_id": f"OH-{number}",
        "channel": "webhook",
        "endpoint": endpoint,
        "audience": "team",
        "recipient": recipient,
        "payload": {"title": f"Order {number}", "text": "It changed.", "data": {"number": number}},
        "occurred_at": NOW,
    }
    return NewMessage(**{**given, **values})


def put(store: Store, *messages: NewMessage, now: datetime = NOW) -> list[str]:
    """Store messages, and return the ids of those that are new."""
    return enqueue(store, messages, now=now)


def route(address: str, name: str = "hook", **policy: Any) -> dict[str, Route]:
    """Return the route to a webhook."""
    return {name: Route(WebhookEndpoint(name, address), **policy)}


def deliver(
    store: Store,
    routes: Mapping[str, Route],
    clock: Clock,
    *,
    prepare: Preparer = plain,
    lease: timedelta = LEASE,
    **options: Any,
) -> Delivery:
    """Deliver what is due."""
    states = switch(store, set(routes), now=clock())
    return Worker(store, prepare, clock=clock, lease=lease).deliver(routes, states, **options)
