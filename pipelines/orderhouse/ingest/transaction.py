"""What one transaction gathers: the parts that rows come from, and rows waiting to be screened together.

A part is one feed of one file. Rows of many small files wait for each other, because a thousand frames of ten rows
cost a hundred times more than one frame of ten thousand.
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
    """One feed of one file, and how many of its rows came in and went into quarantine."""

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
    """Frames of one source, feed and schema.

    Attributes:
        is_trimmed: Whether it is certain that no text begins or ends with white space or is empty.
    """

    source: Source
    feed: str
    frames: list[tuple[int, pl.DataFrame]] = field(default_factory=list)
    is_trimmed: bool = True

    def joined(self) -> pl.DataFrame:
        """All rows in one piece, each with its part.

        Whatever is done with pieces later is done one by one; and where a frame's columns are in pieces of different
        lengths, polars puts them together anew each time that rows are hashed or handed on.
        """
        frames = [frame.with_columns(pl.lit(number, pl.Int64).alias(PART)) for number, frame in self.frames]
        return pl.concat(frames, rechunk=True)


@dataclass(frozen=True)
class ColumnsSeen:
    """Kinds and vocabulary of the columns of some rows.

    Attributes:
        kinds: `_part`, column_name and, per kind, how many sampled values are of it.
        words: `_part`, column_name, word.
    """

    kinds: pl.DataFrame
    words: pl.DataFrame


class Transaction:
    """Parts and waiting rows since the last commit.

    Attributes:
        rows: Rows gathered since the last commit.
        rows_waiting: Rows of them not screened yet.
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
        """Count rows of a unit and let them wait."""
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
        """The rows that wait, which then wait no longer."""
        taken = list(self._waiting.values())
        self._waiting = {}
        self.rows_waiting = 0
        return taken

    def parts_of(self, unit: Unit) -> list[Part]:
        """The parts of a unit."""
        return list(self._of_unit[id(unit)].values())

    def forget(self, unit: Unit) -> None:
        """Drop a unit's parts and what of them waits."""
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
        """Parts that gave rows to a feed."""
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
