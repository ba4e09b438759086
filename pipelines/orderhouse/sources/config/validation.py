"""Checks of single values of a sources file.

Each raises ValueError with a clause; `sources_file` makes a sentence of it, with file and line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from orderhouse.sources.formats.format import SKIPPED

__all__ = ["as_columns", "as_list", "known_encoding", "nearest_sentence", "require_known"]


def as_list(value: Any) -> Any:
    """Return one text as a list of it, and everything else as it is."""
    return [value] if isinstance(value, str) else value


def as_columns(value: Any) -> Any:
    """Check names, or lists of names; in a list of columns an empty name skips one, as `_` does."""
    if isinstance(value, list):
        value = [name or SKIPPED for name in value]
    elif not isinstance(value, dict):
        raise ValueError(
            "they must be {theirs: ours} or, for a file without header, a list of ours in the file's order"
        )
    named = value.items() if isinstance(value, dict) else enumerate(value, 1)
    for theirs, ours in named:
        names = as_list(ours)
        if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
            raise ValueError(f"{theirs}: a column becomes one of ours, or several: [placed_at, updated_at]")
    return value


def known_encoding(value: str) -> str:
    """Return the name of an encoding if Python has it."""
    try:
        "".encode(value)
    except LookupError:
        raise ValueError(f"{value!r} is not an encoding; write one such as latin-1 or utf-16") from None
    return value


def require_known(what: str, value: str, known: Any) -> str:
    """Return a value if it is among the known ones."""
    if value in known:
        return value
    raise ValueError(nearest_sentence(what, value, known))


def nearest_sentence(what: str, value: str, known: Iterable[str]) -> str:
    """Return a clause about an unknown value that names the nearest known one."""
    nearest = difflib.get_close_matches(value, list(known), n=1, cutoff=0.0)
    return f"there is no {what} {value!r}; did you mean {nearest[0]!r}?"
