"""Quoting of names in SQL statements. Values are parameters; names are quoted here and in no other way."""

from __future__ import annotations

__all__ = ["quote"]


def quote(identifier: str) -> str:
    """Return an identifier in double quotes, for use in a statement."""
    return '"' + identifier.replace('"', '""') + '"'
