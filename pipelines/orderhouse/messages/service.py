"""Messages of a home as commands, jobs and pages use them: derive, deliver, and what waits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa

from orderhouse.access.roles import OWNER, Role
from orderhouse.messages.campaigning import derive_campaigns
from orderhouse.messages.configuration import ALERT_ENDPOINTS, Configuration, load_configuration
from orderhouse.messages.customers import Customers
from orderhouse.messages.delivering import Delivery, Preparer, Worker
from orderhouse.messages.deriving import Derived, derive
from orderhouse.messages.endpoints import EndpointState, switch
from orderhouse.messages.selecting import Published
from orderhouse.messages.write_back import derive_actions, sources_with_channels
from orderhouse.operations.store import Store, open_store
from orderhouse.operations.tables import MESSAGES
from orderhouse.serve.publishing import current_version
from orderhouse.settings import Settings

__all__ = ["count_by_state", "count_waiting", "deliver_messages", "derive_messages", "opened_version", "own_states"]


def derive_messages(settings: Settings, *, now: datetime | None = None) -> Derived | None:
    """Store the messages that the current version gives; None if nothing is published.

    Raises:
        OrderhouseError: `messages.yaml` has a mistake, the store cannot be written, or the version cannot be read.
    """
    at = now or datetime.now(UTC)
    configuration, store = load_configuration(settings), open_store(settings)
    states = own_states(store, configuration, now=at)
    with opened_version(settings) as published:
        if published is None:
            return None
        result = derive(store, published, configuration, states, now=at)
        derive_campaigns(store, published, configuration, states, result, now=at)
        sources = sources_with_channels(settings)
        result.new.update(derive_actions(store, published, sources, configuration, states, now=at))
        return result


def deliver_messages(
    settings: Settings,
    *,
    now: datetime | None = None,
    seconds: float | None = None,
    operators: Preparer | None = None,
) -> tuple[Delivery, str]:
    """Deliver what is due to customers, operators and rules' endpoints.

    Args:
        settings: Settings of the home.
        now: The present instant; the clock of the machine by default.
        seconds: Time after which the rest is left to the next turn.
        operators: Preparer of messages to operators; without one they wait.

    Returns:
        What became of the messages, and the reason why customers are told nothing; an empty text if they are.

    Raises:
        OrderhouseError: `messages.yaml` has a mistake, or the store or the vault cannot be opened.
    """
    configuration, store = load_configuration(settings), open_store(settings)
    states = own_states(store, configuration, now=now or datetime.now(UTC))
    if not configuration.routes:
        return Delivery(), ""
    with opened_version(settings) as published:
        prepare = Customers(settings, store, configuration, published, operators)
        clock = (lambda: now) if now is not None else lambda: datetime.now(UTC)
        result = Worker(store, prepare, clock=clock).deliver(configuration.routes, states, seconds=seconds)
    return result, prepare.closed


def own_states(store: Store, configuration: Configuration, *, now: datetime) -> dict[str, EndpointState]:
    """Note which endpoints of `messages.yaml` are configured, and return their states."""
    return switch(store, set(configuration.routes), now=now, is_own=lambda name: name not in ALERT_ENDPOINTS)


def count_by_state(store: Store) -> dict[str, int]:
    """Return the number of all messages by state.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    query = sa.select(MESSAGES.c.state, sa.func.count()).group_by(MESSAGES.c.state).order_by(MESSAGES.c.state)
    with store.reading() as connection:
        return {row[0]: int(row[1]) for row in connection.execute(query)}


def count_waiting(settings: Settings) -> dict[str, int]:
    """Return the number of messages that are `pending` or `held`, by state.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    query = sa.select(MESSAGES.c.state, sa.func.count()).where(MESSAGES.c.state.in_(("pending", "held")))
    with open_store(settings).reading() as connection:
        return {row[0]: int(row[1]) for row in connection.execute(query.group_by(MESSAGES.c.state))}


@contextlib.contextmanager
def opened_version(settings: Settings, role: Role = OWNER) -> Iterator[Published | None]:
    """Open the current version; None before the first one."""
    version = current_version(settings)
    if version is None:
        yield None
        return
    with Published.opened(settings, version, role) as published:
        yield published
