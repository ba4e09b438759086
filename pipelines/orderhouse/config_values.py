"""Checks of single values of a file that people write, such as `sources.yaml` or `access.yaml`.

Each raises ValueError with a clause; whoever reads the file makes a sentence of it, with file and line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = ["TYPE_MESSAGES", "as_list", "nearest_sentence", "require_known"]

# Messages for values of a wrong type, by pydantic's error type.
TYPE_MESSAGES = {
    "bool_parsing": "it must be true or false",
    "bool_type": "it must be true or false",
    "dict_type": "it must be keys with values, such as {theirs: ours}",
    "float_parsing": "it must be a number",
    "int_parsing": "it must be a whole number",
    "list_type": "it must be one text, or a list of texts",
    "model_type": "it must be keys with values",
    "string_too_short": "it is empty",
    "string_type": "it must be one text",
    "too_short": "it is empty",
}


def as_list(value: Any) -> Any:
    """Return one text as a list of it, and everything else as it is."""
    return [value] if isinstance(value, str) else value


def require_known(what: str, value: str, known: Any) -> str:
    """Return a value if it is among the known ones."""
    if value in known:
        return value
    raise ValueError(nearest_sentence(what, value, known))


def nearest_sentence(what: str, value: str, known: Iterable[str]) -> str:
    """Return a clause about an unknown value that names the nearest known one."""
    nearest = difflib.get_close_matches(value, list(known), n=1, cutoff=0.0)
    return f"there is no {what} {value!r}; did you mean {nearest[0]!r}?"
