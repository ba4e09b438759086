"""Reading of `rules.yaml`: rules in their order, or a sentence with file, line and the nearest valid name.

Fields and values are compared with the tables in `compiling`, when there is a published version.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

from orderhouse.access.roles import BUILT_IN, KINDS
from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.rules.rule import ONCE_PER, OPERATORS, STEP_KINDS, Comparison, Group, Part, QuietHours, Rule, Step
from orderhouse.rules.subjects import SUBJECTS
from orderhouse.settings import Settings
from orderhouse.sources.readers.yaml_lines import Keys, line_of, read_yaml

__all__ = ["KINDS_OF_RULES", "SHIPPED", "load_rules", "path_in_force", "read_rules", "rules_path"]

SHIPPED = Path(__file__).with_name("shipped.yaml")
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
AMOUNT = re.compile(r"\d{1,12}(\.\d{1,4})? [A-Z]{3}")
HOURS = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
KEYS = ("title", "enabled", "on", "when", "then", "once_per", "limit_per_run", "quiet_hours", "stop")
GROUPS = ("all", "any", "not")
# Kinds of operator actions that need nothing but their subject, or what a rule can say beforehand.
KINDS_OF_RULES = ("hold", "release", "cancel", "approve_return", "decline_return", "tag", "note", "assign", "resolve")
OPTIONS = {
    "approve": ("role", "above"),
    "action": ("kind", "as", "assignee", "text"),
    "notify": ("role", "text", "channel"),
    "webhook": ("to", "text"),
}
REQUIRED = {"approve": ("role",), "action": ("kind",), "notify": ("role", "text"), "webhook": ("to",)}
MOST_RULES = 200


@dataclass(frozen=True)
class _Place:
    """Place in the file, for messages."""

    path: Path
    lines: Mapping[Keys, int]
    keys: Keys = ()

    def __truediv__(self, key: str | int) -> _Place:
        return _Place(self.path, self.lines, (*self.keys, key))

    @property
    def line(self) -> int:
        return line_of(self.keys, dict(self.lines))

    def refusal(self, clause: str) -> OrderhouseError:
        owner = ".".join(str(each) for each in self.keys[1:])
        sentence = f"{self.path}:{self.line}: {owner + ': ' if owner else ''}{clause}"
        return OrderhouseError(sentence if sentence.endswith("?") else f"{sentence}.")


def rules_path(settings: Settings) -> Path:
    """Return the file of a home's rules; it may not exist."""
    return settings.home / "rules.yaml"


def path_in_force(settings: Settings) -> Path:
    """Return the file of the rules in force: that of the home, else the shipped one, in which all are switched off."""
    path = rules_path(settings)
    return path if path.exists() else SHIPPED


def load_rules(settings: Settings) -> list[Rule]:
    """Read the rules in force, in their order.

    Raises:
        OrderhouseError: The file has a mistake.
    """
    return read_rules(path_in_force(settings))


def read_rules(path: Path) -> list[Rule]:
    """Read a file of rules, in their order.

    Raises:
        OrderhouseError: The file has a mistake.
    """
    document, lines = read_yaml(path, "rules file", "rules:", "rules.yaml")
    place = _Place(path, lines)
    _known_keys(document, ("rules",), place)
    found = document.get("rules")
    if not isinstance(found, dict):
        raise (place / "rules").refusal("write each rule under its name, such as `late_orders:`")
    if len(found) > MOST_RULES:
        raise place.refusal(f"there are {len(found)} rules; {MOST_RULES} are possible")
    return [_rule(name, body, place / "rules" / name) for name, body in found.items()]


def _rule(name: str, body: Any, place: _Place) -> Rule:
    if not NAME.fullmatch(name):
        raise place.refusal("the name of a rule has lower-case letters, digits and _, and begins with a letter")
    if not isinstance(body, dict):
        raise place.refusal("it must be keys with values")
    _known_keys(body, KEYS, place)
    for key in ("on", "when", "then"):
        if key not in body:
            raise place.refusal(f"it has no `{key}`")
    table = _word(body["on"], "table of rules", SUBJECTS, place / "on")
    steps = _steps(body["then"], table, place / "then")
    return Rule(
        name=name,
        title=_text(body.get("title", name.replace("_", " ").capitalize()), place / "title"),
        is_enabled=_flag(body.get("enabled", "true"), place / "enabled"),
        table=table,
        when=_condition(body["when"], place / "when"),
        steps=steps,
        once_per=_word(body.get("once_per", "subject"), "occasion", ONCE_PER, place / "once_per"),
        limit_per_run=_number(body.get("limit_per_run", "100"), place / "limit_per_run"),
        quiet_hours=_quiet(body.get("quiet_hours"), place / "quiet_hours"),
        stops=_flag(body.get("stop", "false"), place / "stop"),
        line=place.line,
    )


def _condition(value: Any, place: _Place) -> Group:
    """Return a condition; a single comparison, or a list of parts, means `all`."""
    part = _part({"all": value} if isinstance(value, list) else value, place)
    return part if isinstance(part, Group) else Group("all", (part,))


def _part(value: Any, place: _Place) -> Part:
    if not isinstance(value, dict) or not value:
        raise place.refusal("a condition is {field: …, eq: …}, or all, any or not with conditions below it")
    if "field" in value:
        return _comparison(value, place)
    if len(value) != 1:
        raise place.refusal("write one of all, any and not, or a field with one operator")
    ((kind, below),) = value.items()
    if kind not in GROUPS:
        raise place.refusal(nearest_sentence("group", kind, (*GROUPS, "field")))
    inner = place / kind
    if kind == "not":
        return Group("not", (_part(below, inner),))
    if not isinstance(below, list) or not below:
        raise inner.refusal("write its conditions as a list")
    return Group(kind, tuple(_part(each, inner / number) for number, each in enumerate(below)))


def _comparison(value: dict[str, Any], place: _Place) -> Comparison:
    operators = [key for key in value if key != "field"]
    if len(operators) != 1:
        raise place.refusal("a field has one operator, such as {field: is_late, eq: true}")
    operator = _word(operators[0], "operator", OPERATORS, place)
    given = value[operator]
    values = given if isinstance(given, list) else [given]
    if not all(isinstance(each, str) for each in values) or not values:
        raise (place / operator).refusal("a value is one text, number, day or instant")
    if (operator == "between" and len(values) != 2) or (operator not in ("between", "in") and len(values) != 1):
        count = "two values" if operator == "between" else "one value"
        raise (place / operator).refusal(f"{operator} takes {count}")
    if operator == "is_null" and values[0] not in ("true", "false"):
        raise (place / operator).refusal("is_null is true or false")
    return Comparison(_text(value["field"], place / "field"), operator, tuple(values), place.line)


def _steps(value: Any, table: str, place: _Place) -> tuple[Step, ...]:
    given = [value] if isinstance(value, dict) else value
    if not isinstance(given, list) or not given:
        raise place.refusal("write its steps as a list, such as `- notify: {role: operator, text: …}`")
    steps = tuple(_step(each, table, place / number) for number, each in enumerate(given))
    if steps[-1].kind == "approve":
        raise place.refusal("nothing follows the approval; write the steps that wait for it below it")
    return steps


def _step(value: Any, table: str, place: _Place) -> Step:
    if not isinstance(value, dict) or len(value) != 1:
        raise place.refusal("a step is one of " + ", ".join(STEP_KINDS))
    ((kind, options),) = value.items()
    _word(kind, "step", STEP_KINDS, place)
    inner = place / kind
    if not isinstance(options, dict):
        raise inner.refusal("write its options, such as {" + ": …, ".join(REQUIRED[kind]) + ": …}")
    _known_keys(options, OPTIONS[kind], inner)
    for name in REQUIRED[kind]:
        if name not in options:
            raise inner.refusal(f"it has no `{name}`")
    texts = {name: _text(each, inner / name) for name, each in options.items()}
    _check_step(kind, texts, table, inner)
    return Step(kind, texts, place.line)


def _check_step(kind: str, options: Mapping[str, str], table: str, place: _Place) -> None:
    """Refuse options that no state could make possible."""
    subject = SUBJECTS[table]
    for name in ("role", "as"):
        if name in options:
            _word(options[name], "role", BUILT_IN, place / name)
    if kind == "approve" and "above" in options:
        if not AMOUNT.fullmatch(options["above"]):
            raise (place / "above").refusal("write an amount with its currency, such as 100 EUR")
        if subject.amount is None:
            raise (place / "above").refusal(f"{table} have no amount; leave `above` out to ask for every one")
    if kind == "action":
        _check_action(options, table, place)


def _check_action(options: Mapping[str, str], table: str, place: _Place) -> None:
    kind, subject = options["kind"], SUBJECTS[table]
    if kind in KINDS and kind not in KINDS_OF_RULES:
        raise (place / "kind").refusal(f"a rule cannot {kind}: it needs what only a person can say; use notify")
    _word(kind, "action", KINDS_OF_RULES, place / "kind")
    if subject.order is None:
        raise place.refusal(f"no action can be taken on {table}; use notify")
    if kind in ("assign", "resolve") and table != "exceptions":
        raise (place / "kind").refusal(f"{kind} is an action on exceptions, and the rule looks at {table}")
    if kind == "assign" and "assignee" not in options:
        raise place.refusal("assign needs `assignee`")
    if kind in ("note", "tag") and "text" not in options:
        raise place.refusal(f"{kind} needs `text`")


def _known_keys(found: Mapping[str, Any], known: Collection[str], place: _Place) -> None:
    for key in found:
        if key not in known:
            raise (place / key).refusal(nearest_sentence("key", key, known))


def _word(value: Any, what: str, known: Collection[str], place: _Place) -> str:
    text = _text(value, place)
    if text not in known:
        raise place.refusal(nearest_sentence(what, text, known))
    return text


def _text(value: Any, place: _Place) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 1_000:
        raise place.refusal("it must be one text of 1 to 1,000 characters")
    return value


def _flag(value: Any, place: _Place) -> bool:
    if value not in ("true", "false"):
        raise place.refusal("it must be true or false")
    return bool(value == "true")


def _number(value: Any, place: _Place) -> int:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 10_000:
        raise place.refusal("it must be a whole number from 1 to 10000")
    return int(value)


def _quiet(value: Any, place: _Place) -> QuietHours | None:
    if value is None:
        return None
    match = HOURS.fullmatch(value) if isinstance(value, str) else None
    try:
        begin, end = (time.fromisoformat(each) for each in match.groups()) if match else ("", "")
    except ValueError:
        match = None
    if match is None or begin == end:
        raise place.refusal("write hours of the business day, such as 21:00-08:00")
    return QuietHours(begin, end)  # type: ignore[arg-type]
