"""Reading of single values of `rules.yaml`: each is what it should be, or is refused with file, line and path."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.sources.readers.yaml_lines import Keys, line_of

__all__ = ["Place", "flag", "known_keys", "number", "text", "word"]


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
