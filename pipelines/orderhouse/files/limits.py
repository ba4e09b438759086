"""Limits of files: how large, how long and how deep the content of a received file may be.

They keep one file from taking the memory of the machine and the files beside it with it. A file over a limit is
rejected with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from orderhouse.settings import Settings, bytes_of

__all__ = ["FileLimits", "is_deeper", "limits_of", "longest_line_exceeds", "may_be_deeper"]

# Content of which a sane file may unpack to any multiple of its size.
SMALL_BYTES = 64 << 20
OPENING = (ord("{"), ord("["))
CLOSING = (ord("}"), ord("]"))


@dataclass(frozen=True)
class FileLimits:
    """Limits of one file.

    Attributes:
        file_bytes: Most bytes of its content, unpacked.
        document_bytes: Most bytes of content that is read as a whole: a JSON document, a workbook.
        record_bytes: Most bytes of one line.
        rows: Most rows.
        columns: Most columns.
        depth: Most levels of nesting in a JSON record.
        expansion: Most times its packed size that content larger than 64 MB may have.
    """

    file_bytes: int = 8_000_000_000
    document_bytes: int = 256_000_000
    record_bytes: int = 16_000_000
    rows: int = 50_000_000
    columns: int = 2_000
    depth: int = 100
    expansion: int = 200

    def refusal_of_size(self, unpacked_bytes: int, packed_bytes: int | None) -> str | None:
        """Return why content of this size is refused; None if it is not.

        Args:
            unpacked_bytes: Bytes of the content so far.
            packed_bytes: Size of the file if it is packed.
        """
        if unpacked_bytes > self.file_bytes:
            return f"The file has more than {_size(self.file_bytes)} of content (`feed_max_file`). Send it in parts."
        if packed_bytes and unpacked_bytes > max(SMALL_BYTES, self.expansion * packed_bytes):
            return (
                f"The file unpacks to more than {self.expansion:,} times its size (`feed_max_expansion`), "
                "which no feed does. Send it unpacked if it is right."
            )
        return None

    def refusal_of_document(self, bytes_read: int, kind: str) -> str | None:
        """Return why content that is read as a whole is refused; None if it is not."""
        if bytes_read <= self.document_bytes:
            return None
        return (
            f"The {kind} has more than {_size(self.document_bytes)}, and it can only be read as a whole "
            "(`feed_max_document`). Send one record per line, or several files."
        )

    def refusal_of_line(self) -> str:
        """Return why a file with too long a line is refused."""
        return f"A line of the file is longer than {_size(self.record_bytes)} (`feed_max_record`), which no record is."

    def refusal_of_rows(self, rows: int) -> str | None:
        """Return why a number of rows is refused; None if it is not."""
        return (
            f"The file has more than {self.rows:,} rows (`feed_max_rows`). Send it in parts."
            if rows > self.rows
            else None
        )

    def refusal_of_columns(self, columns: int) -> str | None:
        """Return why a number of columns is refused; None if it is not."""
        if columns <= self.columns:
            return None
        return f"The file has {columns:,} columns, more than {self.columns:,} (`feed_max_columns`)."


def limits_of(settings: Settings) -> FileLimits:
    """Return the limits of the settings."""
    return FileLimits(
        file_bytes=bytes_of(settings.feed_max_file),
        document_bytes=bytes_of(settings.feed_max_document),
        record_bytes=bytes_of(settings.feed_max_record),
        rows=settings.feed_max_rows,
        columns=settings.feed_max_columns,
        depth=settings.feed_max_depth,
        expansion=settings.feed_max_expansion,
    )


def longest_line_exceeds(blocks: Iterable[bytes], eol: bytes, limit: int) -> Iterator[tuple[bytes, bool]]:
    """Yield each block, and whether a line that begins before its end is longer than the limit.

    The search jumps from line end to line end in steps of the limit, so it costs nothing for short lines.
    """
    carried = 0
    for block in blocks:
        start, is_longer = 0, False
        while carried + len(block) - start > limit and not is_longer:
            found = block.rfind(eol, start, start + limit - carried + 1)
            is_longer = found < 0
            start, carried = found + 1, 0
        last = block.rfind(eol)
        carried = len(block) - last - 1 if last >= 0 else carried + len(block)
        yield block, is_longer


def may_be_deeper(content: bytes, depth: int) -> bool:
    """Return whether JSON may be nested deeper than a number of levels, by its brackets, those in texts included."""
    level = 0
    for start in range(0, len(content), 8 << 20):
        part = content[start : start + (8 << 20)]
        values = pl.Series(pl.from_arrow(pa.Array.from_buffers(pa.uint8(), len(part), [None, pa.py_buffer(part)])))
        steps = values.is_in(OPENING).cast(pl.Int32) - values.is_in(CLOSING).cast(pl.Int32)
        levels = steps.cum_sum()
        if bool((levels > depth - level).any()):
            return True
        level += int(levels[-1])
    return False


def is_deeper(value: Any, depth: int) -> bool:
    """Return whether a JSON value is nested deeper than a number of levels."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(depth):
        parts = (inner for each in level for inner in (each.values() if isinstance(each, dict) else each))
        level = [inner for inner in parts if isinstance(inner, dict | list)]
    return bool(level)


def _size(number: int) -> str:
    return f"{number / 1_000_000:,.0f} MB"
