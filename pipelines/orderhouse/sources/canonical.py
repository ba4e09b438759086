"""The canonical format: one feed per file, in contract columns or columns renamed to them.

CSV, JSON, Parquet or Excel, plain or packed; which of them it is, the file's first bytes tell.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.sentences import looks_like_data
from orderhouse.sources.config import SKIPPED, Source
from orderhouse.sources.csv_text import CsvDialect, read_csv
from orderhouse.sources.files import FileRejected, SourceFile, unpacked_blocks
from orderhouse.sources.formats import FeedRows, Format
from orderhouse.sources.headers import listed
from orderhouse.sources.json_text import read_json
from orderhouse.sources.records import RECORD, Records
from orderhouse.sources.tables import read_parquet, read_xlsx
from orderhouse.sources.zips import ZIP_MAGIC, is_workbook, only_member

__all__ = ["Canonical", "feed_of", "read_records"]


class Canonical(Format):
    """Contract columns as they are, after the source's own renaming."""

    name = "canonical"
    version = "2"

    def feeds(self, source: Source, paths: Sequence[str]) -> list[str]:
        """The declared feed, or those that the files' names begin with."""
        if source.feed:
            return [source.feed]
        found = {feed_of(path) for path in paths}
        return [feed for feed in CONTRACTS if feed in found]

    def read(self, source: Source, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """The rows of one file."""
        (file,) = files
        feed = source.feed or feed_of(file.path)
        if feed is None:
            raise FileRejected("The file's name does not begin with a feed's name. Declare the source's `feed`.")
        for records in read_records(source, file, feed):
            frame, ignored = _translated(source, feed, records.frame)
            yield FeedRows(
                feed, file, frame, malformed=records.malformed, ignored=ignored, is_trimmed=records.is_trimmed
            )


def feed_of(path: str) -> str | None:
    """The feed that a file's name begins with; the longest if several fit."""
    name = re.split(r"[/\\]", path)[-1].lower()
    fitting = [feed for feed in CONTRACTS if name.startswith(feed)]
    return max(fitting, key=len, default=None)


def read_records(source: Source, file: SourceFile, feed: str) -> Iterator[Records]:
    """The records of a file of any kind, by the file's own column names."""
    head = next(unpacked_blocks(file, 4096), b"")
    names = _declared_names(source, feed)
    if head[:4] == b"PAR1":
        return read_parquet(file)
    if head[:4] == ZIP_MAGIC:
        return read_xlsx(file, names) if is_workbook(file) else read_records(source, only_member(file), feed)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}:
        return read_json(file)
    return read_csv(file, CsvDialect(source.delimiter, source.encoding, names))


def _declared_names(source: Source, feed: str) -> list[str] | None:
    if source.header:
        return None
    if isinstance(source.columns, list):
        firsts = (names if isinstance(names, str) else names[0] for names in source.columns)
        return [f"column_{position}" if name == SKIPPED else name for position, name in enumerate(firsts, 1)]
    return list(CONTRACTS[feed].fields())


def _translated(source: Source, feed: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    contract, renamed = CONTRACTS[feed], source.renamed
    named = {theirs: renamed.get(theirs, (theirs,)) for theirs in frame.columns if theirs != RECORD}
    taken = {name: theirs for theirs, ours in named.items() for name in ours if name in contract.fields()}
    constants = {name: value for name, value in source.constants.items() if name in contract.fields()}
    missing = [name for name in contract.required() if name not in taken and name not in constants]
    if missing and (frame.width > 1 or frame.height):
        raise FileRejected(_explain_missing(feed, missing, list(named)))
    selected = frame.select(
        *(pl.col(theirs).alias(name) for name, theirs in taken.items()),
        *(
            pl.lit(value.strip() or None, pl.String).alias(name)
            for name, value in constants.items()
            if name not in taken
        ),
        RECORD,
    )
    ignored = tuple(theirs for theirs, ours in named.items() if contract.fields().keys().isdisjoint(ours))
    return selected, ignored


def _explain_missing(feed: str, missing: list[str], names: list[str]) -> str:
    wanted = ", ".join(missing)
    hint = difflib.get_close_matches(missing[0], names, n=1)
    nearest = f" Map it with `columns: {{{listed(hint)}: {missing[0]}}}`." if hint else ""
    plural = "columns" if len(missing) > 1 else "column"
    if looks_like_data(names):
        return (
            f"The file has no {plural} {wanted}, which {feed} requires: its first line looks like data. If it has no "
            "header, declare `header: false` and the source's `columns` in order."
        )
    found = listed(names)
    return f"The file has no {plural} {wanted}, which {feed} requires; it has {found}.{nearest}"
