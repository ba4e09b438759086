"""Reading of files of named entries, such as `rules.yaml`: a wrong value is refused with file, line and path."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.sources.readers.yaml_lines import Keys, line_of, read_yaml

__all__ = ["NAME", "Form", "Place", "entries_of", "flag", "known_keys", "number", "text", "word"]

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True)
class Place:
    """Place in the file, for messages."""

    path: Path
    lines: Mapping[Keys, int]
    keys: Keys = ()

    def __truediv__(self, key: str | int) -> Place:
        return Place(self.path, self.lines, (*self.keys, key))

    @property
    def line(self) -> int:
        """Return the line of the value, or of the nearest key that contains it."""
        return line_of(self.keys, dict(self.lines))

    def refusal(self, clause: str) -> OrderhouseError:
        """Return an error about the value: file, line and path before the clause."""
        owner = ".".join(str(each) for each in self.keys[1:])
        sentence = f"{self.path}:{self.line}: {owner + ': ' if owner else ''}{clause}"
        return OrderhouseError(sentence if sentence.endswith("?") else f"{sentence}.")


@dataclass(frozen=True)
class Form:
    """Form of a file of named entries.

    Attributes:
        section: The only key of the file, such as `rules`; the file is named after it.
        noun: One entry, such as `rule`.
        example: Name of an entry, for messages.
        most: Greatest number of entries.
        keys: Keys that an entry may have.
        required: Those that it must have.
    """

    section: str
    noun: str
    example: str
    most: int
    keys: tuple[str, ...]
    required: tuple[str, ...]


def entries_of(path: Path, form: Form) -> Iterator[tuple[str, dict[str, Any], Place]]:
    """Yield name, keys and place of each entry of a file, in their order.

    Raises:
        OrderhouseError: The file has another form, or an entry has another name or other keys.
    """
    document, lines = read_yaml(path, f"{form.section} file", f"{form.section}:", f"{form.section}.yaml")
    place = Place(path, lines)
    known_keys(document, (form.section,), place)
    found = document.get(form.section)
    if not isinstance(found, dict):
        clause = f"write each {form.noun} under its name, such as `{form.example}:`"
        raise (place / form.section).refusal(clause)
    if len(found) > form.most:
        raise place.refusal(f"there are {len(found)} {form.section}; {form.most} are possible")
    for name, body in found.items():
        own = place / form.section / name
        if not NAME.fullmatch(name):
            raise own.refusal(
                f"the name of a {form.noun} has lower-case letters, digits and _, and begins with a letter"
            )
        if not isinstance(body, dict):
            raise own.refusal("it must be keys with values")
        known_keys(body, form.keys, own)
        for key in form.required:
            if key not in body:
                raise own.refusal(f"it has no `{key}`")
        yield name, body, own


def known_keys(found: Mapping[str, Any], known: Collection[str], place: Place) -> None:
    """Refuse a key that is not known."""
    for key in found:
        if key not in known:
            raise (place / key).refusal(nearest_sentence("key", key, known))


def word(value: Any, what: str, known: Collection[str], place: Place) -> str:
    """Return one of the known words."""
    found = text(value, place)
    if found not in known:
        raise place.refusal(nearest_sentence(what, found, known))
    return found


def text(value: Any, place: Place) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value.strip() or len(value) > 1_000:
        raise place.refusal("it must be one text of 1 to 1,000 characters")
    return value


def flag(value: Any, place: Place) -> bool:
    """Return true or false."""
    if value not in ("true", "false"):
        raise place.refusal("it must be true or false")
    return bool(value == "true")


def number(value: Any, place: Place) -> int:
    """Return a whole number from 1 to 10,000."""
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 10_000:
        raise place.refusal("it must be a whole number from 1 to 10000")
    return int(value)
