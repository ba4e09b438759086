"""A rule while it is edited: flat lists of conditions and steps, which become a rule by the rules of the file."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from dataclasses import field as with_default
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from orderhouse.errors import OrderhouseError
from orderhouse.rules.rule import Comparison, Group, Part, Rule
from orderhouse.rules.rules_file import read_rules
from orderhouse.rules.saving import plain_condition
from orderhouse.rules.subjects import SUBJECTS
from shared.conditions import Condition, plain_comparison

__all__ = ["Draft", "StepDraft", "draft_of", "example_text", "new_draft", "rule_of"]


@dataclass
class StepDraft:
    """One step that is edited."""

    kind: str
    options: dict[str, str]
    key: str = with_default(default_factory=lambda: uuid4().hex)


@dataclass
class Draft:
    """A rule that is edited.

    Attributes:
        name: Name of the rule.
        title: Its title.
        is_enabled: True if it is switched on.
        table: Its table.
        required: Conditions of which a row meets all.
        alternatives: Conditions of which a row meets one, if there are any.
        other: A condition that the lists cannot hold; it is kept as it is.
        steps: The steps in order.
        once_per: Occasion.
        limit_per_run: Most firings of one run.
        quiet_hours: Quiet hours as text; empty for none.
        stops: True if later rules leave its rows alone.
        key: Key of its widgets.
    """

    name: str
    title: str
    is_enabled: bool
    table: str
    required: list[Condition]
    alternatives: list[Condition]
    other: Part | None
    steps: list[StepDraft]
    once_per: str = "subject"
    limit_per_run: int = 100
    quiet_hours: str = ""
    stops: bool = False
    key: str = with_default(default_factory=lambda: uuid4().hex)

    def move_to(self, table: str) -> None:
        """Look at another table, whose fields are others."""
        before, self.table = example_text(self.table), table
        self.required, self.alternatives, self.other = [], [], None
        for step in self.steps:
            step.options.pop("fields", None)
            if step.options.get("text") == before:
                step.options["text"] = example_text(table)


def new_draft() -> Draft:
    """Return a new rule without conditions, which is switched off."""
    step = StepDraft("notify", {"role": "operator", "text": example_text("orders")})
    return Draft("new_rule", "New rule", False, "orders", [], [], None, [step])


def example_text(table: str) -> str:
    """Return a text that names the row of a table."""
    subject = SUBJECTS[table]
    noun = subject.noun if subject.noun.isupper() else subject.noun.capitalize()
    return f"{noun} {' '.join(f'{{{name}}}' for name in subject.key)}"


def draft_of(rule: Rule) -> Draft:
    """Return a rule as it is edited."""
    required, alternatives, other = _lists_of(rule.when)
    quiet = rule.quiet_hours
    return Draft(
        rule.name, rule.title, rule.is_enabled, rule.table, required, alternatives, other,
        [StepDraft(step.kind, dict(step.options)) for step in rule.steps], rule.once_per, rule.limit_per_run,
        f"{quiet.begin:%H:%M}-{quiet.end:%H:%M}" if quiet else "", rule.stops,
    )  # fmt: skip


def _lists_of(when: Group) -> tuple[list[Condition], list[Condition], Part | None]:
    """Return the conditions of a rule as two lists, or as it is if they cannot hold it."""
    parts = when.parts if when.kind == "all" else (when,)
    single = [part for part in parts if isinstance(part, Comparison)]
    groups = [part for part in parts if isinstance(part, Group)]
    fits = not groups or (
        len(groups) == 1 and groups[0].kind == "any" and all(isinstance(each, Comparison) for each in groups[0].parts)
    )
    if not fits:
        return [], [], when
    inner = [each for each in groups[0].parts if isinstance(each, Comparison)] if groups else []
    return [_condition(each) for each in single], [_condition(each) for each in inner], None


def _condition(part: Comparison) -> Condition:
    return Condition(part.field, part.operator, list(part.values))


def rule_of(draft: Draft) -> Rule:
    """Return the rule of a draft, read as if it had been written into the file.

    Raises:
        OrderhouseError: It is not complete.
    """
    body: dict[str, Any] = {
        "title": draft.title.strip() or "Untitled", "enabled": draft.is_enabled, "on": draft.table,
        "when": _when(draft), "then": [{each.kind: _options(each)} for each in draft.steps],
        "once_per": draft.once_per, "limit_per_run": draft.limit_per_run, "stop": draft.stops,
    }  # fmt: skip
    if draft.quiet_hours.strip():
        body["quiet_hours"] = draft.quiet_hours.strip()
    if not draft.name.strip():
        raise OrderhouseError("Give it a name.")
    text = yaml.safe_dump({"rules": {draft.name.strip(): body}}, sort_keys=False, allow_unicode=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            (rule,) = read_rules(path)
        except OrderhouseError as error:
            raise OrderhouseError(error.message.split(": ", 1)[-1]) from None
    return rule


def _options(step: StepDraft) -> dict[str, str]:
    return {name: value for name, value in step.options.items() if value.strip()}


def _when(draft: Draft) -> Any:
    if draft.other is not None:
        return plain_condition(draft.other)
    parts = [plain_comparison(each) for each in draft.required]
    if draft.alternatives:
        parts.append({"any": [plain_comparison(each) for each in draft.alternatives]})
    if not parts:
        raise OrderhouseError("Add a condition.")
    return {"all": parts}
