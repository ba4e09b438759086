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

__all__ = [
    "ANY",
    "POSITION",
    "SKIPPED",
    "WHITE_SPACE",
    "Declaration",
    "FeedRows",
    "Format",
    "Layout",
    "QueryTable",
    "Role",
]

# Name in a list of columns for a column that is not used.
SKIPPED = "_"
# Name in `ids` for the place of a record within its group in its file.
POSITION = "_position"
# Name in `empty` for every column, and in `words` for every other word.
ANY = "*"
# Delimiter of files whose fields have any white space between them.
WHITE_SPACE = "whitespace"


class Promise(Protocol):
    """The declaration of promises as days after another day."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the file that are used: that of the first day, and that of the days if there is one."""

    @property
    def days(self) -> int | Mapping[str, int] | None:
        """Return the number of days: one for all, by word of the second column, or None if that column has it."""


Role = Literal["primary", "derived", "lookup"]


class Layout(Protocol):
    """How records lie in a file."""

    @property
    def columns(self) -> Mapping[str, str | list[str]] | Sequence[str | list[str]]:
        """Return our columns by their column; for a file without header the columns in order."""

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
    def widths(self) -> list[int]:
        """Return the characters of each field of lines; none for fields with delimiters."""

    @property
    def sheet(self) -> str | None:
        """Return the name of the sheet of workbooks; None for the first."""

    @property
    def header_row(self) -> int:
        """Return the row of the header of a sheet."""


class QueryTable(Layout, Protocol):
    """A table of the query of a source: the files that it is read from, and their layout."""

    @property
    def file(self) -> str:
        """Return the pattern of the names of its files."""


class Declaration(Layout, Protocol):
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
    def parts(self) -> Mapping[str, str]:
        """Return the pattern by which columns of ours are cut from a column of the file."""

    @property
    def promise(self) -> Promise | None:
        """Return how promises follow from other columns, or None."""

    @property
    def query(self) -> str | None:
        """Return the path of the SQL that computes the records, or None."""

    @property
    def statement(self) -> str:
        """Return the text of that SQL."""

    @property
    def tables(self) -> Mapping[str, QueryTable]:
        """Return the tables that the SQL reads, by name; the first has the records."""

    @property
    def notation(self) -> Notation:
        """Return how the rows that a format yields have numbers and instants."""

    @property
    def file_notation(self) -> Notation:
        """Return how the source writes numbers and instants in its files."""

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
        numbers: Columns of its files that a source may write in a notation of its own; with `instants`.
        instants: Days and instants of this kind.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    covers: ClassVar[tuple[str, ...]] = ()
    time_zone: ClassVar[str | None] = None
    is_bundle: ClassVar[bool] = False
    numbers: ClassVar[tuple[str, ...]] = ()
    instants: ClassVar[tuple[str, ...]] = ()

    def bundles(self, source: Declaration, paths: Sequence[str]) -> list[list[str]]:
        """Return paths of a source in groups that load together: by default every file by itself."""
        return [[path] for path in paths]

    def layout(self, source: Declaration, _: SourceFile) -> Layout:
        """Return how records lie in a file of a source: by default in all files as the source declares."""
        return source

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
