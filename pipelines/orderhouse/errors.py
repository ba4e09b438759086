"""Errors that people see: a plain message and an exit code, without a traceback.

Everything that a user can cause (wrong settings, an invalid sources file, a held lock, a refused audit) is raised as
one of these. Programming errors do not belong here: they keep their traceback.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["AuditRefused", "LockHeld", "OrderhouseError", "listed"]

SHOWN_CHARACTERS = 60
SHOWN_NAMES = 20


class OrderhouseError(Exception):
    """A problem that the user can solve; the message states what is wrong, where, and what to do.

    Attributes:
        exit_code: Exit code of the command (1 audit refused, 2 wrong usage or configuration, 3 warehouse locked).
    """

    exit_code: int = 2

    def __init__(self, message: str, *, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        if exit_code is not None:
            self.exit_code = exit_code

    def __str__(self) -> str:
        return self.message


class AuditRefused(OrderhouseError):
    """Refusal of an audit: it found errors and nothing was published."""

    exit_code = 1


class LockHeld(OrderhouseError):
    """Another run has the run lock of the home."""

    exit_code = 3


def listed(names: Sequence[str]) -> str:
    """Return names as a list for a sentence: at most 20 names, each at most 60 characters long."""
    shown = [name if len(name) <= SHOWN_CHARACTERS else f"{name[:SHOWN_CHARACTERS]}…" for name in names[:SHOWN_NAMES]]
    more = [f"and {len(names) - SHOWN_NAMES} more"] if len(names) > SHOWN_NAMES else []
    return ", ".join([*shown, *more]) or "none"
