"""Saving of one rule into `rules.yaml`: its lines are replaced or added, all other lines stay as they are.

The first save writes the file of the home from the shipped one.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orderhouse.errors import OrderhouseError
from orderhouse.messages.configuration import load_configuration
from orderhouse.operations.audit_log import record
from orderhouse.operations.store import open_store
from orderhouse.operations.tables import RULE_VERSIONS
from orderhouse.rules.compiling import compile_rule
from orderhouse.rules.contradictions import contradictions
from orderhouse.rules.firings import keep_version, text_of
from orderhouse.rules.rule import Group, Part, Rule
from orderhouse.rules.rules_file import path_in_force, read_rules, rules_path
from orderhouse.rules.telling import check_texts
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.storage.people_files import drafted, only_writer, save_text
from orderhouse.yaml_blocks import entry_lines, with_block

__all__ = ["as_yaml", "checked", "delete_rule", "plain_condition", "save_rule"]

SECTION = "rules"
DEFAULTS = {"once_per": "subject", "limit_per_run": 100, "stop": False}


def save_rule(settings: Settings, rule: Rule, *, actor: str, role: str, seen: str | None = None) -> Rule:
    """Write a rule into the file of the home, checked as if it had been written by hand.

    Args:
        settings: Settings of the home.
        rule: The rule.
        actor: Person who saves it; nobody approves what they saved.
        role: Role of the person.
        seen: Version of the rule that the person edited; None for a new rule.

    Returns:
        The rule as it is read from the file.

    Raises:
        OrderhouseError: It has a mistake, contradicts another rule, or was changed since it was seen. Nothing is saved.
    """
    with only_writer(settings, SECTION):
        _require_unmoved(settings, rule.name, seen)
        text = with_block(_text(settings), SECTION, rule.name, as_yaml(rule))
        saved = _check(settings, text, rule.name)
        save_text(rules_path(settings), text)
    with open_store(settings).writing(RULE_VERSIONS.name) as connection:
        keep_version(connection, saved, text_of(datetime.now(UTC)), actor)
    record(
        settings, actor=actor, role=role, action="save_rule", subject=f"rule {rule.name}",
        detail={"version": saved.version, "enabled": saved.is_enabled},
    )  # fmt: skip
    return saved


def delete_rule(settings: Settings, name: str, *, actor: str, role: str, seen: str) -> None:
    """Remove a rule from the file of the home. What it did stays recorded.

    Raises:
        OrderhouseError: It was changed since it was seen. Nothing is removed.
    """
    with only_writer(settings, SECTION):
        _require_unmoved(settings, name, seen)
        save_text(rules_path(settings), with_block(_text(settings), SECTION, name, ""))
    record(settings, actor=actor, role=role, action="delete_rule", subject=f"rule {name}")


def checked(settings: Settings, rule: Rule) -> Rule:
    """Return a rule as it would be read if it were saved.

    Raises:
        OrderhouseError: It has a mistake, or contradicts another rule.
    """
    with only_writer(settings, SECTION):
        return _check(settings, with_block(_text(settings), SECTION, rule.name, as_yaml(rule)), rule.name)


def as_yaml(rule: Rule) -> str:
    """Return a rule as the lines of `rules.yaml`, with two spaces before each."""
    body: dict[str, Any] = {"title": rule.title, "enabled": rule.is_enabled, "on": rule.table}
    body["when"] = plain_condition(rule.when)
    body["then"] = [{step.kind: dict(step.options)} for step in rule.steps]
    for name, value in (("once_per", rule.once_per), ("limit_per_run", rule.limit_per_run), ("stop", rule.stops)):
        if value != DEFAULTS[name]:
            body[name] = value
    if rule.quiet_hours is not None:
        body["quiet_hours"] = f"{rule.quiet_hours.begin:%H:%M}-{rule.quiet_hours.end:%H:%M}"
    return entry_lines(rule.name, body)


def plain_condition(part: Part) -> Any:
    """Return a condition as it stands in the file."""
    if isinstance(part, Group):
        below = [plain_condition(each) for each in part.parts]
        return {part.kind: below[0] if part.kind == "not" else below}
    many = part.operator in ("in", "between")
    return {"field": part.field, part.operator: list(part.values) if many else part.values[0]}


def _text(settings: Settings) -> str:
    return path_in_force(settings).read_text(encoding="utf-8-sig")


def _require_unmoved(settings: Settings, name: str, seen: str | None) -> None:
    found = next((each.version for each in read_rules(path_in_force(settings)) if each.name == name), None)
    if found != seen:
        what = "there is a rule of that name already" if seen is None else "it was changed since you opened it"
        raise OrderhouseError(f"The rule {name} is not saved: {what}. Open it again.")


def _check(settings: Settings, text: str, name: str) -> Rule:
    """Return a rule of a text, after the whole text was read and the rule compared with the published tables."""
    draft = settings.operations / "rules_draft.yaml"
    with drafted(draft, text, "rules.yaml"):
        rules = read_rules(draft)
        rule = next(each for each in rules if each.name == name)
        with contextlib.closing(open_reader(settings)) as published:
            compile_rule(rule, published, draft)
        check_texts([rule], load_configuration(settings), draft)
        if wrong := contradictions(rules):
            raise OrderhouseError(f"{'; '.join(wrong)}.")
    return replace(rule)
