"""Limits of the solver, in its deterministic seconds, which count work: every machine finds the same plans."""

from __future__ import annotations

__all__ = ["DAY_SECONDS", "DECISION_SECONDS"]

# One decision on all open lines.
DECISION_SECONDS = 2.0
# One day of a replay.
DAY_SECONDS = 0.5
