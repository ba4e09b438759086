"""Waiting before another attempt: twice as long each time, up to an hour, with jitter."""

from __future__ import annotations

import random
from datetime import timedelta

__all__ = ["FIRST", "LONGEST", "delay"]

FIRST = timedelta(seconds=30)
LONGEST = timedelta(hours=1)


def delay(attempts: int, *, longest: timedelta = LONGEST, chance: float | None = None) -> timedelta:
    """Return the time to wait after a number of attempts: between half and the whole of the doubled time.

    Jitter keeps messages that failed together from coming back together.

    Args:
        attempts: Number of attempts so far, from 1.
        longest: Longest time.
        chance: Number between 0 and 1; drawn by default.
    """
    whole = min(FIRST * (1 << min(max(attempts - 1, 0), 20)), longest)
    share = random.random() if chance is None else chance  # noqa: S311 - no secret
    return whole * (0.5 + share / 2)
