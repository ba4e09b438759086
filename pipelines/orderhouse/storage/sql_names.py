"""Names in SQL: values are parameters, names are quoted here and nowhere else."""

from __future__ import annotations

__all__ = ["quote"]


def quote(identifier: str) -> str:
    """An identifier for SQL: the one way names get into statements."""
    return '"' + identifier.replace('"', '""') + '"'
