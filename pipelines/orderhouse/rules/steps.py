"""Steps of firings: each is taken after its firing is stored, and taking it again after a kill changes nothing.

Actions have ids made from rule, run and step, so that a repeated one is found where it landed. Messages have the key of
the firing.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from orderhouse.access.access_file import load_access
from orderhouse.actions.acting import act
from orderhouse.actions.requests import Request, Subject
from orderhouse.messages.configuration import Configuration, Route
from orderhouse.messages.outbox import Channel, NewMessage, enqueue
from orderhouse.messages.posting import filled_text
from orderhouse.operations.store import Store
from orderhouse.operations.tables import RULE_VERSIONS
from orderhouse.rules.approvals import ask
from orderhouse.rules.firings import Firing, move_on
from orderhouse.rules.rule import Step
from orderhouse.rules.subjects import SUBJECTS
from orderhouse.rules.telling import tell
from orderhouse.settings import Settings

__all__ = ["Kept", "stored_rule", "take_steps"]

NAMESPACE = uuid.UUID("2f0c7a4e-7b55-4d0e-bf0b-6b1f5f6f2a90")
# Role in whose name a rule acts, unless its step names one.
ROLE = "operator"


@dataclass(frozen=True)
class Kept:
    """Part of a rule's version that is stored with its firings.

    Attributes:
        rule: Name of the rule.
        title: Its title.
        table: Its table.
        steps: Its steps.
    """

    rule: str
    title: str
    table: str
    steps: tuple[Step, ...]


def stored_rule(store: Store, rule: str, version: str) -> Kept:
    """Return a version of a rule as it was stored when it fired or was saved."""
    columns = RULE_VERSIONS.c
    query = sa.select(columns.body).where(columns.rule == rule, columns.version == version)
    with store.reading() as connection:
        found = json.loads(connection.execute(query).scalar_one())
    steps = tuple(Step(each["kind"], each["options"]) for each in found["steps"])
    return Kept(found["name"], found["title"], found["table"], steps)


@dataclass(frozen=True)
class _World:
    """Everything that steps need."""

    settings: Settings
    store: Store
    configuration: Configuration
    now: datetime


def take_steps(
    settings: Settings, store: Store, configuration: Configuration, kept: Kept, firings: Sequence[Firing], now: datetime
) -> None:
    """Take the steps of firings of one rule, version and run until each is done or waits, and store it.

    Args:
        settings: Settings of the home.
        store: The operations store.
        configuration: Endpoints for messages.
        kept: The version of the rule.
        firings: Firings that have the same next step.
        now: The present instant.
    """
    world = _World(settings, store, configuration, now)
    going = list(firings)
    while going:
        number = going[0].step
        if number >= len(kept.steps):
            move_on(store, [replace(each, state="done") for each in going])
            return
        step = kept.steps[number]
        if step.kind == "approve":
            going, waiting, rows = ask(store, going, step, now)
            going = [replace(each, step=number + 1) for each in going]
            move_on(store, [*going, *waiting], rows)
            continue
        outcomes = _TAKE[step.kind](world, kept, step, going)
        going = [
            replace(each, step=number + 1, outcomes=(*each.outcomes, {"step": number, "kind": step.kind, **outcome}))
            for each, outcome in zip(going, outcomes, strict=True)
        ]
        move_on(store, going)


def _act(world: _World, kept: Kept, step: Step, firings: Sequence[Firing]) -> list[dict[str, Any]]:
    """Land one action for each firing, and return what became of it."""
    kind = step.options["kind"]
    role = load_access(world.settings).role_named(step.options.get("as", ROLE))
    subjects = [_subject_of(kept, kind, each) for each in firings]
    outcomes: list[dict[str, Any]] = [{"outcome": "refused", "why": "it belongs to no order"} for _ in firings]
    requests = [(_text(step, kept, each), _part(kept, each)) for each in firings]
    for text, part in sorted(set(requests)):
        chosen = [
            (number, subject)
            for number, subject in enumerate(subjects)
            if subject is not None and requests[number] == (text, part)
        ]
        distinct = tuple(dict.fromkeys(subject for _, subject in chosen))
        if not distinct:
            continue
        request = Request(
            _request_id(kept, firings[0], text, part), kind, distinct, assignee=step.options.get("assignee"),
            tells_customer=step.options.get("tell_customer", "true") == "true", reason=text or None,
        )  # fmt: skip
        answers = {
            each.subject: each for each in act(world.settings, actor=f"rule {kept.rule}", role=role, request=request)
        }
        for number, subject in chosen:
            answer = answers[subject]
            landed: dict[str, Any] = {"outcome": "landed", "action_id": answer.action_id, "action": kind}
            outcomes[number] = landed if answer.has_landed else {"outcome": "refused", "why": answer.refusal or ""}
    return outcomes


def _subject_of(kept: Kept, kind: str, firing: Firing) -> Subject | None:
    """Return the subject of an action; None if the row belongs to no order."""
    if kept.table == "exceptions" and kind in ("assign", "resolve", "note"):
        return Subject(exception_id=firing.subject_id)
    return None if firing.order_id is None else Subject(order_id=firing.order_id)


def _part(kept: Kept, firing: Firing) -> str:
    """Return the part of a step that a firing is taken in.

    Firings of one run go on together, until people decide on each: then each is a part of its own. Otherwise one that
    is approved later would meet the request of those that were approved before, and be taken for refused.
    """
    return firing.firing_id if any(step.kind == "approve" for step in kept.steps[: firing.step]) else ""


def _request_id(kept: Kept, firing: Firing, text: str, part: str) -> str:
    """Return the id of the request of a step; the same firings give the same id again."""
    parts = (kept.rule, firing.rule_version, firing.fired_at, str(firing.step), text, *([part] if part else []))
    return uuid.uuid5(NAMESPACE, json.dumps(parts)).hex


def _text(step: Step, kept: Kept, firing: Firing) -> str:
    """Return the text of a step with the fields of the firing. Braces within a value stay as they are."""
    return filled_text(step.options.get("text", ""), firing.fields)


def _notify(world: _World, kept: Kept, step: Step, firings: Sequence[Firing]) -> list[dict[str, Any]]:
    """Put one message for the team into the outbox for each firing."""
    endpoint = step.options.get("channel", step.options.get("to", step.options.get("role", "")))
    route = world.configuration.routes.get(endpoint)
    messages = [
        NewMessage(
            kind=f"rule.{kept.rule}",
            subject_type=SUBJECTS[kept.table].noun.replace(" ", "_"),
            subject_id=each.subject_id.replace("\x1f", " / "),
            channel=_channel(step, route),
            endpoint=endpoint,
            audience="team",
            recipient=endpoint,
            payload={
                "title": kept.title,
                "text": _text(step, kept, each) or f"{kept.title}: {each.subject}",
                **_carried(step, kept, each),
            },
            occurred_at=datetime.fromisoformat(each.fired_at),
            occasion=f"{each.firing_id}|{each.step}",
            order_id=each.order_id,
            state="pending" if route else "held",
            reason=None if route else f"there is no channel {endpoint} in messages.yaml",
        )
        for each in firings
    ]
    enqueue(world.store, messages, now=world.now)
    return [{"outcome": "queued" if route else "held", "message_id": each.message_id} for each in messages]


def _carried(step: Step, kept: Kept, firing: Firing) -> dict[str, Any]:
    """Return the fields that a message carries: of a webhook those that were chosen, under `data`."""
    if not step.fields:
        return dict(firing.fields)
    chosen = {name: firing.fields[name] for name in step.fields}
    return {"data": {"rule": kept.rule, "subject": firing.subject, **chosen}}


def _tell(world: _World, kept: Kept, step: Step, firings: Sequence[Firing]) -> list[dict[str, Any]]:
    return tell(world.settings, world.store, world.configuration, kept.rule, kept.table, step, firings, world.now)


def _channel(step: Step, route: Route | None) -> Channel:
    """Return the channel of an endpoint; of one that is not configured, the likely one."""
    if route is not None:
        return cast(Channel, route.endpoint.channel)
    return "webhook" if step.kind == "webhook" else "email"


_TAKE: dict[str, Callable[[_World, Kept, Step, Sequence[Firing]], list[dict[str, Any]]]] = {
    "action": _act,
    "notify": _notify,
    "message": _tell,
    "webhook": _notify,
}
