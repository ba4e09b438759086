"""Decoding of JSON: numbers keep their digits, a name stands once in an object, and an array is decoded by element.

Reading files belongs in `json_text`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["NameTwice", "Undecodable", "elements", "is_object", "load_json"]

SPACE = re.compile(r"[ \t\n\r]*")
TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


class NameTwice(ValueError):  # noqa: N818 - a name that stands twice
    """An object with two values under one name, of which a program would silently take the last."""

    def __init__(self) -> None:
        super().__init__("it has two values under one name")


@dataclass(frozen=True)
class Undecodable:
    """An element of an array that cannot be decoded: its text, and the error."""

    text: str
    error: Exception


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NameTwice
    return found


_decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object)


def load_json(text: str) -> Any:
    """Decode a JSON value; numbers become text, digit for digit.

    Raises:
        ValueError: The text is not JSON, or an object in it has two values under one name (`NameTwice`).
        RecursionError: It is nested too deep.
    """
    return _decoder.decode(text)


def is_object(line: bytes) -> bool:
    """Return whether a line is a JSON object, also one that `load_json` refuses."""
    try:
        return isinstance(load_json(line.decode()), dict)
    except NameTwice:
        return line.lstrip()[:1] == b"{"
    except RecursionError:
        text = line.decode().strip()
        return text[:1] == "{" and _end_of(text, 0) == len(text)
    except ValueError:
        return False


def elements(text: str) -> Iterator[Any]:
    """Yield the elements of an array; in place of one that `load_json` refuses, an `Undecodable`.

    Raises:
        ValueError: The text is not an array, or not JSON elsewhere.
    """
    place = _after_space(text, 0)
    if text[place : place + 1] != "[":
        raise json.JSONDecodeError("Expecting an array", text, place)
    place = _after_space(text, place + 1)
    is_last = text[place : place + 1] == "]"
    while not is_last:
        element, place = _element(text, place)
        yield element
        place = _after_space(text, place)
        is_last = text[place : place + 1] == "]"
        if not is_last:
            if text[place : place + 1] != ",":
                raise json.JSONDecodeError("Expecting ',' delimiter", text, place)
            place = _after_space(text, place + 1)
    if _after_space(text, place + 1) != len(text):
        raise json.JSONDecodeError("Extra data", text, place + 1)


def _element(text: str, place: int) -> tuple[Any, int]:
    try:
        return _decoder.raw_decode(text, place)
    except (NameTwice, RecursionError) as error:
        end = _end_of(text, place)
        return Undecodable(text[place:end], error), end


def _end_of(text: str, place: int) -> int:
    """Return the end of an object or array that begins at a place; the end of the text if it has none."""
    depth = 0
    for found in TEXT_OR_BRACKET.finditer(text, place):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return len(text)


def _after_space(text: str, place: int) -> int:
    found = SPACE.match(text, place)
    return found.end() if found else place
