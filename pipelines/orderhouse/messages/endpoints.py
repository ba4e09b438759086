"""States of endpoints: since when they are switched on, how often they failed in a row, and whether they are paused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from orderhouse.errors import OrderhouseError
from orderhouse.messages.instants import stored
from orderhouse.operations.store import Store
from orderhouse.operations.tables import MESSAGE_ENDPOINTS, MESSAGES

__all__ = ["EndpointState", "endpoint_states", "note_failure", "note_success", "pause", "resume", "switch"]

NO_CHANNEL = "no channel"
BEFORE_SWITCH = "before the channel was switched on"

COLUMNS = MESSAGE_ENDPOINTS.c


@dataclass(frozen=True)
class EndpointState:
    """State of an endpoint.

    Attributes:
        endpoint: Its name.
        switched_on_at: Since when it is configured, UTC text; None while it is not.
        failures: Failed attempts since the last one that succeeded.
        last_error: The last error in words.
        paused_at: Since when it is paused; None while it is not.
    """

    endpoint: str
    switched_on_at: str | None = None
    failures: int = 0
    last_error: str | None = None
    paused_at: str | None = None


def endpoint_states(store: Store) -> dict[str, EndpointState]:
    """Return the states by name.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    with store.reading() as connection:
        return _states(connection)


def _states(connection: sa.Connection) -> dict[str, EndpointState]:
    rows = connection.execute(sa.select(MESSAGE_ENDPOINTS).order_by(COLUMNS.endpoint))
    return {row.endpoint: EndpointState(**row._mapping) for row in rows}


def switch(
    store: Store, configured: set[str], *, now: datetime, is_own: Callable[[str], bool] = lambda _: True
) -> dict[str, EndpointState]:
    """Note which endpoints are configured now, and return the states of those.

    An endpoint that was not configured before begins now: what was held for it is withheld for good. One that is no
    longer configured is switched off: what is pending for it is held.

    Args:
        store: The operations store.
        configured: Names of the endpoints.
        now: The present instant.
        is_own: Tells which endpoints the caller configures; others are left alone.

    Raises:
        OrderhouseError: The store cannot be written.
    """
    known = endpoint_states(store)
    if _switched_on(known, is_own) != configured:
        with store.writing(MESSAGE_ENDPOINTS.name) as connection:
            known = _states(connection)  # another process may have come first
            on = _switched_on(known, is_own)
            for name in sorted(configured - on):
                _switch_on(connection, name, stored(now), is_known=name in known)
            for name in sorted(on - configured):
                _switch_off(connection, name)
            known = _states(connection)
    return {name: known[name] for name in configured}


def _switched_on(states: dict[str, EndpointState], is_own: Callable[[str], bool]) -> set[str]:
    return {name for name, state in states.items() if state.switched_on_at is not None and is_own(name)}


def _switch_on(connection: sa.Connection, name: str, at: str, *, is_known: bool) -> None:
    values = {"switched_on_at": at, "failures": 0, "last_error": None, "paused_at": None}
    if is_known:
        connection.execute(sa.update(MESSAGE_ENDPOINTS).where(COLUMNS.endpoint == name).values(**values))
    else:
        connection.execute(sa.insert(MESSAGE_ENDPOINTS).values(endpoint=name, **values))
    held = (MESSAGES.c.endpoint == name, MESSAGES.c.state == "held")
    connection.execute(sa.update(MESSAGES).where(*held).values(state="suppressed", reason=BEFORE_SWITCH))


def _switch_off(connection: sa.Connection, name: str) -> None:
    connection.execute(
        sa.update(MESSAGE_ENDPOINTS)
        .where(COLUMNS.endpoint == name)
        .values(switched_on_at=None, failures=0, last_error=None, paused_at=None)
    )
    waiting = (MESSAGES.c.endpoint == name, MESSAGES.c.state == "pending")
    connection.execute(sa.update(MESSAGES).where(*waiting).values(state="held", reason=NO_CHANNEL))


def note_success(store: Store, endpoint: str) -> None:
    """Forget the failures of an endpoint."""
    with store.writing(MESSAGE_ENDPOINTS.name) as connection:
        connection.execute(
            sa.update(MESSAGE_ENDPOINTS)
            .where(COLUMNS.endpoint == endpoint, COLUMNS.failures > 0)
            .values(failures=0, last_error=None)
        )


def note_failure(store: Store, endpoint: str, error: str, *, pause_after: int, now: datetime) -> EndpointState:
    """Count a failure of an endpoint, and pause it after a number of them in a row."""
    with store.writing(MESSAGE_ENDPOINTS.name) as connection:
        own = COLUMNS.endpoint == endpoint
        count = sa.update(MESSAGE_ENDPOINTS).where(own).values(failures=COLUMNS.failures + 1, last_error=error)
        connection.execute(count)
        is_over = (own, COLUMNS.failures >= pause_after, COLUMNS.paused_at.is_(None))
        connection.execute(sa.update(MESSAGE_ENDPOINTS).where(*is_over).values(paused_at=stored(now)))
        row = connection.execute(sa.select(MESSAGE_ENDPOINTS).where(own)).one()
    return EndpointState(**row._mapping)


def pause(store: Store, endpoint: str, *, now: datetime) -> None:
    """Pause an endpoint; its messages are kept in order.

    Raises:
        OrderhouseError: There is no such endpoint.
    """
    _set(store, endpoint, paused_at=stored(now))


def resume(store: Store, endpoint: str) -> None:
    """Let a paused endpoint go on. The caller has tested it.

    Raises:
        OrderhouseError: There is no such endpoint.
    """
    _set(store, endpoint, paused_at=None, failures=0, last_error=None)


def _set(store: Store, endpoint: str, **values: object) -> None:
    with store.writing(MESSAGE_ENDPOINTS.name) as connection:
        own = (COLUMNS.endpoint == endpoint, COLUMNS.switched_on_at.is_not(None))
        found = connection.execute(sa.update(MESSAGE_ENDPOINTS).where(*own).values(**values))
        if not found.rowcount:
            known = connection.execute(sa.select(COLUMNS.endpoint).where(COLUMNS.switched_on_at.is_not(None)))
            names = ", ".join(sorted(known.scalars())) or "none"
            raise OrderhouseError(f"There is no channel {endpoint!r} in messages.yaml. Channels: {names}.")
