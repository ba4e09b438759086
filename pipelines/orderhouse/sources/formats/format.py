"""Base class of source formats, which turn a file, or a bundle of files, into rows of feeds in contract columns.

A format only translates. Types, row rules, personal data and loading belong in `contracts` and `ingest`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, Literal, Protocol

import polars as pl

from orderhouse.contracts.notation import Notation
from orderhouse.files.source_files import SourceFile
from orderhouse.sources.readers.records import Malformed

__all__ = ["ANY", "POSITION", "SKIPPED", "Declaration", "FeedRows", "Format", "Role"]

# Name in a list of columns for a column that is not used.
SKIPPED = "_"
# Name in `ids` for the place of a record within its group in its file.
POSITION = "_position"
# Name in `empty` for every column, and in `words` for every other word.
ANY = "*"

Role = Literal["primary", "derived", "lookup"]


class Declaration(Protocol):
    """The part of a source's declaration that formats read; the whole is in `sources.config`."""

    @property
    def name(self) -> str:
        """Return the name of the source."""

    @property
    def feed(self) -> str | None:
        """Return the declared feed of the files, or None."""

    @property
    def covers(self) -> list[str] | None:
        """Return the declared coverage, or None."""

    @property
    def columns(self) -> Mapping[str, str | list[str]] | Sequence[str | list[str]]:
        """Return our columns by their column; for a file without header our columns in order."""

    @property
    def renamed(self) -> dict[str, tuple[str, ...]]:
        """Return our names, one or several, by their column."""

    def names(self, ours: str) -> bool:
        """Return whether `columns` makes this column of ours from one of theirs."""

    @property
    def constants(self) -> dict[str, str]:
        """Return the value by column, for columns that every record has."""

    @property
    def ids(self) -> Mapping[str, list[str]]:
        """Return the columns of the file of which an id of ours is made, by our column."""

    @property
    def empty(self) -> Mapping[str, list[str]]:
        """Return the texts that mean no value, by their column or for any."""

    @property
    def words(self) -> Mapping[str, Mapping[str, str]]:
        """Return our word by column and their word."""

    @property
    def decimals(self) -> int | None:
        """Return the number of decimals to which amounts are rounded; None for no rounding."""

    @property
    def notation(self) -> Notation:
        """Return how the source writes numbers and instants."""

    @property
    def delimiter(self) -> str | None:
        """Return the delimiter of CSV files; None for detection."""

    @property
    def encoding(self) -> str | None:
        """Return the encoding of text files; None for detection."""

    @property
    def header(self) -> bool:
        """Return whether the first record of a file names its columns."""

    @property
    def guarded(self) -> bool:
        """Return whether texts are guarded against spreadsheets."""


@dataclass(frozen=True)
class FeedRows:
    """Rows of one feed that come from one file.

    Attributes:
        feed: The feed, or None for a file that gives no rows.
        file: The file whose records `_record` numbers.
        frame: Contract columns as text or typed, and `_record`.
        role: ``primary`` for the feed in which the records are counted, each once over all feeds; ``derived`` for
            further
            rows of the same records; ``lookup`` for a file that gives no rows.
        malformed: Records that cannot be read.
        ignored: Columns of the file that are not used.
        is_trimmed: True if it is certain that no text of the frame is empty or begins or ends with white space.
        absent: Columns that the mapping names and the file does not have, each with the nearest that it has, or None.
        clashing: Columns of ours that are constants and come from the file, each with its column.
        rounded: Number of rounded values and the sum of their changes, by column of ours.
    """

    feed: str | None
    file: SourceFile
    frame: pl.DataFrame
    role: Role = "primary"
    malformed: list[Malformed] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    is_trimmed: bool = False
    absent: Mapping[str, str | None] = field(default_factory=dict)
    clashing: Mapping[str, str] = field(default_factory=dict)
    rounded: Mapping[str, tuple[int, Decimal]] = field(default_factory=dict)


class Format(ABC):
    """A source format.

    Attributes:
        name: Value of ``format:`` in a sources file.
        version: Raised when the same bytes give other rows.
        covers: Feeds in which a source of this format is complete.
        is_bundle: True if its records need several files, which load together.
        time_zone: Zone of its local times, unless the source declares one.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    covers: ClassVar[tuple[str, ...]] = ()
    time_zone: ClassVar[str | None] = None
    is_bundle: ClassVar[bool] = False

    def bundles(self, paths: Sequence[str]) -> list[list[str]]:
        """Return paths in groups that load together: by default every file by itself."""
        return [[path] for path in paths]

    def feeds(self, source: Declaration, paths: Sequence[str]) -> list[str]:
        """Return the feeds in which a source is complete, for the files that it has."""
        return [source.feed] if source.feed else list(self.covers)

    @abstractmethod
    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of a file or bundle, in frames of bounded size, in the order of the file.

        Raises:
            FileRejected: The file cannot be loaded as a whole.
            FileVanished: The file no longer exists.
        """
