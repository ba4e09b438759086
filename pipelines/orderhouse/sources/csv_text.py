"""CSV as text: any delimiter, encoding and line end, quoted newlines, every record with the line it starts on.

A block is read by polars and then checked by counting: its line ends and delimiters must be exactly those of its
records. Where they are not (ragged rows, blank lines, stray quotes), the rest of the file is read with care, record
by record.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from orderhouse.sources.files import FileRejected, SourceFile, unpacked_blocks
from orderhouse.sources.records import RECORD, Malformed, Records

__all__ = ["CsvDialect", "FoundDialect", "found_dialect", "read_csv"]

BLOCK_BYTES = 24 << 20
CAREFUL_ROWS = 50_000
DELIMITERS = ",;\t|"
QUOTE = b'"'

csv.field_size_limit(64 << 20)


@dataclass(frozen=True)
class CsvDialect:
    """What a source declares about its CSV files; None is found out.

    Attributes:
        names: The columns of a file without header.
    """

    delimiter: str | None = None
    encoding: str | None = None
    names: list[str] | None = None


@dataclass(frozen=True)
class FoundDialect:
    """What a CSV file turned out to be.

    Attributes:
        names: Its columns, or those declared for it.
    """

    delimiter: str
    encoding: str
    names: list[str]


def found_dialect(file: SourceFile, dialect: CsvDialect) -> FoundDialect:
    """How `read_csv` reads the file: what is declared, else what its first bytes and line tell.

    Raises:
        FileRejected: It is not in its encoding, or has no usable header.
        FileVanished: It is not there any more.
    """
    head = next(unpacked_blocks(file, 1 << 16), b"")
    text = next(_as_utf8(iter([head]), dialect.encoding or _marked_encoding(head)), b"")
    eol = b"\n" if b"\n" in text or b"\r" not in text else b"\r"
    names, delimiter, _, _ = _header(text.removeprefix(codecs.BOM_UTF8), dialect, eol)
    return FoundDialect(delimiter, dialect.encoding or _marked_encoding(head) or "utf-8", names)


def read_csv(file: SourceFile, dialect: CsvDialect) -> Iterator[Records]:
    """The file's records in order, in frames of bounded size; the first one tells the columns even if it is empty.

    Raises:
        FileRejected: It is no text, not in its encoding, has no usable header, or opens a quote that it never closes.
        FileVanished: It is not there any more.
    """
    text = _as_utf8(unpacked_blocks(file, 4 << 20), dialect.encoding)
    first = next(text, b"")
    if b"\x00" in first:
        raise FileRejected("This is not a text file.")
    eol = b"\n" if b"\n" in first or b"\r" not in first else b"\r"
    blocks = _cut(first, text, eol)
    head = next(blocks, b"")
    names, delimiter, rest, line = _header(head, dialect, eol)
    yield Records(_empty(names))
    reader = _Reader(names, delimiter, eol, line)
    yield from reader.read(rest, blocks)


class _Reader:
    """Reads blocks of whole records, keeping count of lines."""

    def __init__(self, names: list[str], delimiter: str, eol: bytes, line: int) -> None:
        self.names = names
        self.delimiter = delimiter
        self.eol = eol
        self.line = line

    def read(self, block: bytes, blocks: Iterator[bytes]) -> Iterator[Records]:
        while True:
            if block:
                records = self._fast(block)
                if records is None:
                    yield from self._careful(block, blocks)
                    return
                yield records
            following = next(blocks, None)
            if following is None:
                return
            block = following

    def _fast(self, block: bytes) -> Records | None:
        """The block's records, or None if counting shows that they may not be what polars makes of them."""
        width = len(self.names)
        if width < 2:
            return None
        try:
            frame = pl.read_csv(
                io.BytesIO(block),
                has_header=False,
                schema=dict.fromkeys(self.names, pl.String()),
                separator=self.delimiter,
                eol_char=self.eol.decode(),
            )
        except pl.exceptions.PolarsError:
            return None
        ends = block.count(self.eol) + (not block.endswith(self.eol))
        delimiters = block.count(self.delimiter.encode())
        if QUOTE not in block:
            if ends != frame.height or delimiters != frame.height * (width - 1):
                return None
            lines = pl.int_range(self.line, self.line + frame.height, dtype=pl.Int64, eager=True)
        else:
            inside = frame.select(ends=_count(self.eol.decode()), delimiters=_count(self.delimiter))
            if ends != frame.height + (inside["ends"].sum() or 0):
                return None
            if delimiters != frame.height * (width - 1) + (inside["delimiters"].sum() or 0):
                return None
            lines = self.line + (inside["ends"] + 1).cum_sum().shift(1, fill_value=0).cast(pl.Int64)
        self.line += ends
        return Records(frame.with_columns(lines.alias(RECORD)))

    def _careful(self, block: bytes, blocks: Iterator[bytes]) -> Iterator[Records]:
        """The rest of the file, record by record."""
        source = _Lines(block, blocks, self.eol, self.line)
        reader = csv.reader(source, delimiter=self.delimiter, strict=True)
        rows: list[list[str | None]] = []
        places: list[int] = []
        malformed: list[Malformed] = []
        while True:
            start = source.begin_record()
            try:
                fields = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                if "unexpected end of data" in str(error):
                    raise FileRejected(f"Line {start} opens a quote that is never closed.") from None
                malformed.append(
                    Malformed(start, "readable_record", f"the line cannot be read: {error}", source.text())
                )
                continue
            if not fields:
                continue
            if len(fields) == len(self.names):
                rows.append([value or None for value in fields])
                places.append(start)
            else:
                reason = f"the record has {len(fields)} fields, the header {len(self.names)}"
                malformed.append(Malformed(start, "fields_match_header", reason, source.text()))
            if len(rows) + len(malformed) >= CAREFUL_ROWS:
                yield self._collected(rows, places, malformed)
                rows, places, malformed = [], [], []
        if rows or malformed:
            yield self._collected(rows, places, malformed)

    def _collected(self, rows: list[list[str | None]], places: list[int], malformed: list[Malformed]) -> Records:
        frame = pl.DataFrame(rows, schema=dict.fromkeys(self.names, pl.String()), orient="row")
        return Records(frame.with_columns(pl.Series(RECORD, places, dtype=pl.Int64)), malformed)


class _Lines:
    """Lines for the careful reader; remembers the ones of the record under way."""

    def __init__(self, block: bytes, blocks: Iterator[bytes], eol: bytes, line: int) -> None:
        self._lines = self._split(block, blocks, eol)
        self._line = line - 1
        self._of_record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = next(self._lines)
        self._line += 1
        text = _decoded(raw, self._line)
        self._of_record.append(text)
        return text

    def begin_record(self) -> int:
        """Forget the last record's lines; the number of the line that comes next."""
        self._of_record = []
        return self._line + 1

    def text(self) -> str:
        """The lines of the record under way."""
        return "".join(self._of_record).rstrip("\r\n")

    @staticmethod
    def _split(block: bytes, blocks: Iterator[bytes], eol: bytes) -> Iterator[bytes]:
        carried = b""
        while True:
            *lines, carried = (carried + block).split(eol)
            yield from (line + eol for line in lines)
            following = next(blocks, None)
            if following is None:
                break
            block = following
        if carried:
            yield carried


def _count(text: str) -> pl.Expr:
    return pl.sum_horizontal(pl.all().str.count_matches(text, literal=True).fill_null(0)).cast(pl.Int64)


def _decoded(raw: bytes, line: int) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line += raw.count(b"\n", 0, error.start)
        raise FileRejected(
            f"Line {line} holds the byte 0x{raw[error.start]:02x}, which is not UTF-8. "
            "Declare the encoding of the source's files, such as `encoding: latin-1`."
        ) from None


def _as_utf8(blocks: Iterator[bytes], encoding: str | None) -> Iterator[bytes]:
    """Blocks as UTF-8 without byte order mark."""
    first = next(blocks, b"")
    encoding = encoding or _marked_encoding(first)
    if encoding is None or codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        yield decoder.decode(first).removeprefix("\ufeff").encode()
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise FileRejected(f"The file is not in the encoding {encoding}: {error}.") from None


def _marked_encoding(first: bytes) -> str | None:
    return "utf-16" if first[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else None


def _cut(first: bytes, following: Iterator[bytes], eol: bytes) -> Iterator[bytes]:
    """Blocks that end where a record ends: at a line end with an even number of quotes before it."""
    pieces = [first]
    size = len(first)
    for piece in following:
        pieces.append(piece)
        size += len(piece)
        if size < BLOCK_BYTES:
            continue
        data = b"".join(pieces)
        end = _record_end(data, eol)
        if end:
            yield data[:end]
            data = data[end:]
        elif size > 4 * BLOCK_BYTES:
            yield data
            data = b""
        pieces, size = [data], len(data)
    rest = b"".join(pieces)
    if rest:
        yield rest


def _record_end(data: bytes, eol: bytes) -> int:
    """Where the last whole record ends, or 0. Looks back over at most a few thousand line ends."""
    quotes = data.count(QUOTE)
    end = len(data)
    for _ in range(5000):
        newline = data.rfind(eol, 0, end)
        if newline < 0:
            return 0
        quotes -= data.count(QUOTE, newline + 1, end)
        if quotes % 2 == 0:
            return newline + 1
        end = newline
    return 0


def _header(head: bytes, dialect: CsvDialect, eol: bytes) -> tuple[list[str], str, bytes, int]:
    """Column names, delimiter, what follows the header, and the line that starts on."""
    if dialect.names is not None:
        delimiter = dialect.delimiter or _most_frequent(_decoded(head.split(eol, 1)[0], 1))
        return dialect.names, delimiter, head, 1
    end = _header_end(head, eol)
    text = _decoded(head[:end], 1)
    delimiter = dialect.delimiter or _most_frequent(text)
    names = [name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=delimiter), [])]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise FileRejected(f"The header names the column {sorted(twice)[0]!r} twice.")
    return names, delimiter, head[end:], 1 + head[:end].count(eol)


def _header_end(head: bytes, eol: bytes) -> int:
    end = 0
    while True:
        newline = head.find(eol, end)
        if newline < 0:
            return len(head)
        end = newline + len(eol)
        if head.count(QUOTE, 0, end) % 2 == 0:
            return end


def _most_frequent(text: str) -> str:
    return max(DELIMITERS, key=text.count)


def _empty(names: list[str]) -> pl.DataFrame:
    return pl.DataFrame(schema={**dict.fromkeys(names, pl.String()), RECORD: pl.Int64()})
