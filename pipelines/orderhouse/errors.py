"""The errors that people see: one plain sentence, an exit code, no traceback.

Everything a user can cause (wrong settings, a broken sources file, a held lock, a refused audit) is raised as one of
these. Programming errors are not: they keep their traceback.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["AuditRefused", "LockHeld", "OrderhouseError", "listed"]

SHOWN_CHARACTERS = 60
SHOWN_NAMES = 20


class OrderhouseError(Exception):
    """A problem that the user can put right: what is wrong, where, and what to do.

    Attributes:
        exit_code: What the command line ends with (1 audit refused, 2 wrong usage or configuration, 3 warehouse held).
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
    """The audit found errors, so nothing was published."""

    exit_code = 1


class LockHeld(OrderhouseError):
    """Another run holds the warehouse."""

    exit_code = 3


def listed(names: Sequence[str]) -> str:
    """Return names as a list for a sentence: at most 20 of them, each cut after 60 characters."""
    shown = [name if len(name) <= SHOWN_CHARACTERS else f"{name[:SHOWN_CHARACTERS]}…" for name in names[:SHOWN_NAMES]]
    more = [f"and {len(names) - SHOWN_NAMES} more"] if len(names) > SHOWN_NAMES else []
    return ", ".join([*shown, *more]) or "none"
