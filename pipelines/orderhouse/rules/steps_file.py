"""Reading of the steps of a rule: their options, and whether rows of the table could take them at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orderhouse.access.roles import BUILT_IN, KINDS
from orderhouse.rules.reading import Place, flag, known_keys, text, word
from orderhouse.rules.rule import STEP_KINDS, Step
from orderhouse.rules.subjects import SUBJECTS

__all__ = ["KINDS_OF_RULES", "read_steps"]

AMOUNT = re.compile(r"\d{1,12}(\.\d{1,4})? [A-Z]{3}")
# Kinds of operator actions that need nothing but their subject, or what a rule can say beforehand.
KINDS_OF_RULES = ("hold", "release", "cancel", "approve_return", "decline_return", "tag", "note", "assign", "resolve")
OPTIONS = {
    "approve": ("role", "above"),
    "action": ("kind", "as", "assignee", "text", "tell_customer"),
    "notify": ("role", "text", "channel"),
    "message": ("template", "channel", "fields"),
    "webhook": ("to", "text", "fields"),
}
REQUIRED = {
    "approve": ("role",), "action": ("kind",), "notify": ("role", "text"), "message": ("template",), "webhook": ("to",)
}  # fmt: skip


def read_steps(value: Any, table: str, place: Place) -> tuple[Step, ...]:
    """Return the steps of a rule on a table.

    Raises:
        OrderhouseError: A step is unknown, lacks an option, or could be taken for no row of the table.
    """
    given = [value] if isinstance(value, dict) else value
    if not isinstance(given, list) or not given:
        raise place.refusal("write its steps as a list, such as `- notify: {role: operator, text: …}`")
    steps = tuple(_step(each, table, place / number) for number, each in enumerate(given))
    if steps[-1].kind == "approve":
        raise place.refusal("nothing follows the approval; write the steps that wait for it below it")
    return steps


def _step(value: Any, table: str, place: Place) -> Step:
    if not isinstance(value, dict) or len(value) != 1:
        raise place.refusal("a step is one of " + ", ".join(STEP_KINDS))
    ((kind, options),) = value.items()
    word(kind, "step", STEP_KINDS, place)
    inner = place / kind
    if not isinstance(options, dict):
        raise inner.refusal("write its options, such as {" + ": …, ".join(REQUIRED[kind]) + ": …}")
    known_keys(options, OPTIONS[kind], inner)
    for name in REQUIRED[kind]:
        if name not in options:
            raise inner.refusal(f"it has no `{name}`")
    texts = {name: text(_joined(each) if name == "fields" else each, inner / name) for name, each in options.items()}
    _check_step(kind, texts, table, inner)
    return Step(kind, texts, place.line)


def _check_step(kind: str, options: Mapping[str, str], table: str, place: Place) -> None:
    """Refuse options that no state could make possible."""
    subject = SUBJECTS[table]
    for name in ("role", "as"):
        if name in options:
            word(options[name], "role", BUILT_IN, place / name)
    if kind == "approve" and "above" in options:
        if not AMOUNT.fullmatch(options["above"]):
            raise (place / "above").refusal("write an amount with its currency, such as 100 EUR")
        if subject.amount is None:
            raise (place / "above").refusal(f"{table} have no amount; leave `above` out to ask for every one")
    if kind == "action":
        _check_action(options, table, place)
    if kind == "message" and subject.order is None and table != "customers":
        raise place.refusal(f"{table} have no customer; use notify")


def _joined(value: Any) -> Any:
    """Return a list of fields as one text, as a step keeps it."""
    is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return ", ".join(value) if is_list else value


def _check_action(options: Mapping[str, str], table: str, place: Place) -> None:
    kind, subject = options["kind"], SUBJECTS[table]
    if kind in KINDS and kind not in KINDS_OF_RULES:
        raise (place / "kind").refusal(f"a rule cannot {kind}: it needs what only a person can say; use notify")
    word(kind, "action", KINDS_OF_RULES, place / "kind")
    if subject.order is None:
        raise place.refusal(f"no action can be taken on {table}; use notify")
    if kind in ("assign", "resolve") and table != "exceptions":
        raise (place / "kind").refusal(f"{kind} is an action on exceptions, and the rule looks at {table}")
    if kind == "assign" and "assignee" not in options:
        raise place.refusal("assign needs `assignee`")
    if "tell_customer" in options:
        flag(options["tell_customer"], place / "tell_customer")
        if kind != "cancel":
            raise (place / "tell_customer").refusal(f"no customer is told of {kind}")
    if kind in ("note", "tag") and "text" not in options:
        raise place.refusal(f"{kind} needs `text`")
