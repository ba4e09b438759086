"""Rules as sentences: conditions and steps in the words of people."""

from __future__ import annotations

from collections.abc import Sequence

from orderhouse.rules.rule import OPERATORS, Group, Part, Step

__all__ = ["ACTIONS", "condition_sentence", "field_name", "step_sentence", "steps_sentence"]

ACTIONS = {
    "hold": "hold the order", "release": "release the order", "cancel": "cancel the order",
    "approve_return": "approve the return", "decline_return": "decline the return", "tag": "tag the order",
    "note": "write a note", "assign": "assign the exception", "resolve": "resolve the exception",
}  # fmt: skip


def field_name(name: str) -> str:
    """Return a field as people read it."""
    return name.removeprefix("is_").removeprefix("has_").replace("_", " ")


def condition_sentence(part: Part) -> str:
    """Return a condition as a clause."""
    if isinstance(part, Group):
        if part.kind == "not":
            return f"not ({condition_sentence(part.parts[0])})"
        word = " and " if part.kind == "all" else " or "
        inner = [condition_sentence(each) for each in part.parts]
        is_nested = [isinstance(each, Group) and len(each.parts) > 1 for each in part.parts]
        return word.join(f"({text})" if nested else text for text, nested in zip(inner, is_nested, strict=True))
    name = field_name(part.field)
    if part.operator == "is_null":
        return f"{name} is {'' if part.values[0] == 'true' else 'not '}empty"
    if part.values in (("true",), ("false",)):
        yes = (part.values[0] == "true") == (part.operator == "eq")
        return name if yes else f"not {name}"
    return f"{name} {OPERATORS[part.operator]} {(' and ' if part.operator == 'between' else ', ').join(part.values)}"


def step_sentence(step: Step) -> str:
    """Return a step as a clause."""
    options = step.options
    if step.kind == "approve":
        above = f" above {options['above']}" if "above" in options else ""
        return f"ask {options['role']} to approve{above}"
    if step.kind == "action":
        return ACTIONS[options["kind"]] + (f" to {options['assignee']}" if "assignee" in options else "")
    if step.kind == "notify":
        return f"tell {options['role']}"
    if step.kind == "message":
        return f"write to the customer ({options['template'].replace('_', ' ')})"
    return f"call {options['to']}"


def steps_sentence(steps: Sequence[Step]) -> str:
    """Return the steps as one clause."""
    return ", then ".join(step_sentence(step) for step in steps)
