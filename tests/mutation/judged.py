"""Judgements about survivors: why a mutant that no check notices is equivalent, or what would be needed to catch it.

A mutant is named as in the page, `model/kind/place`. A judgement that begins with `equivalent` takes the mutant out of
the catch rate.
"""

from __future__ import annotations

__all__ = ["EQUIVALENT", "JUDGED"]

EQUIVALENT = "equivalent"

JUDGED: dict[str, str] = {}
