"""One rule: the table it looks at, its condition, its steps and its limits.

Reading belongs in `rules_file`, the queries in `compiling`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import time
from decimal import Decimal
from typing import Any

__all__ = ["ONCE_PER", "OPERATORS", "STEP_KINDS", "Comparison", "Group", "Part", "QuietHours", "Rule", "Step"]

# Operators of a comparison, as people read them.
OPERATORS = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "gt": "is more than",
    "ge": "is at least",
    "lt": "is less than",
    "le": "is at most",
    "between": "is between",
    "contains": "contains",
    "is_null": "is empty",
}
# Occasions on which a rule fires again for the same subject.
ONCE_PER = ("subject", "subject and day", "subject and state")
STEP_KINDS = ("approve", "action", "notify", "message", "webhook")


@dataclass(frozen=True)
class Comparison:
    """Comparison of one field with one or more values.

    Attributes:
        field: Field of the table.
        operator: One of `OPERATORS`.
        values: The values as written.
        line: Line of the file.
    """

    field: str
    operator: str
    values: tuple[str, ...]
    line: int = 1


@dataclass(frozen=True)
class Group:
    """Parts of a condition that are combined.

    Attributes:
        kind: `all`, `any` or `not`; `not` has one part.
        parts: The parts.
    """

    kind: str
    parts: tuple[Part, ...]


Part = Comparison | Group


@dataclass(frozen=True)
class Step:
    """One step of a rule.

    Attributes:
        kind: One of `STEP_KINDS`.
        options: Its options as written.
        line: Line of the file.
    """

    kind: str
    options: Mapping[str, str]
    line: int = 1

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields of the row that a message or a webhook carries."""
        return tuple(name.strip() for name in self.options.get("fields", "").split(",") if name.strip())

    @property
    def above(self) -> tuple[Decimal, str] | None:
        """Return amount and currency up to which an approval is not asked for; None if it always is."""
        if "above" not in self.options:
            return None
        amount, currency = self.options["above"].split()
        return Decimal(amount), currency


@dataclass(frozen=True)
class QuietHours:
    """Hours of the business day in which a rule does not fire; they may pass midnight."""

    begin: time
    end: time

    def holds(self, now: time) -> bool:
        """Tell if a time of the business zone is quiet."""
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: Name of the rule; it is part of the key of every firing.
        title: Sentence that people read.
        is_enabled: True if it fires.
        table: Table it looks at, see `subjects`.
        when: The condition.
        steps: Steps in their order.
        once_per: One of `ONCE_PER`.
        limit_per_run: Firings of one run above which the rule stops and asks.
        quiet_hours: Hours in which it does not fire.
        stops: True if later rules of the table leave alone what this rule matches.
        line: Line of the file.
    """

    name: str
    title: str
    is_enabled: bool
    table: str
    when: Group
    steps: tuple[Step, ...]
    once_per: str = "subject"
    limit_per_run: int = 100
    quiet_hours: QuietHours | None = None
    stops: bool = False
    line: int = 1

    @property
    def version(self) -> str:
        """Return a hash of what the rule does; a change of the title or of its lines is no new version."""
        meaning = _without_lines(asdict(self))
        for name in ("title", "is_enabled"):
            del meaning[name]
        return hashlib.sha256(json.dumps(meaning, sort_keys=True, default=str).encode()).hexdigest()[:16]

    @property
    def actions(self) -> tuple[str, ...]:
        """Return the kinds of operator actions among its steps."""
        return tuple(step.options["kind"] for step in self.steps if step.kind == "action")


def _without_lines(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_lines(each) for key, each in value.items() if key != "line"}
    if isinstance(value, list | tuple):
        return [_without_lines(each) for each in value]
    return value
