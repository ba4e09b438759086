"""Messages that rules send to customers: stored with the firing, and judged again before they go.

A message goes only while its row still meets the condition of the rule. The rules note after each publication which
firings are over; see `orderhouse.rules.running`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from orderhouse.messages.configuration import Configuration
from orderhouse.messages.delivering import Later, Never
from orderhouse.messages.endpoints import NO_CHANNEL
from orderhouse.messages.instants import instant_of
from orderhouse.messages.judging import VERSION, gone
from orderhouse.messages.kinds import KINDS
from orderhouse.messages.locales import locale_of, zones_of
from orderhouse.messages.message_file import CHANNELS
from orderhouse.messages.outbox import Channel, Message, NewMessage
from orderhouse.messages.selecting import EVER, Fact, Published
from orderhouse.operations.store import Store
from orderhouse.operations.tables import RULE_FIRINGS

__all__ = ["KINDS_BY_ORDER", "RULE", "Told", "judged_by_rules", "needs_consent_of", "new_message", "people_of"]

# Beginning of the kind of messages that rules send.
RULE = "rule."
MAX_AGE = timedelta(hours=72)
NOT_TRUE = "it is no longer true"
# Kinds whose facts are about an order as a whole; a rule can send them for a row of that order.
KINDS_BY_ORDER = tuple(name for name, kind in KINDS.items() if kind.subject == "order")


@dataclass(frozen=True)
class Told:
    """Customer of an order, or of a row about customers.

    Attributes:
        key: The order, or the customer.
        order_id: The order, if the row belongs to one.
        tracking_id: Its id for links.
        currency: Its currency.
        legal_entity: The company that sold it, or None.
        country: Country of the delivery, or None.
        recipient: Token of the e-mail address, or None.
        language: Language of the customer, or None.
        has_consent: True if the customer agreed to marketing.
    """

    key: str
    order_id: str | None
    tracking_id: str | None
    currency: str | None
    legal_entity: str | None
    country: str | None
    recipient: str | None
    language: str | None
    has_consent: bool


def people_of(published: Published, by: str, keys: Iterable[str]) -> dict[str, Told]:
    """Return the customers of orders or of rows about customers.

    Args:
        published: The published version.
        by: `order` or `customer`.
        keys: Ids of the orders, or keys of the customers.
    """
    found = published.rows(_people(), {"by": by, "keys": sorted(set(keys))})
    return {row[0]: Told(*row) for row in found}


@cache
def _people() -> str:
    return (Path(__file__).with_name("queries") / "people.sql").read_text(encoding="utf-8")


def needs_consent_of(configuration: Configuration, template: str) -> bool:
    """Tell if a text goes only to customers who agreed to marketing. A text that is not declared needs consent."""
    if template not in KINDS:
        return configuration.templates.get(template, True)
    own = configuration.kinds.get(template)
    return own.needs_consent if own and own.needs_consent is not None else KINDS[template].needs_consent


def new_message(
    published: Published,
    configuration: Configuration,
    told: Told,
    *,
    rule: str,
    subject: tuple[str, str],
    by: str,
    firing_id: str,
    step: int,
    template: str,
    channel: str,
    fields: Mapping[str, str],
    fired_at: datetime,
) -> NewMessage:
    """Return the message of one firing. Its key is rule, subject, occasion and step.

    Args:
        published: The published version.
        configuration: Configuration in force.
        told: The customer, who has a recipient.
        rule: Name of the rule.
        subject: Type and id of the row.
        by: `order` or `customer`: how the customer is found again.
        firing_id: Id of the firing, which stands for rule, subject and occasion.
        step: Number of the step.
        template: Kind of message, or a text of the merchant's own.
        channel: Name of the channel.
        fields: Fields of the row for the text.
        fired_at: Instant of the firing.
    """
    route = configuration.routes.get(channel)
    kind = route.endpoint.channel if route else channel if channel in CHANNELS else "email"
    return NewMessage(
        kind=f"{RULE}{rule}",
        subject_type=subject[0],
        subject_id=subject[1],
        occasion=f"{firing_id}|{step}",
        order_id=told.order_id,
        channel=cast(Channel, kind),
        endpoint=channel,
        audience="customer",
        recipient=told.recipient or "",
        locale=locale_of(told.language, told.country, configuration.language),
        time_zone=",".join(zones_of(told.country, published.version.business_time_zone)),
        template=template,
        payload={
            "fields": dict(fields), "firing": firing_id, "by": by, "key": told.key, VERSION: published.version.number
        },
        occurred_at=fired_at,
        expires_at=fired_at + MAX_AGE,
        state="pending" if route else "held",
        reason=None if route else NO_CHANNEL,
    )  # fmt: skip


def judged_by_rules(
    published: Published | None, store: Store, messages: Sequence[Message], now: datetime
) -> dict[str, Fact | Later | Never]:
    """Return for each message of a rule the facts as they are now, or the decision not to send it.

    Args:
        published: The current version; None if there is none.
        store: The operations store.
        messages: Messages of rules to customers.
        now: The present instant.
    """
    if published is None:
        return {message.message_id: gone(published, message, now) for message in messages}
    over = _over(store, {str(message.payload["firing"]) for message in messages})
    people = {
        (by, key): told
        for by in ("order", "customer")
        for key, told in people_of(published, by, _keys(messages, by)).items()
    }
    facts = _facts(published, messages)
    found: dict[str, Fact | Later | Never] = {}
    for message in messages:
        told = people.get((message.payload["by"], message.payload["key"]))
        fact = facts.get((str(message.template), message.order_id or ""))
        if message.payload["firing"] in over:
            found[message.message_id] = Never(NOT_TRUE)
        elif told is None or (message.template in KINDS and fact is None):
            found[message.message_id] = gone(published, message, now)
        else:
            found[message.message_id] = _fact(message, told, fact)
    return found


def _keys(messages: Sequence[Message], by: str) -> list[str]:
    return [str(message.payload["key"]) for message in messages if message.payload["by"] == by]


def _over(store: Store, firing_ids: Collection[str]) -> set[str]:
    """Return the firings whose row does not meet the condition any more."""
    columns = RULE_FIRINGS.c
    query = sa.select(columns.firing_id).where(columns.firing_id.in_(list(firing_ids)), columns.over_at.is_not(None))
    with store.reading() as connection:
        return set(connection.execute(query).scalars())


def _facts(published: Published, messages: Sequence[Message]) -> dict[tuple[str, str], Fact]:
    """Return the newest fact of each kind and order that a message tells by the text of a kind."""
    wanted: dict[str, set[str]] = {}
    for message in messages:
        if message.template in KINDS and message.order_id:
            wanted.setdefault(str(message.template), set()).add(message.order_id)
    return {
        (kind, fact.order_id or ""): fact
        for kind, orders in wanted.items()
        for fact in published.facts(KINDS[kind], since=EVER, subjects=sorted(orders))
    }


def _fact(message: Message, told: Told, fact: Fact | None) -> Fact:
    order = {
        "order_id": told.order_id or "",
        "tracking_id": told.tracking_id,
        "currency": told.currency,
        "legal_entity": told.legal_entity,
    }
    values: dict[str, Any] = dict(fact.payload) if fact else {**order, **message.payload["fields"]}
    # People unsubscribe from a text, whichever rule sends it.
    values["purpose"] = message.template
    return Fact(
        message.kind,
        message.subject_id,
        message.occasion,
        message.order_id or "",
        instant_of(message.occurred_at),
        values,
        told.recipient,
        told.country,
        told.language,
        told.has_consent,
    )
