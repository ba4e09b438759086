"""The canonical format: one feed per file, in contract columns or columns renamed to them.

CSV, JSON, Parquet or Excel, plain or packed; the first bytes of the file give its kind. Formats of platforms belong in
modules of their own.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Container, Iterator, Mapping, Sequence

import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.sentences import looks_like_data
from orderhouse.errors import listed
from orderhouse.files.archives import ZIP_MAGIC, is_workbook, only_member
from orderhouse.files.guarded_tables import unguarded_columns
from orderhouse.files.source_files import FileRejected, SourceFile, unpacked_blocks
from orderhouse.sources.formats.format import SKIPPED, Declaration, FeedRows, Format
from orderhouse.sources.readers.csv_text import CsvDialect, read_csv
from orderhouse.sources.readers.json_text import read_json
from orderhouse.sources.readers.records import RECORD, Records
from orderhouse.sources.readers.tables import read_parquet, read_xlsx

__all__ = ["Canonical", "feed_of", "read_records"]


class Canonical(Format):
    """Contract columns as they are, after the source's own renaming."""

    name = "canonical"
    version = "3"

    def feeds(self, source: Declaration, paths: Sequence[str]) -> list[str]:
        """Return the declared feed, or those that the file names begin with."""
        if source.feed:
            return [source.feed]
        found = {feed_of(path) for path in paths}
        return [feed for feed in CONTRACTS if feed in found]

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of one file."""
        (file,) = files
        feed = source.feed or feed_of(file.path)
        if feed is None:
            raise FileRejected("The file's name does not begin with a feed's name. Declare the source's `feed`.")
        for records in read_records(source, file, feed):
            received = unguarded_columns(records.frame) if source.guarded else records.frame
            frame, ignored = _translated(source, feed, received, records.unusable)
            yield FeedRows(
                feed, file, frame, malformed=records.malformed, ignored=ignored, is_trimmed=records.is_trimmed
            )


def feed_of(path: str) -> str | None:
    """Return the feed that a file name begins with; the longest name if several match."""
    name = re.split(r"[/\\]", path)[-1].lower()
    fitting = [feed for feed in CONTRACTS if name.startswith(feed)]
    return max(fitting, key=len, default=None)


def read_records(source: Declaration, file: SourceFile, feed: str) -> Iterator[Records]:
    """Yield the records of a file of any kind, by the file's own column names."""
    head = next(unpacked_blocks(file, 4096), b"")
    names = _declared_names(source, feed)
    if head[:4] == b"PAR1":
        return read_parquet(file)
    if head[:4] == ZIP_MAGIC:
        return read_xlsx(file, names) if is_workbook(file) else read_records(source, only_member(file), feed)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}:
        return read_json(file)
    return read_csv(file, CsvDialect(source.delimiter, source.encoding, names))


def _declared_names(source: Declaration, feed: str) -> list[str] | None:
    if source.header:
        return None
    if isinstance(source.columns, list):
        firsts = (names if isinstance(names, str) else names[0] for names in source.columns)
        return [f"column_{position}" if name == SKIPPED else name for position, name in enumerate(firsts, 1)]
    return list(CONTRACTS[feed].fields())


def _translated(
    source: Declaration, feed: str, frame: pl.DataFrame, unusable: Mapping[str, str]
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    contract = CONTRACTS[feed]
    names = [name for name in frame.columns if name != RECORD]
    taken = _taken(source, contract.fields(), names)
    constants = {name: value for name, value in source.constants.items() if name in contract.fields()}
    missing = [name for name in contract.required() if name not in taken and name not in constants]
    # A file without columns and rows is empty and not wrong.
    if missing and (frame.width > 1 or frame.height):
        raise _lacking(source, feed, missing, names)
    selected = frame.select(
        *(pl.col(theirs).alias(name) for name, theirs in taken.items()),
        *(
            pl.lit(value.strip() or None, pl.String).alias(name)
            for name, value in constants.items()
            if name not in taken
        ),
        RECORD,
    )
    used = set(taken.values())
    for name, theirs in taken.items():
        if theirs in unusable:
            other = "" if name in contract.required() else f", or take nothing from it: `columns: {{{theirs}: _}}`"
            raise FileRejected(f"The column {theirs} {unusable[theirs]}{other}.")
    return selected, tuple(name for name in names if name not in used)


def _taken(source: Declaration, fields: Container[str], names: Sequence[str]) -> dict[str, str]:
    """Return their column by our column; the source's `columns` are preferred to a column with our name.

    Raises:
        FileRejected: The source's `columns` map two columns of the file to one of ours.
    """
    declared: dict[str, str] = {}
    for theirs in names:
        for name in source.renamed.get(theirs, ()):
            if name in declared and name in fields:
                both = (
                    f"The file has both {declared[name]} and {theirs}, and the source's `columns` make {name} of each"
                )
                raise FileRejected(f"{both}. Take nothing from one of them: `{theirs}: _`.")
            declared[name] = theirs
    own = {name: name for name in names if name not in source.renamed}
    return {name: theirs for name, theirs in (own | declared).items() if name in fields}


def _lacking(source: Declaration, feed: str, missing: list[str], names: list[str]) -> FileRejected:
    """Return the refusal of a file that lacks required columns.

    If none of the names is known, the first line may be a person's record. It is then shown only to a
    user who has the file.
    """
    plural = "columns" if len(missing) > 1 else "column"
    lacks = f"The file has no {plural} {', '.join(missing)}, which {feed} requires"
    no_header = "If it has no header, declare `header: false` and the source's `columns` in order."
    if looks_like_data(names):
        return FileRejected(f"{lacks}: its first line looks like data. {no_header}")
    hint = difflib.get_close_matches(missing[0], names, n=1)
    nearest = f" Map it with `columns: {{{listed(hint)}: {missing[0]}}}`." if hint else ""
    detail = f"{lacks}; it has {listed(names)}.{nearest}"
    if not {*CONTRACTS[feed].fields(), *source.renamed}.isdisjoint(names):
        return FileRejected(detail)
    check = f"`orderhouse sources check {source.name}` shows what its first line says."
    return FileRejected(f"{lacks}, nor any other that is known. {check} {no_header}", f"{detail} {no_header}")
