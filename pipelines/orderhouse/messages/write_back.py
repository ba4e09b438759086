"""Write-back: accepted actions of operators go to the system that owns the order, through the same outbox as messages.

An action is one message for ever: its id depends on the action alone. So a rerun, a rebuild, a rollback or another
channel sends nothing twice. Which actions go back is published in `ops.actions`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import cast

from orderhouse.messages.calling import ACTION, CallsEndpoint
from orderhouse.messages.configuration import Configuration
from orderhouse.messages.delivering import Decision, Prepared
from orderhouse.messages.deriving import LISTED, TOO_OLD
from orderhouse.messages.endpoints import BEFORE_SWITCH, NO_CHANNEL, EndpointState
from orderhouse.messages.instants import instant_of
from orderhouse.messages.judging import VERSION, gone
from orderhouse.messages.outbox import Channel, Message, NewMessage, State, enqueue
from orderhouse.messages.selecting import Published
from orderhouse.messages.sending import Outgoing
from orderhouse.operations.store import Store
from orderhouse.settings import Settings
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.config.sources_file import load_sources

__all__ = ["SentBack", "actions_sent_back", "derive_actions", "prepare_actions", "sources_with_channels", "tokens_of"]

# An action that became known later than this is not sent: its order has moved on.
MAX_AGE = timedelta(hours=72)
SYSTEMS = ("webhook", "http")
NOT_COUNTED = "the action does not count any more, or its source takes none"


@dataclass(frozen=True)
class SentBack:
    """An accepted action that goes to the system that owns its order.

    Attributes:
        action_id: Id of the action.
        order_id: The order under its number in the warehouse.
        order_source: The source that owns it.
        kind: Kind of action.
        occurred_at: Instant, UTC without zone.
        line_id: The line, if it is about one.
        quantity: Units of the line.
        warehouse_id: Warehouse of a route.
        promised_at: New promise, ISO 8601 in UTC.
        assignee: Person to whom something is given.
        actor: Who acted.
        role: In which role.
        reason_token: Token of the reason in the vault.
        payload_token: Token of the parameters in the vault.
    """

    action_id: str
    order_id: str
    order_source: str
    kind: str
    occurred_at: datetime
    line_id: str | None
    quantity: int | None
    warehouse_id: str | None
    promised_at: str | None
    assignee: str | None
    actor: str | None
    role: str | None
    reason_token: str | None
    payload_token: str | None


def sources_with_channels(settings: Settings) -> dict[str, Source]:
    """Return the declared sources to which actions go, by name."""
    if not settings.sources_file.exists():
        return {}
    declared = load_sources(settings.sources_file).sources
    return {name: source for name, source in declared.items() if source.actions_to is not None}


def actions_sent_back(
    published: Published, *, since: datetime | None = None, ids: Sequence[str] | None = None
) -> list[SentBack]:
    """Return the actions that go back: from an instant on, or those of some ids."""
    at = since.astimezone(UTC).replace(tzinfo=None) if since else None
    rows = published.rows(_query(), {"since": at, "ids": list(ids) if ids is not None else None})
    return [SentBack(*row) for row in rows]


@cache
def _query() -> str:
    return (Path(__file__).with_name("queries") / "sent_back.sql").read_text(encoding="utf-8")


def derive_actions(
    store: Store,
    published: Published,
    sources: Mapping[str, Source],
    configuration: Configuration,
    states: Mapping[str, EndpointState],
    *,
    now: datetime,
) -> Counter[str]:
    """Store the actions that the published version accepts, and return the number of new ones by state.

    Args:
        store: The operations store.
        published: The published version.
        sources: Sources to which actions go, by name.
        configuration: Configuration in force.
        states: States of its endpoints.
        now: The present instant.

    Raises:
        OrderhouseError: The store cannot be written, or another release published the version.
    """
    if not sources:
        return Counter()
    found = actions_sent_back(published, since=now - MAX_AGE - LISTED)
    messages = list(_messages(found, published.version.number, sources, configuration, states, now))
    new = set(enqueue(store, messages, now=now))
    return Counter(message.state for message in messages if message.message_id in new)


def _messages(
    actions: Sequence[SentBack],
    version: int,
    sources: Mapping[str, Source],
    configuration: Configuration,
    states: Mapping[str, EndpointState],
    now: datetime,
) -> Iterator[NewMessage]:
    for each in actions:
        source = sources.get(each.order_source)
        if source is None or source.actions_to is None:  # taken out of the file since the last run
            continue
        name = source.actions_to.channel
        at = each.occurred_at.replace(tzinfo=UTC)
        state, reason = _state(each.kind, at, name, configuration, states, now)
        route = configuration.routes.get(name)
        yield NewMessage(
            kind=f"{ACTION}{each.kind}",
            subject_type="action",
            subject_id=each.action_id,
            order_id=each.order_id,
            channel=cast(Channel, route.endpoint.channel) if route else "webhook",
            endpoint=name,
            audience="system",
            recipient=each.order_id,
            payload={"action_id": each.action_id, "source": each.order_source, VERSION: version},
            occurred_at=at,
            state=state,
            reason=reason,
        )


def _state(
    kind: str,
    at: datetime,
    name: str,
    configuration: Configuration,
    states: Mapping[str, EndpointState],
    now: datetime,
) -> tuple[State, str | None]:
    """Return the state of a new message: to be sent, without a channel, or withheld for good."""
    route, endpoint = configuration.routes.get(name), states.get(name)
    if route is None or endpoint is None or endpoint.switched_on_at is None:
        return "held", NO_CHANNEL
    if route.endpoint.channel not in SYSTEMS:
        return "suppressed", f"the channel {name} is neither a webhook nor of the type http"
    if isinstance(route.endpoint, CallsEndpoint) and kind not in route.endpoint.calls:
        return "suppressed", f"the channel {name} has no call for {kind}"
    if at < instant_of(endpoint.switched_on_at):
        return "suppressed", BEFORE_SWITCH
    return ("suppressed", TOO_OLD) if at + MAX_AGE <= now else ("pending", None)


def tokens_of(actions: Sequence[SentBack]) -> set[str]:
    """Return the tokens of reasons and parameters, whose values are looked up when an action is sent."""
    return {token for each in actions for token in (each.reason_token, each.payload_token) if token}


def prepare_actions(
    published: Published | None,
    messages: Sequence[Message],
    actions: Sequence[SentBack],
    texts: Mapping[str, str],
    sources: Mapping[str, Source],
    now: datetime,
) -> dict[str, Decision]:
    """Return a decision for each action: sent if it is still accepted in the version that is current now.

    Args:
        published: The current version; None if there is none.
        messages: Messages that carry actions.
        actions: Their actions in that version.
        texts: Values of the vault by token.
        sources: Sources to which actions go, by name.
        now: The present instant.
    """
    by_id = {each.action_id: each for each in actions}
    found: dict[str, Decision] = {}
    for message in messages:
        action = by_id.get(message.subject_id)
        found[message.message_id] = (
            gone(published, message, now, NOT_COUNTED)
            if action is None
            else Prepared(_outgoing(message, action, texts, sources.get(action.order_source)))
        )
    return found


def _outgoing(message: Message, action: SentBack, texts: Mapping[str, str], source: Source | None) -> Outgoing:
    prefix = source.id_prefixes("orders").get("order_id", "") if source else ""
    data = {
        "action_id": action.action_id,
        "kind": action.kind,
        "order_id": action.order_id,
        "order_number": action.order_id.removeprefix(prefix),
        "source": action.order_source,
        "line_id": action.line_id,
        "quantity": action.quantity,
        "warehouse_id": action.warehouse_id,
        "promised_at": action.promised_at,
        "assignee": action.assignee,
        "actor": action.actor,
        "role": action.role,
        "reason": texts.get(action.reason_token or ""),
        "payload": texts.get(action.payload_token or ""),
        "occurred_at": action.occurred_at.replace(tzinfo=UTC).isoformat(),
    }
    title = f"{action.kind} of order {data['order_number']}"
    return Outgoing(message.message_id, message.kind, message.occurred_at, title, title, data=data)
