"""The canonical format: one feed per file, in contract columns or columns renamed to them.

CSV, JSON, Parquet or Excel, plain or packed; the first bytes of the file give its kind. Formats of platforms belong in
modules of their own.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from decimal import Decimal

import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.sentences import looks_like_data
from orderhouse.errors import listed
from orderhouse.files.archives import ZIP_MAGIC, is_workbook, only_member
from orderhouse.files.guarded_tables import unguarded_columns
from orderhouse.files.source_files import FileRejected, SourceFile, unpacked_blocks
from orderhouse.sources.formats.cut_columns import cut_columns, part_names
from orderhouse.sources.formats.discount_shares import DISCOUNT_SHARE, with_discounts
from orderhouse.sources.formats.format import ANY, SKIPPED, WHITE_SPACE, Declaration, FeedRows, Format, Layout
from orderhouse.sources.formats.line_amounts import LINE_AMOUNT, with_unit_prices
from orderhouse.sources.formats.made_ids import MadeIds
from orderhouse.sources.formats.mapped_values import with_rounded, with_words, without_no_values
from orderhouse.sources.formats.promised_days import PROMISED, promised_days
from orderhouse.sources.readers.csv_text import CsvDialect, read_csv
from orderhouse.sources.readers.json_text import read_json
from orderhouse.sources.readers.plain_lines import read_lines
from orderhouse.sources.readers.records import RECORD, Records
from orderhouse.sources.readers.tables import read_parquet, read_xlsx

__all__ = ["Canonical", "ColumnMapping", "feed_of", "read_records"]


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
        mapping = ColumnMapping(source, feed)
        for records in read_records(source, file, feed):
            received = unguarded_columns(records.frame) if source.guarded else records.frame
            yield mapping.translated(file, received, records)


def feed_of(path: str) -> str | None:
    """Return the feed that a file name begins with; the longest name if several match."""
    name = re.split(r"[/\\]", path)[-1].lower()
    fitting = [feed for feed in CONTRACTS if name.startswith(feed)]
    return max(fitting, key=len, default=None)


def read_records(source: Layout, file: SourceFile, feed: str) -> Iterator[Records]:
    """Yield the records of a file of any kind, by the file's own column names."""
    head = next(unpacked_blocks(file, 4096), b"")
    names = _declared_names(source, feed)
    if head[:4] == b"PAR1":
        return read_parquet(file)
    if head[:4] == ZIP_MAGIC:
        if is_workbook(file):
            return read_xlsx(file, names, source.sheet, source.header_row)
        return read_records(source, only_member(file), feed)
    if source.sheet is not None or source.header_row > 1:
        raise FileRejected("`sheet` and `header_row` are for Excel workbooks, and this file is none.")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}:
        return read_json(file)
    if source.widths or source.delimiter == WHITE_SPACE:
        return read_lines(file, source.encoding, source.widths or None, names)
    return read_csv(file, CsvDialect(source.delimiter, source.encoding, names))


def _declared_names(source: Layout, feed: str) -> list[str] | None:
    if source.header:
        return None
    if isinstance(source.columns, list):
        firsts = (names if isinstance(names, str) else names[0] for names in source.columns)
        return [f"column_{position}" if name == SKIPPED else name for position, name in enumerate(firsts, 1)]
    return list(CONTRACTS[feed].fields())


class ColumnMapping:
    """The mapping of one file's columns to those of a feed."""

    def __init__(self, source: Declaration, feed: str) -> None:
        self._source = source
        self._feed = feed
        self._contract = CONTRACTS[feed]
        self._ids = MadeIds(source, self._contract)
        self._fields = list(self._contract.fields())
        if feed == "order_lines":
            self._fields += [name for name in (LINE_AMOUNT, DISCOUNT_SHARE) if source.names(name)]
        self._constants = {name: value for name, value in source.constants.items() if name in self._contract.fields()}

    def translated(self, file: SourceFile, frame: pl.DataFrame, records: Records) -> FeedRows:
        """Return the rows of some records.

        Raises:
            FileRejected: The file lacks a column that the feed requires, or the mapping does not fit it.
        """
        names = [name for name in frame.columns if name != RECORD]
        taken = _taken(self._source, self._fields, names)
        self._refuse_unusable(taken, records.unusable)
        # A file without columns and rows is empty and not wrong.
        if frame.width > 1 or frame.height:
            self._refuse_lacking(taken, names)
            selected, rounded = self._selected(without_no_values(self._source, frame), taken)
        else:
            selected, rounded = frame, {}
        promise = self._source.promise
        used = {*taken.values(), *self._ids.parts, *self._source.parts, *(promise.columns if promise else ())}
        return FeedRows(
            self._feed,
            file,
            selected,
            malformed=records.malformed,
            ignored=tuple(name for name in names if name not in used),
            is_trimmed=records.is_trimmed,
            absent=self._absent(names),
            clashing={name: taken[name] for name in self._constants if name in taken},
            rounded=rounded,
        )

    def _selected(
        self, frame: pl.DataFrame, taken: Mapping[str, str]
    ) -> tuple[pl.DataFrame, dict[str, tuple[int, Decimal]]]:
        made = self._ids.columns(frame, taken)
        constants = {name: value for name, value in self._constants.items() if name not in taken}
        selected = frame.select(
            *(pl.col(theirs).alias(name) for name, theirs in taken.items()),
            *(pl.lit(value.strip() or None, pl.String).alias(name) for name, value in constants.items()),
            *made,
            RECORD,
        )
        selected = selected.with_columns(cut_columns(self._source, self._contract, frame, selected.columns))
        if self._source.promise is not None and PROMISED in self._contract.fields():
            selected = selected.with_columns(promised_days(self._source.promise, frame, self._source.notation))
        selected = with_words(self._source, self._contract, selected)
        selected, rounded = with_rounded(self._source, self._contract, selected)
        if DISCOUNT_SHARE in selected.columns:
            selected = with_discounts(selected, self._source.notation)
        if LINE_AMOUNT in selected.columns:
            selected = with_unit_prices(selected, self._source.notation)
        return selected, rounded

    def _refuse_lacking(self, taken: Mapping[str, str], names: list[str]) -> None:
        given = {*taken, *self._constants, *self._ids.names, *part_names(self._source)}
        if LINE_AMOUNT in taken:
            given.add("unit_price")
        missing = [name for name in self._contract.required() if name not in given]
        if missing:
            raise _lacking(self._source, self._feed, missing, names)

    def _refuse_unusable(self, taken: Mapping[str, str], unusable: Mapping[str, str]) -> None:
        for name, theirs in taken.items():
            if theirs in unusable:
                is_required = name in self._contract.required()
                other = "" if is_required else f", or take nothing from it: `columns: {{{theirs}: _}}`"
                raise FileRejected(f"The column {theirs} {unusable[theirs]}{other}.")

    def _absent(self, names: Sequence[str]) -> dict[str, str | None]:
        """Return the columns that the mapping names and the file does not have, each with the nearest that it has.

        Of several columns that become one of ours, one has to be there.
        """
        if not names or isinstance(self._source.columns, list):
            return {}
        renamed = {theirs: {*ours} & {*self._fields} for theirs, ours in self._source.renamed.items()}
        present = {ours for theirs in renamed if theirs in names for ours in renamed[theirs]} | {*names}
        named = [theirs for theirs, ours in renamed.items() if theirs not in names and not present.issuperset(ours)]
        named += [name for name in self._source.empty if name not in {*names, ANY}]
        return {name: next(iter(difflib.get_close_matches(name, names, n=1)), None) for name in named}


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
