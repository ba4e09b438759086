"""Messages of rules to customers: the step that stores them, and the check of their texts before a rule fires.

They are judged again before they go; see `orderhouse.messages.rule_messages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.messages.configuration import Configuration
from orderhouse.messages.kinds import KINDS
from orderhouse.messages.outbox import NewMessage, enqueue
from orderhouse.messages.rule_messages import KINDS_BY_ORDER, Told, needs_consent_of, new_message, people_of
from orderhouse.messages.rule_texts import found_text, variables_of
from orderhouse.messages.selecting import EVER, Published
from orderhouse.messages.service import opened_version
from orderhouse.operations.store import Store
from orderhouse.rules.firings import Firing
from orderhouse.rules.rule import Rule, Step
from orderhouse.rules.subjects import SUBJECTS
from orderhouse.settings import Settings

__all__ = ["check_texts", "tell"]

CHANNEL = "email"


def check_texts(rules: Sequence[Rule], configuration: Configuration, path: Path) -> None:
    """Refuse a message step whose text does not exist, or names a field that the step does not give.

    Args:
        rules: The rules.
        configuration: Configuration of messages.
        path: File of the rules, for messages.

    Raises:
        OrderhouseError: A step has a mistake; the message has file and line.
    """
    for rule in rules:
        for step in rule.steps:
            if step.kind == "message":
                _check(rule, step, configuration, path)


def _check(rule: Rule, step: Step, configuration: Configuration, path: Path) -> None:
    template, where = step.options["template"], f"{path}:{step.line}: {rule.name}: message"
    known = (*KINDS_BY_ORDER, *configuration.templates)
    if template in KINDS and template not in KINDS_BY_ORDER:
        raise OrderhouseError(f"{where}: {template} is about a parcel, return or payment, and is sent without a rule.")
    if template not in known:
        raise OrderhouseError(
            f"{where}: {nearest_sentence('text', template, known)} A text of your own is declared under `templates:` "
            "of messages.yaml."
        )
    if template in KINDS and rule.table == "customers":
        raise OrderhouseError(f"{where}: {template} is about an order, and the rule looks at customers.")
    route = configuration.routes.get(step.options.get("channel", CHANNEL))
    if route is not None and route.endpoint.channel == "http":
        raise OrderhouseError(f"{where}: the channel {route.endpoint.name} is for actions, and takes no messages.")
    if template not in KINDS:
        for name in sorted(variables_of(found_text(configuration, template, configuration.language)) - {*step.fields}):
            raise OrderhouseError(f"{where}: the text {template} names {name!r}; add it to `fields`.")


def tell(
    settings: Settings,
    store: Store,
    configuration: Configuration,
    rule: str,
    table: str,
    step: Step,
    firings: Sequence[Firing],
    now: datetime,
) -> list[dict[str, Any]]:
    """Put one message to a customer into the outbox for each firing, and return what became of it.

    Args:
        settings: Settings of the home.
        store: The operations store.
        configuration: Configuration of messages.
        rule: Name of the rule.
        table: Table of the rule.
        step: The step.
        firings: Firings that have reached the step.
        now: The present instant.
    """
    by = "customer" if table == "customers" else "order"
    with opened_version(settings) as published:
        if published is None:
            return [_refused("nothing is published") for _ in firings]
        people = people_of(published, by, [_key(each, by) for each in firings])
        facts = _orders_with_fact(published, step.options["template"], firings)
        outcomes, messages = [], []
        for each in firings:
            told = people.get(_key(each, by))
            why = _why_not(configuration, step, told, facts)
            message = None if why or told is None else _message(published, configuration, rule, table, step, each, told)
            messages += [message] if message else []
            outcomes.append(_queued(message) if message else _refused(why))
    enqueue(store, messages, now=now)
    return outcomes


def _key(firing: Firing, by: str) -> str:
    return firing.subject_id if by == "customer" else firing.order_id or ""


def _orders_with_fact(published: Published, template: str, firings: Sequence[Firing]) -> set[str] | None:
    """Return the orders of which a kind of message can tell something; None for a text that is no kind."""
    if template not in KINDS:
        return None
    orders = sorted({each.order_id for each in firings if each.order_id})
    found = published.facts(KINDS[template], since=EVER, subjects=orders)
    return {fact.order_id for fact in found if fact.order_id}


def _why_not(configuration: Configuration, step: Step, told: Told | None, facts: set[str] | None) -> str:
    """Return why a customer is not told; empty if nothing speaks against it."""
    template = step.options["template"]
    if told is None or told.recipient is None:
        return "there is no e-mail address of the customer"
    if facts is not None and told.order_id not in facts:
        return f"{template} has nothing to tell of the order"
    if needs_consent_of(configuration, template) and not told.has_consent:
        return "the customer has not agreed to marketing"
    return ""


def _message(
    published: Published,
    configuration: Configuration,
    rule: str,
    table: str,
    step: Step,
    firing: Firing,
    told: Told,
) -> NewMessage:
    return new_message(
        published,
        configuration,
        told,
        rule=rule,
        subject=(SUBJECTS[table].noun.replace(" ", "_"), firing.subject_id.replace("\x1f", " / ")),
        by="customer" if table == "customers" else "order",
        firing_id=firing.firing_id,
        step=firing.step,
        template=step.options["template"],
        channel=step.options.get("channel", CHANNEL),
        fields={name: firing.fields[name] for name in step.fields},
        fired_at=datetime.fromisoformat(firing.fired_at),
    )


def _queued(message: NewMessage) -> dict[str, Any]:
    return {"outcome": "held" if message.state == "held" else "queued", "message_id": message.message_id}


def _refused(why: str) -> dict[str, Any]:
    return {"outcome": "refused", "why": why}
