"""Requests of people: try a message again, pause and resume an endpoint, look at a text before it is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from orderhouse.errors import OrderhouseError
from orderhouse.messages.configuration import FILE, Configuration, alert_routes, load_configuration
from orderhouse.messages.contacts import Contact
from orderhouse.messages.customers import prepared
from orderhouse.messages.endpoints import pause, resume
from orderhouse.messages.instants import stored
from orderhouse.messages.judging import judged
from orderhouse.messages.kinds import KINDS
from orderhouse.messages.locales import locale_of
from orderhouse.messages.operators import operator_text
from orderhouse.messages.outbox import Message, find_message
from orderhouse.messages.rule_messages import RULE, judged_by_rules
from orderhouse.messages.selecting import EVER, Fact, Published
from orderhouse.messages.templates import Text, find_template, render
from orderhouse.messages.values import values_of
from orderhouse.operations.audit_log import record
from orderhouse.operations.store import open_store
from orderhouse.operations.tables import MESSAGES
from orderhouse.settings import Settings

__all__ = ["pause_endpoint", "preview", "resume_endpoint", "retry", "shown_text"]

# In place of the name, which is looked up when a message is sent.
NAME = "…"


def retry(settings: Settings, message_id: str, *, actor: str, role: str) -> Message:
    """Make a message that failed pending again, under the same id.

    Raises:
        OrderhouseError: There is no such message, or it did not fail.
    """
    store = open_store(settings)
    message = find_message(store, message_id)
    if message.state != "failed":
        raise OrderhouseError(f"The message is {message.state}. Only one that failed can be tried again.")
    record(settings, actor=actor, role=role, action="message_retry", subject=message.message_id)
    now = stored(datetime.now(UTC))
    again = sa.update(MESSAGES).where(MESSAGES.c.message_id == message.message_id, MESSAGES.c.state == "failed")
    with store.writing(MESSAGES.name) as connection:
        connection.execute(again.values(state="pending", attempts=0, next_attempt_at=now))
    return find_message(store, message.message_id)


def pause_endpoint(settings: Settings, name: str, *, actor: str, role: str) -> None:
    """Pause an endpoint; its messages are kept in order.

    Raises:
        OrderhouseError: There is no such endpoint.
    """
    pause(open_store(settings), name, now=datetime.now(UTC))
    record(settings, actor=actor, role=role, action="message_pause", subject=name)


def resume_endpoint(settings: Settings, name: str, *, actor: str, role: str) -> None:
    """Test an endpoint, and let it go on if it works.

    Raises:
        OrderhouseError: There is no such endpoint, or it does not work; then it stays paused.
    """
    routes = {**load_configuration(settings).routes, **alert_routes(settings)}
    if name in routes:
        try:
            routes[name].endpoint.probe()
        except OrderhouseError as error:
            raise OrderhouseError(f"{error.message} {name} stays paused.") from None
    resume(open_store(settings), name)
    record(settings, actor=actor, role=role, action="message_resume", subject=name)


def shown_text(settings: Settings, published: Published | None, message: Message) -> Text:
    """Return the text that a message to a customer would have now, without the name.

    Raises:
        OrderhouseError: What it tells no longer holds, or its template has a mistake.
    """
    if message.template is None:
        text = str(message.payload.get("text", ""))
        return Text(str(message.payload.get("title", message.kind)), text, "", "")
    if message.audience == "operators":
        configuration = load_configuration(settings)
        zone = published.version.business_time_zone if published else "UTC"
        locale = message.locale or configuration.language
        return operator_text(configuration, message.template, locale, zone, message.payload)[1]
    now, is_of_rule = datetime.now(UTC), message.kind.startswith(RULE)
    facts = (
        judged_by_rules(published, open_store(settings), [message], now)
        if is_of_rule
        else judged(published, [message], now)
    )
    fact = facts[message.message_id]
    if not isinstance(fact, Fact) or published is None:
        raise OrderhouseError("What it tells no longer holds, so it has no text now.")
    zone = published.version.business_time_zone
    found = prepared(load_configuration(settings), message, fact, Contact(name=NAME), zone).outgoing
    return Text(found.title, found.text, found.html or "", found.short)


def preview(
    configuration: Configuration, published: Published, kind: str, language: str, order_id: str | None = None
) -> tuple[Fact, Text] | None:
    """Return the newest fact of a kind, or that of an order, with its text in a language; None if there is none.

    Raises:
        OrderhouseError: The template has a mistake.
    """
    since = EVER if order_id else published.as_of - timedelta(days=30)
    facts = list(published.facts(KINDS[kind], since=since, order_id=order_id))
    if not facts:
        return None
    fact = facts[-1]
    locale = locale_of(language, fact.country, configuration.language)
    own = configuration.path.parent / FILE.removesuffix(".yaml")
    found = find_template(kind, locale, own, configuration.language)
    values = values_of(fact.payload, configuration, NAME)
    return fact, render(found, locale, published.version.business_time_zone, values)
