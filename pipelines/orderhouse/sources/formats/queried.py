"""Records that a query computes from the tables of one or several files.

The query is a file of SQL beside the sources file. It reads tables of text and returns records, which are then mapped
as those of the canonical format. `confined_query` runs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

import polars as pl

from orderhouse.errors import listed
from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.sources.formats.canonical import ColumnMapping, read_records
from orderhouse.sources.formats.confined_query import run_query
from orderhouse.sources.formats.format import Declaration, FeedRows, Format, Layout, QueryTable
from orderhouse.sources.readers.records import RECORD, Malformed, Records

__all__ = ["Queried"]


class Queried(Format):
    """Tables of a folder, and the query that makes records of one feed of them."""

    name = "sql"
    version = "1"
    is_bundle = True

    def bundles(self, source: Declaration, paths: Sequence[str]) -> list[list[str]]:
        """Return the files of each folder whose names agree in what their patterns leave open.

        A file whose pattern leaves nothing open belongs to every bundle of its folder. A file of no table is in none.
        """
        shared: dict[str, list[str]] = {}
        varying: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for path in paths:
            folder, name = str(PurePath(path).parent), PurePath(path).name
            stars = [found for table in source.tables.values() if (found := _stars(table, name)) is not None]
            if any(stars):
                varying.setdefault((folder, max(stars)), []).append(path)
            elif stars:
                shared.setdefault(folder, []).append(path)
        folders = {folder for folder, _ in varying}
        alone = [group for folder, group in shared.items() if folder not in folders]
        together = [group + shared.get(folder, []) for (folder, _), group in varying.items()]
        return alone + together

    def layout(self, source: Declaration, file: SourceFile) -> Layout:
        """Return the layout of the first table that the file is, or else that of the source."""
        fitting = (table for table in source.tables.values() if _stars(table, file.name) is not None)
        return next(fitting, source)

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows that the query gives for a bundle, with the lines of its first table."""
        of_table = _by_table(source, files)
        feed = str(source.feed)
        tables: dict[str, pl.DataFrame] = {}
        malformed: dict[str, list[Malformed]] = {}
        for name, table in source.tables.items():
            tables[name], malformed[name] = _whole(table, of_table[name], feed)
        first = next(iter(source.tables))
        found = run_query(source, tables, first)
        rows = ColumnMapping(source, feed).translated(of_table[first], found, Records(found, malformed[first]))
        yield rows
        told = {of_table[first].file_id}
        for name, file in of_table.items():
            if malformed[name] and name != first:
                yield FeedRows(feed, file, rows.frame.clear(), malformed=malformed[name])
            elif file.file_id not in told:
                yield FeedRows(None, file, tables[name].clear(), role="lookup")
            told.add(file.file_id)


def _stars(table: QueryTable, name: str) -> tuple[str, ...] | None:
    """Return what the stars of a table's pattern stand for in a file name; None if the name does not fit."""
    found = re.fullmatch("(.*)".join(re.escape(part) for part in table.file.split("*")), name, re.DOTALL)
    return found.groups() if found else None


def _by_table(source: Declaration, files: Sequence[SourceFile]) -> dict[str, SourceFile]:
    """Return the file of each table; one workbook may be several tables.

    Raises:
        FileRejected: A table has no file, or two.
    """
    patterns = {name: table.file for name, table in source.tables.items()}
    fitting = {
        name: [file for file in files if _stars(table, file.name) is not None] for name, table in source.tables.items()
    }
    for name, of_table in fitting.items():
        if len(of_table) > 1:
            raise FileRejected(f"{of_table[0].name} and {of_table[1].name} are both the table {name}.")
    missing = {name: pattern for name, pattern in patterns.items() if not fitting[name]}
    if missing:
        raise FileRejected(f"The query needs further files, which are not there: {_patterns(missing)}.")
    return {name: file for name, (file,) in fitting.items()}


def _patterns(patterns: Mapping[str, str]) -> str:
    return listed([f"{name} ({pattern})" for name, pattern in patterns.items()])


def _whole(table: QueryTable, file: SourceFile, feed: str) -> tuple[pl.DataFrame, list[Malformed]]:
    """Return a file as one table of trimmed text, with `_record`, and the records that cannot be read."""
    frames: list[pl.DataFrame] = []
    malformed: list[Malformed] = []
    for records in read_records(table, file, feed):
        frames.append(records.frame)
        malformed.extend(records.malformed)
    frame = pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame(schema={RECORD: pl.Int64})
    names = [name for name in frame.columns if name != RECORD]
    text = [pl.col(name).cast(pl.String).str.strip_chars().replace("", None) for name in names]
    return frame.select(*text, RECORD), malformed
