"""What a source format is: it turns a file, or a bundle of files, into rows of feeds in contract columns.

A format only translates. Types, row rules, personal data and loading belong to `contracts` and `ingest`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.readers.records import Malformed

__all__ = ["SKIPPED", "Declaration", "FeedRows", "Format", "Role"]

# Stands in a list of columns for one that nothing is taken from.
SKIPPED = "_"

Role = Literal["primary", "derived", "lookup"]


class Declaration(Protocol):
    """The part of a source's declaration that a format reads; `sources.config` has the whole of it."""

    @property
    def name(self) -> str:
        """The source's name."""

    @property
    def feed(self) -> str | None:
        """The feed that its files hold, where the declaration names one."""

    @property
    def covers(self) -> list[str] | None:
        """The feeds that it answers for, where the declaration names them."""

    @property
    def columns(self) -> Mapping[str, str | list[str]] | Sequence[str | list[str]]:
        """Their column to ours; for a file without header our columns in order."""

    @property
    def renamed(self) -> dict[str, tuple[str, ...]]:
        """Our names, one or several, by their column."""

    @property
    def constants(self) -> dict[str, str]:
        """Columns that every record has, with their value."""

    @property
    def delimiter(self) -> str | None:
        """The delimiter of CSV files; None to find it out."""

    @property
    def encoding(self) -> str | None:
        """The encoding of text files; None to find it out."""

    @property
    def header(self) -> bool:
        """Whether a file's first record names its columns."""


@dataclass(frozen=True)
class FeedRows:
    """Rows of one feed that come from one file.

    Attributes:
        feed: The feed, or None for a file that is only looked things up in.
        file: The file that the rows' `_record` counts in.
        frame: Contract columns as text or typed, and `_record`.
        role: ``primary`` where the file's records go, each counted once over all feeds; ``derived`` what else follows
            from
            them; ``lookup`` for a file that gives no rows.
        malformed: Records that cannot be read.
        ignored: Columns of the file that nothing is taken from.
        is_trimmed: Whether it is certain that no text of the frame begins or ends with white space or is empty.
    """

    feed: str | None
    file: SourceFile
    frame: pl.DataFrame
    role: Role = "primary"
    malformed: list[Malformed] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    is_trimmed: bool = False


class Format(ABC):
    """A source format.

    Attributes:
        name: What ``format:`` in a sources file says.
        version: Goes up when the same bytes give other rows.
        covers: The feeds that a source of this format answers for.
        is_bundle: Its records need several files, which load together.
        time_zone: The zone of its local times, unless the source declares one.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    covers: ClassVar[tuple[str, ...]] = ()
    time_zone: ClassVar[str | None] = None
    is_bundle: ClassVar[bool] = False

    def bundles(self, paths: Sequence[str]) -> list[list[str]]:
        """Group paths into what loads together: by default every file on its own."""
        return [[path] for path in paths]

    def feeds(self, source: Declaration, paths: Sequence[str]) -> list[str]:
        """The feeds that a source answers for, given the files it has."""
        return [source.feed] if source.feed else list(self.covers)

    @abstractmethod
    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """The rows of a file or bundle, in frames of bounded size, in the order of the file.

        Raises:
            FileRejected: It cannot be taken as a whole.
            FileVanished: It is not there any more.
        """
