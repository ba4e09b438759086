"""Derivation: after each publication, messages are made of the published version and stored in the outbox.

Nothing is sent here. A message whose key is known is left as it is, so a rerun, a rebuild or a rollback adds nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from orderhouse.messages.configuration import Configuration
from orderhouse.messages.endpoints import BEFORE_SWITCH, NO_CHANNEL, EndpointState
from orderhouse.messages.instants import instant_of
from orderhouse.messages.judging import VERSION
from orderhouse.messages.kinds import KINDS, Kind
from orderhouse.messages.locales import locale_of, zones_of
from orderhouse.messages.message_file import CHANNELS
from orderhouse.messages.outbox import Channel, NewMessage, State, enqueue
from orderhouse.messages.selecting import Fact, Published
from orderhouse.operations.store import Store

__all__ = ["ROWS_AT_ONCE", "Derived", "channel_of", "derive", "state_of", "store_new"]

# Facts that are older than messages of their kind may be are listed one by one for so long; older ones are not read.
LISTED = timedelta(days=7)
ROWS_AT_ONCE = 20_000
TOO_OLD = "it was too old when it became known"
SILENCED = "operator asked not to tell"


@dataclass
class Derived:
    """Result of a derivation: new messages by state."""

    new: Counter[str] = field(default_factory=Counter)


def derive(
    store: Store,
    published: Published,
    configuration: Configuration,
    states: dict[str, EndpointState],
    *,
    now: datetime,
) -> Derived:
    """Store the messages that the published version gives.

    Args:
        store: The operations store.
        published: The published version.
        configuration: Configuration in force.
        states: States of its endpoints.
        now: The present instant.

    Raises:
        OrderhouseError: The store cannot be written, or another release published the version.
    """
    result = Derived()
    for kind in KINDS.values():
        own = configuration.kinds.get(kind.name)
        if own is not None and own.is_off:
            continue
        _derive_kind(store, published, _changed(kind, configuration), configuration, states, result, now)
    return result


def _changed(kind: Kind, configuration: Configuration) -> Kind:
    """Return a kind with the ages that the configuration states."""
    own = configuration.kinds.get(kind.name)
    if own is None:
        return kind
    return Kind(
        kind.name,
        kind.subject,
        own.max_age_hours if own.max_age_hours is not None else kind.max_age_hours,
        own.after_days if own.after_days is not None else kind.after_days,
        needs_consent=own.needs_consent if own.needs_consent is not None else kind.needs_consent,
    )


def _derive_kind(
    store: Store,
    published: Published,
    kind: Kind,
    configuration: Configuration,
    states: dict[str, EndpointState],
    result: Derived,
    now: datetime,
) -> None:
    since = published.as_of - timedelta(hours=kind.max_age_hours, days=kind.after_days) - LISTED
    batch: list[NewMessage] = []
    for fact in published.facts(kind, since=since):
        if fact.recipient is None or (kind.needs_consent and not fact.has_consent):
            continue
        batch += _messages(published, kind, fact, configuration, states)
        if len(batch) >= ROWS_AT_ONCE:
            store_new(store, batch, result, now)
            batch = []
    store_new(store, batch, result, now)


def store_new(store: Store, batch: list[NewMessage], result: Derived, now: datetime) -> None:
    """Store messages, and count those that are new by their state."""
    new = set(enqueue(store, batch, now=now))
    result.new.update(message.state for message in batch if message.message_id in new)


def _messages(
    published: Published,
    kind: Kind,
    fact: Fact,
    configuration: Configuration,
    states: dict[str, EndpointState],
) -> Iterator[NewMessage]:
    """Yield the messages of a fact, one for each channel of its kind."""
    not_before = fact.occurred_at + timedelta(days=kind.after_days)
    expires_at = not_before + timedelta(hours=kind.max_age_hours)
    zone = published.version.business_time_zone
    for name in _endpoints(kind, configuration):
        state, reason = state_of(published, fact, expires_at, states.get(name))
        yield NewMessage(
            kind=kind.name,
            subject_type=kind.subject,
            subject_id=fact.subject_id,
            occasion=fact.occasion,
            order_id=fact.order_id,
            channel=channel_of(name, configuration),
            endpoint=name,
            audience="customer",
            recipient=fact.recipient or "",
            locale=locale_of(fact.language, fact.country, configuration.language),
            time_zone=",".join(zones_of(fact.country, zone)),
            template=kind.name,
            payload={**fact.payload, VERSION: published.version.number},
            occurred_at=fact.occurred_at,
            not_before=not_before if kind.after_days else None,
            expires_at=expires_at,
            state=state,
            reason=reason,
        )


def _endpoints(kind: Kind, configuration: Configuration) -> tuple[str, ...]:
    own = configuration.kinds.get(kind.name)
    return tuple(own.channels) if own is not None and own.channels is not None else ("email",)


def channel_of(name: str, configuration: Configuration) -> Channel:
    """Return the channel of an endpoint; of one that is not configured, the likely one."""
    route = configuration.routes.get(name)
    return cast(Channel, route.endpoint.channel if route is not None else name if name in CHANNELS else "email")


def state_of(
    published: Published, fact: Fact, expires_at: datetime, endpoint: EndpointState | None
) -> tuple[State, str | None]:
    """Return the state of a new message: to be sent, a dry run, or withheld for good."""
    if expires_at <= published.as_of:
        return "suppressed", TOO_OLD
    if fact.is_silenced:
        return "suppressed", SILENCED
    if endpoint is None or endpoint.switched_on_at is None:
        return "held", NO_CHANNEL
    if fact.occurred_at < instant_of(endpoint.switched_on_at):
        return "suppressed", BEFORE_SWITCH
    return "pending", None
