"""Contradictions: two rules, or two steps of one, that would do opposite things to one order.

Two conditions exclude each other if both name the same field, at their top, with values that have nothing in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from orderhouse.rules.rule import Comparison, Rule

__all__ = ["contradictions"]

OPPOSITE = frozenset(
    frozenset(pair)
    for pair in (("hold", "release"), ("hold", "cancel"), ("release", "cancel"), ("approve_return", "decline_return"))
)


def contradictions(rules: Sequence[Rule]) -> list[str]:
    """Return a sentence for each contradiction between rules that are switched on."""
    enabled = [rule for rule in rules if rule.is_enabled and rule.actions]
    own = [
        f"line {rule.line}: the rule {rule.name} would {first} and {second} the same row"
        for rule in enabled
        for first, second in combinations(rule.actions, 2)
        if frozenset((first, second)) in OPPOSITE
    ]
    between = [
        f"line {later.line}: the rules {rule.name} and {later.name} would {first} and {second} the same order"
        for rule, later in combinations(enabled, 2)
        if not _exclude(rule, later)
        for first in rule.actions
        for second in later.actions
        if frozenset((first, second)) in OPPOSITE
    ]
    return own + between


def _exclude(rule: Rule, later: Rule) -> bool:
    """Tell if no row meets the conditions of both rules, or the later one leaves alone what the earlier one matches."""
    if rule.table != later.table:
        return False
    if rule.stops:
        return True
    first, second = _required(rule), _required(later)
    return any(first[name].isdisjoint(second[name]) for name in first.keys() & second.keys())


def _required(rule: Rule) -> dict[str, set[str]]:
    """Return the values that a field must have, by field."""
    if rule.when.kind != "all":
        return {}
    found: dict[str, set[str]] = {}
    for part in rule.when.parts:
        if isinstance(part, Comparison) and part.operator in ("eq", "in"):
            found[part.field] = found.get(part.field, set(part.values)) & set(part.values)
    return found
