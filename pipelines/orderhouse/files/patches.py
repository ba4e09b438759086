"""Patches of records as received: corrected fields or text of the records of a file.

A file carries its patches. The readers of tables and of JSON apply them before any format sees a record, so that
every row made from the record is corrected. The decisions, their authors and their dates belong in `orderhouse.repair`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from orderhouse.errors import listed

__all__ = ["PatchMisfit", "Received", "RecordPatch", "RecordPatches", "unknown_field", "patches_for_record"]

Patched = TypeVar("Patched")


class PatchMisfit(Exception):  # noqa: N818 - a misfit of the patch, not an error of the program
    """A patch that does not fit its record. The message is a sentence without its full stop."""


@dataclass(frozen=True)
class RecordPatch:
    """The correction of a record.

    Attributes:
        repair_id: The recorded decision.
        fields: Values by the source's own names (of JSON: dotted paths), as the source would write them; empty text is
            null.
        text: The whole record as the source would have sent it, in which the fields are then set. None keeps the record
            as received.
    """

    repair_id: str
    fields: Mapping[str, str] = field(repr=False, default_factory=dict)
    text: str | None = field(repr=False, default=None)


@dataclass(frozen=True)
class Received:
    """A record as received: its fields, or its text where it cannot be read.

    Attributes:
        fields: Plain values by name, or by dotted path; None is empty.
        text: The text of an unreadable record, or of JSON the whole value.
        is_readable: True if fields can be set in the record.
        can_gain_fields: True if the record may get fields that it did not have.
    """

    fields: Mapping[str, str | None] = field(repr=False, default_factory=dict)
    text: str = field(repr=False, default="")
    is_readable: bool = True
    can_gain_fields: bool = False


@dataclass
class RecordPatches:
    """The patches of one file, and the result of each after the file was read.

    Attributes:
        fingerprint: Identifies all decisions about records of the file, including withdrawn ones.
        by_record: Patches in force by record number.
        received: The patched records as received, by record number.
        problems: Reasons for which a patch was not applied; its record is then read as received.
    """

    fingerprint: str
    by_record: Mapping[int, RecordPatch] = field(default_factory=dict)
    received: dict[int, Received] = field(default_factory=dict, repr=False)
    problems: dict[int, str] = field(default_factory=dict)

    def apply(self, record: int, received: Received, patched: Callable[[RecordPatch], Patched]) -> Patched | None:
        """Store a record as received and return the patched record, or None if its patch does not fit."""
        self.received[record] = received
        try:
            result = patched(self.by_record[record])
        except PatchMisfit as misfit:
            self.problems[record] = str(misfit)
            return None
        self.problems.pop(record, None)
        return result


def patches_for_record(record: int, patch: RecordPatch | None = None) -> RecordPatches:
    """Return patches for reading a file to see one record, or to try a patch on it."""
    return RecordPatches("", {record: patch or RecordPatch("")})


def unknown_field(name: str, names: Iterable[Any]) -> PatchMisfit:
    """Return the error about a field that a record does not have."""
    known: Sequence[str] = [str(each) for each in names]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it has {listed(known)}"
    return PatchMisfit(f"the record has no field {name!r} ({hint})")
