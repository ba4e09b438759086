"""Rules of actions as published in `ops.allowed_actions`, by which models, pages and commands judge alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderhouse.access.roles import Role

__all__ = ["Query", "Rule", "Rules", "load_rules"]

# Runs one parameterised query over published tables and returns its rows.
Query = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Rule:
    """One row of the table: the decision about a kind of action in one state of one axis."""

    kind: str
    axis: str
    state: str
    step: int
    is_accepted: bool
    next_state: str | None
    rejection: str | None


class Rules:
    """All rules of one published version.

    Attributes:
        kinds: The kinds of action, in the order of the table.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules: dict[str, list[Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.kind, []).append(rule)
        self.kinds = tuple(kind for kind in self._rules if kind != "unknown")

    def refusal(self, kind: str, states: Mapping[str, str], role: Role | None = None) -> str | None:
        """Return why an action would be refused; None if it would be accepted.

        Args:
            kind: Kind of action.
            states: State by axis. An axis that is not given is not looked at.
            role: The role of who acts; without it, roles are not looked at.
        """
        if kind not in self.kinds:
            return "the kind of action is not known"
        known = states if role is None or role.declares_actions else {**states, "role": role.name}
        found = [(rule.step, rule.rejection) for rule in self._hit(kind, known) if not rule.is_accepted]
        if role is not None and not self._grants(kind, role):
            (step,) = {rule.step for rule in self._rules[kind] if rule.axis == "role"}
            found.append((step, f"the role {role.name} may not do it"))
        return min(found)[1] if found else None

    def after(self, kind: str, states: Mapping[str, str]) -> dict[str, str]:
        """Return the states after an accepted action."""
        moved = {rule.axis: rule.next_state for rule in self._hit(kind, states) if rule.is_accepted and rule.next_state}
        return {**states, **moved}

    def roles_of(self, kind: str) -> list[str]:
        """Return the roles that the table names for a kind of action."""
        return [rule.state for rule in self._rules.get(kind, []) if rule.axis == "role" and rule.is_accepted]

    def _hit(self, kind: str, states: Mapping[str, str]) -> list[Rule]:
        return [rule for rule in self._rules.get(kind, []) if states.get(rule.axis) == rule.state]

    def _grants(self, kind: str, role: Role) -> bool:
        """Tell if a role has the right: by `actions` in `access.yaml`, else by the table if that names the role."""
        named = {rule.state: rule.is_accepted for rule in self._rules[kind] if rule.axis == "role"}
        return named[role.name] if role.name in named and not role.declares_actions else role.may(kind)


def load_rules(query: Query) -> Rules:
    """Read the rules of the version that the query reads."""
    rows = query(
        "select kind, axis, state, step, is_accepted, next_state, rejection from ops.allowed_actions "
        "order by kind, step, axis, state",
        (),
    )
    return Rules(Rule(*row) for row in rows)
