"""Known disagreements of oracle and marts, by world, table and column, each with the reason.

A column that is listed here must differ: as soon as the mart is right, its test says so and the line goes.
"""

from __future__ import annotations

__all__ = ["KNOWN"]

# (worlds, table, column): reason
KNOWN: dict[tuple[str, str, str], str] = {}
