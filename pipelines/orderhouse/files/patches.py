"""Patches of records as received: what somebody said that records of a file should have been.

A file carries them, and the readers of tables and of JSON apply them before any format sees a record, so that all that
a format makes of it follows. Who decided what, and when, belongs to `ingest`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from orderhouse.errors import listed

__all__ = ["PatchMisfit", "Received", "RecordPatch", "RecordPatches", "has_no_field", "looking_at"]

Made = TypeVar("Made")


class PatchMisfit(Exception):  # noqa: N818 - the sentence is about the patch, not about the program
    """A patch that does not fit its record, as a sentence without its full stop."""


@dataclass(frozen=True)
class RecordPatch:
    """What a record should have been.

    Attributes:
        repair_id: The decision that says so.
        fields: By the source's own names (of JSON: dotted paths), as the source would write them; empty text for none.
        text: The whole record as the source would have sent it; the fields are set in it. None to start from the
            record as received.
    """

    repair_id: str
    fields: Mapping[str, str] = field(repr=False, default_factory=dict)
    text: str | None = field(repr=False, default=None)


@dataclass(frozen=True)
class Received:
    """A record as it came: its fields, or its text where it cannot be read.

    Attributes:
        fields: Plain values by name, or by dotted path; None is empty.
        text: The text of a record that is none, or of JSON the whole value.
        is_readable: Whether fields can be set in it.
        may_gain: Whether it may get fields that it did not have.
    """

    fields: Mapping[str, str | None] = field(repr=False, default_factory=dict)
    text: str = field(repr=False, default="")
    is_readable: bool = True
    may_gain: bool = False


@dataclass
class RecordPatches:
    """The patches of one file, and what became of them while it was read.

    Attributes:
        fingerprint: Stands for every decision about records of the file, those taken back too.
        by_record: Patches in force.
        received: The patched records as they came.
        problems: Why a patch was not applied: its record is then read as it came.
    """

    fingerprint: str
    by_record: Mapping[int, RecordPatch] = field(default_factory=dict)
    received: dict[int, Received] = field(default_factory=dict, repr=False)
    problems: dict[int, str] = field(default_factory=dict)

    def apply(self, record: int, received: Received, patched: Callable[[RecordPatch], Made]) -> Made | None:
        """Note a record as it came, and make the patched one of it; None if its patch does not fit."""
        self.received[record] = received
        try:
            made = patched(self.by_record[record])
        except PatchMisfit as misfit:
            self.problems[record] = str(misfit)
            return None
        self.problems.pop(record, None)
        return made


def looking_at(record: int, patch: RecordPatch | None = None) -> RecordPatches:
    """Patches with which a file is read to see one record, or to try a patch on it."""
    return RecordPatches("", {record: patch or RecordPatch("")})


def has_no_field(name: str, names: Iterable[Any]) -> PatchMisfit:
    """The sentence about a field that a record has not."""
    known: Sequence[str] = [str(each) for each in names]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it has {listed(known)}"
    return PatchMisfit(f"the record has no field {name!r} ({hint})")
