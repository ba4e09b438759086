"""Policies: the order in which the aims of routing count."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from orderhouse.errors import OrderhouseError

__all__ = ["AIMS", "DEFAULT_POLICY", "NAMED_POLICIES", "NEAREST", "Policy", "parse_policy"]

# Each aim is a sum that is to be as small as possible: parcels, units past their promise, cost, units from thin stock.
AIMS = ("parcels", "date", "cost", "cover")
NEAREST = "nearest"
DEFAULT_POLICY = "fewest-parcels"
NAMED_POLICIES = {
    DEFAULT_POLICY: ("parcels", "date", "cost", "cover"),
    "on-time": ("date", "parcels", "cost", "cover"),
    "cheapest": ("cost", "date", "parcels", "cover"),
    "even-cover": ("cover", "parcels", "date", "cost"),
}


@dataclass(frozen=True)
class Policy:
    """An order of aims, of which an earlier one is never given up for a later one.

    Attributes:
        name: The name, or the aims joined by commas.
        aims: The aims. It is empty for `nearest`, which takes the nearest warehouse that has stock and weighs nothing.
    """

    name: str
    aims: tuple[str, ...]


def parse_policy(text: str) -> Policy:
    """Return the policy of a name or of a list of aims such as `date,cost`. Aims that are left out come last.

    Raises:
        OrderhouseError: The text is neither.
    """
    text = text.strip()
    if text == NEAREST:
        return Policy(NEAREST, ())
    if text in NAMED_POLICIES:
        return Policy(text, NAMED_POLICIES[text])
    aims = tuple(part.strip() for part in text.split(","))
    for aim in aims:
        if aim not in AIMS:
            known = (*NAMED_POLICIES, NEAREST, *AIMS)
            near = difflib.get_close_matches(aim, known, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise OrderhouseError(
                f"{aim!r} is neither a policy ({', '.join((*NAMED_POLICIES, NEAREST))}) nor an aim "
                f"({', '.join(AIMS)}).{meant}"
            )
    if len(set(aims)) < len(aims):
        raise OrderhouseError(f"The policy {text!r} names an aim twice. Write each of {', '.join(AIMS)} at most once.")
    whole = aims + tuple(aim for aim in AIMS if aim not in aims)
    names: dict[tuple[str, ...], str] = {order: name for name, order in NAMED_POLICIES.items()}
    return Policy(names.get(whole, ",".join(whole)), whole)
