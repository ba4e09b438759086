"""Reading of `rules.yaml`: rules in their order, or a sentence with file, line and the nearest valid name.

Fields and values are compared with the tables in `compiling`, when there is a published version.
"""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Any

from orderhouse.config_values import nearest_sentence
from orderhouse.rules.reading import Form, Place, entries_of, flag, number, text, word
from orderhouse.rules.rule import ONCE_PER, OPERATORS, Comparison, Group, Part, QuietHours, Rule
from orderhouse.rules.steps_file import read_steps
from orderhouse.rules.subjects import SUBJECTS
from orderhouse.settings import Settings

__all__ = ["SHIPPED", "load_rules", "path_in_force", "read_condition", "read_rules", "rules_path"]

SHIPPED = Path(__file__).with_name("shipped.yaml")
HOURS = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
FORM = Form(
    section="rules",
    noun="rule",
    example="late_orders",
    most=200,
    keys=(
        "title",
        "enabled",
        "on",
        "when",
        "then",
        "once_per",
        "limit_per_run",
        "quiet_hours",
        "stop",
    ),
    required=("on", "when", "then"),
)
GROUPS = ("all", "any", "not")


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
    return [_rule(*entry) for entry in entries_of(path, FORM)]


def _rule(name: str, body: dict[str, Any], place: Place) -> Rule:
    table = word(body["on"], "table of rules", SUBJECTS, place / "on")
    steps = read_steps(body["then"], table, place / "then")
    return Rule(
        name=name,
        title=text(body.get("title", name.replace("_", " ").capitalize()), place / "title"),
        is_enabled=flag(body.get("enabled", "true"), place / "enabled"),
        table=table,
        when=read_condition(body["when"], place / "when"),
        steps=steps,
        once_per=word(body.get("once_per", "subject"), "occasion", ONCE_PER, place / "once_per"),
        limit_per_run=number(body.get("limit_per_run", "100"), place / "limit_per_run"),
        quiet_hours=_quiet(body.get("quiet_hours"), place / "quiet_hours"),
        stops=flag(body.get("stop", "false"), place / "stop"),
        line=place.line,
    )


def read_condition(value: Any, place: Place) -> Group:
    """Return a condition; a single comparison, or a list of parts, means `all`.

    Raises:
        OrderhouseError: It has a mistake.
    """
    part = _part({"all": value} if isinstance(value, list) else value, place)
    return part if isinstance(part, Group) else Group("all", (part,))


def _part(value: Any, place: Place) -> Part:
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


def _comparison(value: dict[str, Any], place: Place) -> Comparison:
    operators = [key for key in value if key != "field"]
    if len(operators) != 1:
        raise place.refusal("a field has one operator, such as {field: is_late, eq: true}")
    operator = word(operators[0], "operator", OPERATORS, place)
    given = value[operator]
    values = given if isinstance(given, list) else [given]
    if not all(isinstance(each, str) for each in values) or not values:
        raise (place / operator).refusal("a value is one text, number, day or instant")
    if (operator == "between" and len(values) != 2) or (operator not in ("between", "in") and len(values) != 1):
        count = "two values" if operator == "between" else "one value"
        raise (place / operator).refusal(f"{operator} takes {count}")
    if operator == "is_null" and values[0] not in ("true", "false"):
        raise (place / operator).refusal("is_null is true or false")
    return Comparison(text(value["field"], place / "field"), operator, tuple(values), place.line)


def _quiet(value: Any, place: Place) -> QuietHours | None:
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
