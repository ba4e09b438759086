"""Notices of alerts: stored in the outbox and delivered to a webhook and by e-mail.

If the operations store cannot be used, a notice is sent without it, under the same id: an alert may be about the store
itself. When to tell whom belongs in `alerts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from orderhouse.errors import OrderhouseError
from orderhouse.messages.configuration import ALERT_EMAILS, ALERT_ENDPOINTS, ALERT_WEBHOOK, Route, alert_routes
from orderhouse.messages.delivering import Worker, plain
from orderhouse.messages.endpoints import switch
from orderhouse.messages.instants import instant_of
from orderhouse.messages.outbox import Channel, NewMessage, enqueue
from orderhouse.messages.sending import Outgoing
from orderhouse.operations.store import Store, open_store
from orderhouse.operations.tables import MESSAGES
from orderhouse.settings import Settings

__all__ = ["Notice", "Told", "channels_of", "tell"]

# Channel of each endpoint, as people and `alerts.json` name it.
CHANNELS: dict[str, Channel] = {ALERT_WEBHOOK: "webhook", ALERT_EMAILS: "email"}
OVER = "the condition changed before this could be told"


@dataclass(frozen=True)
class Notice:
    """One message about an alert.

    Attributes:
        notice_id: Id that is the same whenever this state of this alert is told.
        state: `raised`, `cleared` or `test`.
        at: Instant of that state, UTC, ISO-8601.
        kind: Kind of the condition.
        subject: What it is about.
        severity: Severity.
        message: What is wrong, and what to do.
        since: Instant at which the condition was first seen.
    """

    notice_id: str
    state: str
    at: str
    kind: str
    subject: str
    severity: str
    message: str
    since: str


@dataclass(frozen=True)
class Told:
    """Result for one channel: ids of the notices that were delivered, and the error in words if one was not."""

    delivered: frozenset[str]
    error: str | None = None


def channels_of(settings: Settings) -> dict[str, Callable[[Notice], None]]:
    """Return the configured channels by name. Each sends a notice at once and raises `OrderhouseError` if it fails.

    Raises:
        OrderhouseError: A channel is configured in part, or would send in clear over a network.
    """
    return {CHANNELS[name]: partial(_send, settings, route) for name, route in alert_routes(settings).items()}


def tell(settings: Settings, wanted: Mapping[str, Sequence[Notice]], now: datetime) -> dict[str, Told]:
    """Store notices in the outbox and deliver them, and what could not be delivered before.

    Args:
        settings: Settings of the home.
        wanted: For each channel all notices that it has not been told, in their order.
        now: The present instant.

    Raises:
        OrderhouseError: A channel is configured in part, or would send in clear over a network.
    """
    routes = alert_routes(settings)
    try:
        store = open_store(settings)
        return {
            CHANNELS[name]: _tell(settings, store, route, wanted[CHANNELS[name]], routes, now)
            for name, route in routes.items()
        }
    except OrderhouseError:
        return {
            CHANNELS[name]: _tell_at_once(settings, route, wanted[CHANNELS[name]]) for name, route in routes.items()
        }


def _tell(
    settings: Settings,
    store: Store,
    route: Route,
    notices: Sequence[Notice],
    routes: Mapping[str, Route],
    now: datetime,
) -> Told:
    name = route.endpoint.name
    messages = {_message(settings, name, notice).message_id: notice for notice in notices}
    states = switch(store, set(routes), now=now, is_own=ALERT_ENDPOINTS.__contains__)
    _withdraw(store, name, set(messages))
    if not notices:
        return Told(frozenset())
    enqueue(store, [_message(settings, name, notice) for notice in notices], now=now)
    result = Worker(store, plain, clock=lambda: now).deliver({name: route}, states)
    sent = sa.select(MESSAGES.c.message_id).where(MESSAGES.c.message_id.in_(list(messages)), MESSAGES.c.state == "sent")
    with store.reading() as connection:
        found: set[str] = set(connection.execute(sent).scalars())
    delivered = frozenset(notice.notice_id for message_id, notice in messages.items() if message_id in found)
    return Told(delivered, result.errors.get(name))


def _withdraw(store: Store, name: str, wanted: set[str]) -> None:
    """Withhold what is pending and no longer to be told, and take back what a killed review had taken.

    Reviews of two processes do not overlap, so nobody else sends these messages now.
    """
    waiting = (MESSAGES.c.endpoint == name, MESSAGES.c.state.in_(("pending", "sending", "held")))
    over = (*waiting, MESSAGES.c.message_id.not_in(sorted(wanted)))
    free = {"worker": None, "lease_until": None}
    with store.writing(MESSAGES.name) as connection:
        connection.execute(sa.update(MESSAGES).where(*over).values(state="suppressed", reason=OVER, **free))
        connection.execute(
            sa.update(MESSAGES).where(*waiting, MESSAGES.c.worker.is_not(None)).values(state="pending", **free)
        )


def _tell_at_once(settings: Settings, route: Route, notices: Sequence[Notice]) -> Told:
    delivered: set[str] = set()
    for notice in notices:
        try:
            _send(settings, route, notice)
        except OrderhouseError as error:
            return Told(frozenset(delivered), error.message)
        delivered.add(notice.notice_id)
    return Told(frozenset(delivered))


def _send(settings: Settings, route: Route, notice: Notice) -> None:
    """Send one notice without the outbox."""
    message = _message(settings, route.endpoint.name, notice)
    with route.endpoint.connected() as send:
        send(
            Outgoing(
                message_id=message.message_id,
                kind=message.kind,
                occurred_at=notice.at,
                title=str(message.payload["title"]),
                text=str(message.payload["text"]),
                data=message.payload["data"],
            )
        )


def _message(settings: Settings, endpoint: str, notice: Notice) -> NewMessage:
    return NewMessage(
        kind=f"alert.{notice.state}",
        subject_type="condition",
        subject_id=f"{notice.kind}:{notice.subject}",
        occasion=notice.since if notice.state != "test" else notice.notice_id,
        channel=CHANNELS[endpoint],
        endpoint=endpoint,
        audience="team",
        recipient=endpoint,
        occurred_at=instant_of(notice.at),
        payload={
            "title": f"[Orderhouse] {notice.state}: {notice.kind.replace('_', ' ')} ({notice.subject})",
            "text": f"{notice.message}\n\nState: {notice.state} at {notice.at}\nSeverity: {notice.severity}\n"
            f"First seen: {notice.since}\nHome: {settings.home}\n",
            "data": asdict(notice),
        },
    )
