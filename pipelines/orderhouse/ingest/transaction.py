"""Rows and counts that one transaction gathers before they are screened and stored.

A part is one feed of one file. Rows of many small files are screened together, because a thousand frames of ten rows
cost a hundred times more than one frame of ten thousand. Writing belongs to `loading`.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import Future
from dataclasses import dataclass, field

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.ingest.controls import Check
from orderhouse.ingest.discovery import Unit
from orderhouse.ingest.screening import PART
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats.format import FeedRows, Role
from orderhouse.sources.readers.records import Malformed

__all__ = ["ColumnsSeen", "Part", "Transaction", "Waiting"]

Kind = tuple[str, str, tuple[tuple[str, pl.DataType], ...]]


@dataclass
class Part:
    """One feed of one file, with the number of its rows received and quarantined."""

    number: int
    unit: Unit
    file: SourceFile
    feed: str | None
    role: Role
    rows_in: int = 0
    quarantined: int = 0
    ignored: tuple[str, ...] = ()


@dataclass
class Waiting:
    """Frames of one source, feed and schema that wait to be screened.

    Attributes:
        frames: Pairs of part number and frame.
        is_trimmed: True if no text is empty or begins or ends with white space.
    """

    source: Source
    feed: str
    frames: list[tuple[int, pl.DataFrame]] = field(default_factory=list)
    is_trimmed: bool = True

    def joined(self) -> pl.DataFrame:
        """Return all rows in one frame of one chunk, each row with its part.

        Polars works chunk by chunk, and it copies columns whose chunks differ in length each time that rows are hashed
        or exported. One chunk avoids both.
        """
        frames = [frame.with_columns(pl.lit(number, pl.Int64).alias(PART)) for number, frame in self.frames]
        return pl.concat(frames, rechunk=True)


@dataclass(frozen=True)
class ColumnsSeen:
    """Kinds and words found in the columns of some rows.

    Attributes:
        kinds: `_part`, column_name and, per kind, the number of sampled values of it.
        words: `_part`, column_name, word.
    """

    kinds: pl.DataFrame
    words: pl.DataFrame


class Transaction:
    """Parts and waiting rows since the last commit.

    Attributes:
        rows: Number of rows gathered since the last commit.
        rows_waiting: Number of those rows that are not screened yet.
    """

    def __init__(self, first_part: int = 0) -> None:
        self.next_part = first_part
        self.rows = 0
        self.rows_waiting = 0
        self.parts: dict[int, Part] = {}
        self.units: list[Unit] = []
        self.rejected: list[tuple[Unit, str]] = []
        self.malformed: list[tuple[int, Malformed]] = []
        self.accepted: dict[str, list[pl.DataFrame]] = {}
        self.checks: list[Check] = []
        self.seen: list[Future[ColumnsSeen]] = []
        self.is_open = False
        self._waiting: dict[Kind, Waiting] = {}
        self._of_unit: dict[int, dict[tuple[str, str | None], Part]] = defaultdict(dict)

    def add(self, unit: Unit, rows: FeedRows) -> None:
        """Count rows of a unit and add them to the waiting rows."""
        part = self._part(unit, rows)
        count = (0 if rows.feed is None else rows.frame.height) + len(rows.malformed)
        part.rows_in += count
        self.rows += count
        part.ignored = tuple(dict.fromkeys((*part.ignored, *rows.ignored)))
        self.malformed += [(part.number, each) for each in rows.malformed]
        if rows.feed is not None and rows.frame.height:
            kind = (unit.source.name, rows.feed, tuple(rows.frame.schema.items()))
            waiting = self._waiting.setdefault(kind, Waiting(unit.source, rows.feed))
            waiting.frames.append((part.number, rows.frame))
            waiting.is_trimmed &= rows.is_trimmed
            self.rows_waiting += rows.frame.height

    def take_waiting(self) -> list[Waiting]:
        """Return the waiting rows and empty the list."""
        taken = list(self._waiting.values())
        self._waiting = {}
        self.rows_waiting = 0
        return taken

    def parts_of(self, unit: Unit) -> list[Part]:
        """Return the parts of a unit."""
        return list(self._of_unit[id(unit)].values())

    def forget(self, unit: Unit) -> None:
        """Drop the parts of a unit and their waiting rows."""
        dropped = self._of_unit.pop(id(unit), {}).values()
        numbers = {part.number for part in dropped}
        self.rows -= sum(part.rows_in for part in dropped)
        self.parts = {number: part for number, part in self.parts.items() if number not in numbers}
        self.malformed = [(number, each) for number, each in self.malformed if number not in numbers]
        for feed, frames in list(self.accepted.items()):
            kept = [frame.filter(~pl.col(PART).is_in(list(numbers))) for frame in frames]
            self.accepted[feed] = kept
        for waiting in self._waiting.values():
            waiting.frames = [(number, frame) for number, frame in waiting.frames if number not in numbers]
        self._waiting = {kind: waiting for kind, waiting in self._waiting.items() if waiting.frames}
        self.rows_waiting = sum(frame.height for waiting in self._waiting.values() for _, frame in waiting.frames)

    def by_feed(self) -> dict[str, list[Part]]:
        """Return the parts of each feed."""
        found: dict[str, list[Part]] = defaultdict(list)
        for part in self.parts.values():
            if part.feed:
                found[part.feed].append(part)
        return found

    def _part(self, unit: Unit, rows: FeedRows) -> Part:
        parts = self._of_unit[id(unit)]
        key = (rows.file.file_id, rows.feed)
        if key not in parts:
            parts[key] = Part(self.next_part, unit, rows.file, rows.feed, rows.role)
            self.parts[self.next_part] = parts[key]
            self.next_part += 1
        return parts[key]
