"""Checks of single values of a sources file.

Each raises ValueError with a clause; `sources_file` makes a sentence of it, with file and line.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator

from orderhouse.config_values import as_list
from orderhouse.sources.formats.format import SKIPPED, WHITE_SPACE

__all__ = ["Delimiter", "Encoding", "as_columns"]


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


def _known_delimiter(value: str) -> str:
    """Return a delimiter: one character, or the word for any white space; `tab` and an escaped tab are a tab."""
    if value == WHITE_SPACE:
        return value
    value = {"\\t": "\t", "tab": "\t"}.get(value, value)
    if len(value.encode()) != 1 or value in '"\r\n':
        raise ValueError("it must be one character, such as ';' or tab, or whitespace; but no quote and no new line")
    return value


def _known_encoding(value: str) -> str:
    """Return the name of an encoding if Python has it."""
    try:
        "".encode(value)
    except LookupError:
        raise ValueError(f"{value!r} is not an encoding; write one such as latin-1 or utf-16") from None
    return value


Delimiter = Annotated[str, AfterValidator(_known_delimiter)]
Encoding = Annotated[str, AfterValidator(_known_encoding)]
