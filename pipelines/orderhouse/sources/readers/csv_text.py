"""CSV as text: any delimiter, encoding and line end, quoted newlines, every record with the line it starts on.

polars reads a block, and the block is then checked by counting: its line ends and delimiters must be exactly those of
its records. If they are not (ragged rows, blank lines, stray quotes), the rest of the file is read record by record,
which is slower. The meaning of columns belongs in the formats.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from orderhouse.contracts.sentences import looks_like_data
from orderhouse.files.damage import damage
from orderhouse.files.source_files import FileRejected, SourceFile, limited_lines, refuse, unpacked_blocks
from orderhouse.sources.readers.headers import column_names
from orderhouse.sources.readers.patched_tables import patched_records
from orderhouse.sources.readers.records import RECORD, Malformed, Records

__all__ = ["CsvDialect", "DetectedDialect", "as_utf8", "detect_dialect", "read_csv"]

BLOCK_BYTES = 8 << 20
ROWS_PER_FRAME = 50_000
DELIMITERS = ",;\t|"
QUOTE = b'"'
SPACE = b" "
# Other white space is either below this byte, as line ends are, or begins with one of the bytes in OTHER_SPACES. Only
# single bytes are searched for, because a search for two bytes takes twenty times as long.
AFTER_CONTROLS = 0x0E
OTHER_SPACES = (b"\xc2", b"\xe1", b"\xe2", b"\xe3")

csv.field_size_limit(64 << 20)


@dataclass(frozen=True)
class CsvDialect:
    """The CSV dialect that a source declares. None means detection.

    Attributes:
        delimiter: One character.
        encoding: A Python encoding.
        names: Columns of a file without header.
    """

    delimiter: str | None = None
    encoding: str | None = None
    names: list[str] | None = None


@dataclass(frozen=True)
class DetectedDialect:
    """The dialect of one CSV file.

    Attributes:
        delimiter: One character.
        encoding: A Python encoding.
        names: Columns of its header, or those declared for it.
    """

    delimiter: str
    encoding: str
    names: list[str]


def detect_dialect(file: SourceFile, dialect: CsvDialect) -> DetectedDialect:
    """Return the dialect with which `read_csv` reads the file: as declared, else as its first bytes and line show.

    Raises:
        FileRejected: The file is not in its encoding, or has no usable header.
        FileVanished: The file no longer exists.
    """
    head = next(unpacked_blocks(file, 1 << 16), b"")
    text = next(as_utf8(iter([head]), dialect.encoding or _marked_encoding(head)), b"")
    eol = b"\n" if b"\n" in text or b"\r" not in text else b"\r"
    names, delimiter, _, _ = _header(text.removeprefix(codecs.BOM_UTF8), dialect, eol)
    return DetectedDialect(delimiter, dialect.encoding or _marked_encoding(head) or "utf-8", names)


def read_csv(file: SourceFile, dialect: CsvDialect) -> Iterator[Records]:
    """Yield the records of a file in order, in frames of bounded size; one empty frame if there are none.

    Raises:
        FileRejected: The file is not text, not in its encoding, or has no usable header.
        FileVanished: The file no longer exists.
    """
    text = as_utf8(unpacked_blocks(file, BLOCK_BYTES), dialect.encoding)
    first = next(text, b"")
    if _is_binary(first[:1024]):
        raise FileRejected("This is not a text file.")
    eol = b"\n" if b"\n" in first or b"\r" not in first else b"\r"
    lines = limited_lines(file, itertools.chain([first], text), eol)
    blocks = _cut(next(lines, b""), lines, eol)
    head = next(blocks, b"")
    names, delimiter, rest, line = _header(head, dialect, eol)
    longest = None
    if file.limits is not None:
        refuse(file.limits.refusal_of_columns(len(names)))
        longest = file.limits.record_bytes
    reader = _Reader(names, delimiter, eol, line, longest)
    records = patched_records(reader.read(rest, blocks), file.patches, delimiter)
    yield next(records, Records(_empty(names)))
    yield from records


class _Reader:
    """Reader of blocks of whole records that counts the lines."""

    def __init__(self, names: list[str], delimiter: str, eol: bytes, line: int, longest: int | None) -> None:
        self.longest = longest
        self.names = names
        self.delimiter = delimiter
        self.eol = eol
        self.line = line

    def read(self, block: bytes, blocks: Iterator[bytes]) -> Iterator[Records]:
        """Yield the records of a block and of the blocks that follow it."""
        while True:
            if block:
                records = self._read_block(block)
                if records is None:
                    yield from self._read_by_record(block, blocks)
                    return
                yield records
            following = next(blocks, None)
            if following is None:
                return
            block = following

    def _read_block(self, block: bytes) -> Records | None:
        """Return the records of a block, or None if the counts show that polars may have read it wrongly."""
        width = len(self.names)
        # With a single column there is no delimiter to count, so a wrong split would go unnoticed.
        if width < 2:
            return None
        has_quotes = QUOTE in block
        try:
            frame = pl.read_csv(
                block,
                has_header=False,
                schema=dict.fromkeys(self.names, pl.String()),
                separator=self.delimiter,
                eol_char=self.eol.decode(),
                quote_char='"' if has_quotes else None,
            )
        except pl.exceptions.PolarsError:
            return None
        line_ends = _occurrences(block, self.eol)
        ends = line_ends + (not block.endswith(self.eol))
        delimiters = _occurrences(block, self.delimiter.encode())
        if not has_quotes:
            if ends != frame.height or delimiters != frame.height * (width - 1):
                return None
            lines = pl.int_range(self.line, self.line + frame.height, dtype=pl.Int64, eager=True)
        else:
            inside = frame.select(ends=_count(self.eol.decode()), delimiters=_count(self.delimiter))
            if ends != frame.height + (inside["ends"].sum() or 0):
                return None
            if delimiters != frame.height * (width - 1) + (inside["delimiters"].sum() or 0):
                return None
            # A record with quoted line ends is longer than one line and moves the start of the records after it.
            lines = self.line + (inside["ends"] + 1).cum_sum().shift(1, fill_value=0).cast(pl.Int64)
        self.line += ends
        is_trimmed = not has_quotes and _is_trimmed(block, self.delimiter.encode(), self.eol, line_ends)
        return Records(frame.with_columns(lines.alias(RECORD)), is_trimmed=is_trimmed)

    def _read_by_record(self, block: bytes, blocks: Iterator[bytes]) -> Iterator[Records]:
        """Yield the rest of the file, read record by record."""
        source = _Lines(block, blocks, self.eol, self.line, self.longest)
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
                # A quote that is never closed swallows the rest of the file. Only its first line is malformed.
                is_open = "unexpected end of data" in str(error)
                if is_open or source.has_swallowed_record(len(self.names), self.delimiter):
                    source.keep_first_line()
                why = "it opens a quote that is never closed" if is_open else damage(error)
                malformed.append(Malformed(start, "readable_record", f"the line cannot be read: {why}", source.text()))
                continue
            if not fields:
                continue
            if len(fields) != len(self.names) and source.has_swallowed_record(len(self.names), self.delimiter):
                source.keep_first_line()
            if len(fields) == len(self.names):
                rows.append([value or None for value in fields])
                places.append(start)
            else:
                reason = f"the record has {len(fields)} fields, the header {len(self.names)}"
                malformed.append(Malformed(start, "fields_match_header", reason, source.text()))
            if len(rows) + len(malformed) >= ROWS_PER_FRAME:
                yield self._collected(rows, places, malformed)
                rows, places, malformed = [], [], []
        if rows or malformed:
            yield self._collected(rows, places, malformed)

    def _collected(self, rows: list[list[str | None]], places: list[int], malformed: list[Malformed]) -> Records:
        frame = pl.DataFrame(rows, schema=dict.fromkeys(self.names, pl.String()), orient="row")
        return Records(frame.with_columns(pl.Series(RECORD, places, dtype=pl.Int64)), malformed)


class _Lines:
    """The lines for reading record by record; keeps those of the current record."""

    def __init__(self, block: bytes, blocks: Iterator[bytes], eol: bytes, line: int, longest: int | None) -> None:
        self._longest = longest
        self._characters = 0
        self._lines = self._split(block, blocks, eol)
        self._line = line - 1
        self._of_record: list[str] = []
        self._pending: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        # The reader takes the end for an open quote, and the record for its first line, as in a quote never closed.
        if self._longest is not None and self._characters > self._longest:
            raise StopIteration
        text = self._pending.popleft() if self._pending else _decoded(next(self._lines), self._line + 1)
        self._line += 1
        self._of_record.append(text)
        self._characters += len(text)
        return text

    def begin_record(self) -> int:
        """Drop the lines of the last record and return the number of the next line."""
        self._of_record = []
        self._characters = 0
        return self._line + 1

    def has_swallowed_record(self, width: int, delimiter: str) -> bool:
        """Return whether a later line of the current record is a record by itself, swallowed by a stray quote."""
        later = (next(csv.reader([line], delimiter=delimiter), []) for line in self._of_record[1:])
        return any(len(fields) == width for fields in later)

    def keep_first_line(self) -> None:
        """Reduce the current record to its first line; the other lines are read again."""
        later = self._of_record[1:]
        self._pending.extendleft(reversed(later))
        self._line -= len(later)
        del self._of_record[1:]

    def text(self) -> str:
        """Return the lines of the current record."""
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


def _is_binary(head: bytes) -> bool:
    """Return whether the head of a file shows binary content.

    Many zero bytes show it, and a single one in content that is not UTF-8. A stray one in text spoils only its own
    record.
    """
    zeros = head.count(0)
    if not zeros or zeros * 100 > len(head):
        return zeros > 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return True
    return False


def _occurrences(block: bytes, byte: bytes) -> int:
    """Count a byte in a block; `bytes.count` takes four times as long where it is frequent."""
    if len(byte) > 1:
        return block.count(byte)
    if byte not in block:
        return 0
    return int((_values(block) == ord(byte)).sum())


def _is_trimmed(block: bytes, delimiter: bytes, eol: bytes, line_ends: int) -> bool:
    """Return whether no value of a block without quotes begins or ends with white space.

    Looking at the bytes takes at most a tenth of the time of trimming all values. Each pass costs the same, because the
    time goes into reading memory. So there are few passes.
    """
    if block.startswith(SPACE) or block.endswith(SPACE):
        return False
    if not block.isascii() and any(space in block for space in OTHER_SPACES):
        return False
    values = _values(block)
    if (values < AFTER_CONTROLS).sum() != line_ends:
        return False
    is_space = values == ord(SPACE)
    if not is_space.any():
        return True
    is_edge = (values == ord(delimiter)) | (values == ord(eol))
    is_before_space = is_edge.head(-1) & is_space.slice(1)
    is_after_space = is_edge.slice(1) & is_space.head(-1)
    return not (is_before_space.any() or is_after_space.any())


def _values(block: bytes) -> pl.Series:
    """Return the bytes of a block as numbers, without a copy: polars compares 8 MB in 0.3 ms, numpy in 1.3."""
    held = pa.Array.from_buffers(pa.uint8(), len(block), [None, pa.py_buffer(block)])
    return pl.Series(pl.from_arrow(held))


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


def as_utf8(blocks: Iterator[bytes], encoding: str | None) -> Iterator[bytes]:
    """Yield blocks as UTF-8 without byte order mark."""
    first = next(blocks, b"")
    encoding = encoding or _marked_encoding(first)
    if encoding is None or codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    # Incremental, because a block may end within a character.
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
    """Yield blocks that end where a record ends: at a line end with an even number of quotes before it.

    Each piece is copied once: a second copy took one more second for a million orders.
    """
    carried = b""
    for piece in itertools.chain([first], following):
        end = _record_end(carried, piece, eol)
        if end:
            yield b"".join((carried, memoryview(piece)[:end]))
            carried = piece[end:]
        else:
            carried += piece
            # A stray quote may leave no record end at all. The block then goes to the reading record by record.
            if len(carried) > 12 * BLOCK_BYTES:
                yield carried
                carried = b""
    if carried:
        yield carried


def _record_end(carried: bytes, piece: bytes, eol: bytes) -> int:
    """Return the end of the last whole record in a piece, or 0, after a search over at most 5000 line ends."""
    quotes = _occurrences(carried, QUOTE) + _occurrences(piece, QUOTE)
    end = len(piece)
    for _ in range(5000):
        newline = piece.rfind(eol, 0, end)
        if newline < 0:
            return 0
        quotes -= piece.count(QUOTE, newline + 1, end)
        if quotes % 2 == 0:
            return newline + 1
        end = newline
    return 0


def _header(head: bytes, dialect: CsvDialect, eol: bytes) -> tuple[list[str], str, bytes, int]:
    """Return column names, delimiter, the content after the header, and the line on which that starts."""
    if dialect.names is not None:
        delimiter = dialect.delimiter or _most_frequent(_decoded(head.split(eol, 1)[0], 1))
        return dialect.names, delimiter, head, 1
    end = _header_end(head, eol)
    text = _decoded(head[:end], 1)
    delimiter = dialect.delimiter or _most_frequent(text)
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise FileRejected(f"The first line is no header: {damage(error)}.") from None
    if len(set(names)) < len(names) and looks_like_data(names):
        raise FileRejected("The first line looks like data. If the file has no header, declare `header: false`.")
    names = column_names(names)
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
