"""Patched JSON: values set in a record by dotted paths with positions in lists, such as ``line_items.0.price``.

The patches themselves belong in `orderhouse.files.patches`. The readers of JSON call this module for patched records.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from orderhouse.files.patches import PatchMisfit, Received, RecordPatch, unknown_field

__all__ = ["patched_value", "received_value", "replaced"]

# An envelope, the list in it, and the record. No format opens deeper levels.
DEPTH = 3
TEXTS = ("true", "false", "null")


def received_value(value: Any) -> Received:
    """Return a record as received, with its plain values by path."""
    try:
        text = json.dumps(value, ensure_ascii=False)
        fields = dict(_leaves(value, ""))
    except RecursionError:
        return Received(text="", is_readable=False)
    return Received(fields, text, is_readable=isinstance(value, dict), can_gain_fields=True)


def patched_value(value: Any, patch: RecordPatch, decode: Callable[[str], Any]) -> Any:
    """Return a record with a patch applied.

    Args:
        value: The record as received.
        patch: The patch.
        decode: Decodes JSON text, as the reader does.

    Raises:
        PatchMisfit: The patch does not fit.
    """
    if patch.text is not None:
        try:
            value = decode(patch.text)
        except (ValueError, RecursionError) as error:
            raise PatchMisfit(f"the text given for the record is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise PatchMisfit("the record is not a JSON object, so it has no fields to set. Give the whole with --text")
    try:
        value = copy.deepcopy(value)
    except RecursionError:
        raise PatchMisfit("the record is nested too deeply to be repaired") from None
    for path, text in patch.fields.items():
        _set(value, path, path.split("."), _decoded_value(text, decode))
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise PatchMisfit("the record holds half a character, which no text can hold") from None
    return value


def replaced(value: Any, old: Any, new: Any, depth: int = DEPTH) -> Any:
    """Return a value in which another object replaces one of its parts, which is found by identity."""
    if value is old:
        return new
    if depth and isinstance(value, dict):
        return {name: replaced(part, old, new, depth - 1) for name, part in value.items()}
    if depth and isinstance(value, list):
        return [replaced(part, old, new, depth - 1) for part in value]
    return value


def _decoded_value(text: str, decode: Callable[[str], Any]) -> Any:
    """Return the value of a patch: empty text is null, JSON literals and structures are decoded, other text stays."""
    if text == "":
        return None
    if text in TEXTS or text[0] in '{["':
        try:
            return decode(text)
        except (ValueError, RecursionError):
            return text
    return text


def _set(holder: Any, path: str, steps: list[str], value: Any) -> None:
    """Set a value at a path; a name may contain dots if the object has such a name."""
    if isinstance(holder, list):
        position = _position(holder, path, steps[0])
        if len(steps) == 1:
            holder[position] = value
        else:
            _set(holder[position], path, steps[1:], value)
        return
    if not isinstance(holder, dict):
        raise PatchMisfit(f"what {path!r} leads through is no object and no list")
    for length in range(len(steps), 0, -1):
        name = ".".join(steps[:length])
        if name in holder or (length == len(steps) == 1):
            if length == len(steps):
                holder[name] = value
            else:
                _set(holder[name], path, steps[length:], value)
            return
    raise unknown_field(steps[0], holder)


def _position(items: list[Any], path: str, step: str) -> int:
    if step.isdecimal() and int(step) < len(items):
        return int(step)
    has = f"{len(items)} entries, 0 to {len(items) - 1}" if items else "no entries"
    raise PatchMisfit(f"{path!r} names the entry {step} of a list that has {has}")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str | None]]:
    match value:
        case dict():
            for name, part in value.items():
                yield from _leaves(part, f"{path}.{name}" if path else name)
        case list():
            for position, part in enumerate(value):
                yield from _leaves(part, f"{path}.{position}")
        case None:
            yield path, None
        case bool():
            yield path, "true" if value else "false"
        case _:
            yield path, str(value)
