"""Tables whose fields have fixed widths, or white space between them: a record per line, as text.

The meaning of columns belongs in the formats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

import polars as pl

from orderhouse.files.source_files import FileRejected, SourceFile, limited_lines, refuse, unpacked_blocks
from orderhouse.sources.readers.csv_text import as_utf8
from orderhouse.sources.readers.headers import column_names
from orderhouse.sources.readers.patched_tables import patched_records
from orderhouse.sources.readers.records import RECORD, Malformed, Records

__all__ = ["read_lines"]

BLOCK_BYTES = 8 << 20
LINE = "line"


def read_lines(
    file: SourceFile, encoding: str | None, widths: Sequence[int] | None, names: list[str] | None
) -> Iterator[Records]:
    """Yield the records of a file of lines in order; one empty frame if there are none.

    Args:
        file: The file.
        encoding: Its encoding; None for UTF-8, or UTF-16 with a byte order mark.
        widths: Number of characters of each field; None for fields with white space between them.
        names: Columns of a file without header; None if the first line names them.

    Raises:
        FileRejected: The file is not in its encoding, or its header does not fit.
        FileVanished: The file no longer exists.
    """
    return patched_records(_records(file, encoding, widths, names), file.patches)


def _records(
    file: SourceFile, encoding: str | None, widths: Sequence[int] | None, names: list[str] | None
) -> Iterator[Records]:
    number = 1
    for block in _blocks(file, encoding):
        lines = pl.Series(LINE, block.splitlines(), dtype=pl.String)
        places = pl.int_range(number, number + lines.len(), dtype=pl.Int64, eager=True)
        number += lines.len()
        if names is None:
            names = column_names(_header(lines, widths))
            lines, places = lines.slice(1), places.slice(1)
        if file.limits is not None:
            refuse(file.limits.refusal_of_columns(len(names)))
        yield _cut(names, lines, places, widths)


def _blocks(file: SourceFile, encoding: str | None) -> Iterator[str]:
    """Yield the text of a file in blocks of whole lines; one empty block if it has none."""
    text = limited_lines(file, as_utf8(unpacked_blocks(file, BLOCK_BYTES), encoding), b"\n")
    carried = b""
    for piece in text:
        end = piece.rfind(b"\n") + 1
        if end:
            yield _decoded(carried + piece[:end])
            carried = piece[end:]
        else:
            carried += piece
    yield _decoded(carried)


def _decoded(block: bytes) -> str:
    try:
        return block.decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        byte = block[error.start]
        raise FileRejected(
            f"The file holds the byte 0x{byte:02x}, which is not UTF-8. Declare the encoding of the files, such "
            "as `encoding: latin-1`."
        ) from None


def _header(lines: pl.Series, widths: Sequence[int] | None) -> list[str]:
    first = str(lines[0]) if lines.len() else ""
    if widths is None:
        return first.split()
    return [first[start : start + width] for start, width in _places(widths)]


def _places(widths: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(accumulate(widths, initial=0), widths, strict=False))


def _cut(names: list[str], lines: pl.Series, places: pl.Series, widths: Sequence[int] | None) -> Records:
    """Return the records of lines. A line that is too long, or has another number of fields, is malformed."""
    table = pl.DataFrame([lines.str.strip_chars_end(), places.alias(RECORD)]).filter(pl.col(LINE) != "")
    if widths is not None:
        if len(names) != len(widths):
            raise FileRejected(f"`widths` has {len(widths)} fields, `columns` {len(names)}.")
        fits = pl.col(LINE).str.len_chars() <= sum(widths)
        fields = [pl.col(LINE).str.slice(start, width) for start, width in _places(widths)]
        reason = pl.format("the line has {} characters, its fields " + str(sum(widths)), pl.col(LINE).str.len_chars())
    else:
        split = pl.col(LINE).str.strip_chars().str.replace_all(r"\s+", "\t").str.split("\t")
        fits = split.list.len() == len(names)
        fields = [split.list.get(place, null_on_oob=True) for place in range(len(names))]
        reason = pl.format("the record has {} fields, the header " + str(len(names)), split.list.len())
    bad = table.filter(~fits).select(RECORD, reason.alias("reason"), LINE)
    malformed = [Malformed(record, "fields_match_header", why, text) for record, why, text in bad.iter_rows()]
    good = table.filter(fits)
    frame = good.select(*(field.alias(name) for field, name in zip(fields, names, strict=True)), RECORD)
    return Records(frame, malformed)
