"""Damaged files for the fuzz tests: real files with bytes flipped, cut, doubled or replaced by hard input.

The good files belong in `specimens`; the assertions about damaged files belong in the tests.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
from hypothesis import strategies as st

__all__ = ["DIGITS", "Mutation", "mangled", "mutations", "packed"]

DIGITS = b"9" * 10_000
NASTY = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xfe\xff\x00a",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\x1f\x1f",
    b'"',
    b'""',
    b',"',
    b"'",
    b";",
    b"\t",
    b"{",
    b"[",
    b"}",
    b"]",
    b"[" * 5000,
    b'{"a":' * 5000,
    b"null",
    b"true",
    b"NaN",
    b"-Infinity",
    b"-0",
    b"1e400",
    b"1E-400",
    b"0x1F",
    b"0." + b"0" * 400 + b"1",
    DIGITS,
    b"-" + DIGITS,
    b"1." + DIGITS,
    b"0000-00-00",
    b"0000-00-00T00:00:00Z",
    b"0000-01-01T00:00:00Z",
    b"9999-12-31T23:59:59.999999999Z",
    b"99999-12-31T00:00:00Z",
    b"2026-02-30T24:60:60Z",
    b"2026-01-01T00:00:00+99:99",
    b'"\\ud800"',
    b'"\\udfff\\ud800"',
    b'"\\u0000"',
    b'"\\x"',
    b"x" * 200_000,
    "Ω𝄞\u2028\u202e".encode(),
    "١٢٣".encode(),
    b"_record",
    b"_row",
    b"_part",
    b"order_id",
)


@dataclass(frozen=True)
class Mutation:
    """One piece of damage: its kind, its position (as a share of the content), and its bytes."""

    kind: str
    place: float
    other: float
    piece: bytes

    def applied(self, content: bytes) -> bytes:
        """Return the content with this damage."""
        return _KINDS[self.kind](content, self)

    def at(self, content: bytes) -> int:
        """Return the position in the content."""
        return int(self.place * len(content))

    def until(self, content: bytes) -> int:
        """Return a position up to a few hundred bytes after it."""
        return min(len(content), self.at(content) + int(self.other * 300))


def _flip(content: bytes, how: Mutation) -> bytes:
    at = min(how.at(content), len(content) - 1)
    return content[:at] + bytes([content[at] ^ (1 << int(how.other * 7))]) + content[at + 1 :] if content else b""


def _swap_lines(content: bytes, how: Mutation) -> bytes:
    lines = content.split(b"\n")
    left, right = int(how.place * (len(lines) - 1)), int(how.other * (len(lines) - 1))
    lines[left], lines[right] = lines[right], lines[left]
    return b"\n".join(lines)


def _replace_value(content: bytes, how: Mutation) -> bytes:
    """Replace the text between two separators by the piece."""
    start = max(content.rfind(mark, 0, how.at(content)) for mark in (b",", b":", b"\n", b"["))
    ends = [end for mark in (b",", b"\n", b"}", b"]") if (end := content.find(mark, start + 1)) > 0]
    return content[: start + 1] + how.piece + content[min(ends, default=len(content)) :]


_KINDS: dict[str, Callable[[bytes, Mutation], bytes]] = {
    "flip": _flip,
    "cut off": lambda content, how: content[: how.at(content)],
    "cut out": lambda content, how: content[: how.at(content)] + content[how.until(content) :],
    "insert": lambda content, how: content[: how.at(content)] + how.piece + content[how.at(content) :],
    "prepend": lambda content, how: how.piece + content,
    "append": lambda content, how: content + how.piece,
    "double": lambda content, how: content[: how.until(content)] + content[how.at(content) :],
    "swap lines": _swap_lines,
    "replace value": _replace_value,
}

mutations = st.lists(
    st.builds(
        Mutation,
        kind=st.sampled_from(sorted(_KINDS)),
        place=st.floats(0, 1, width=32),
        other=st.floats(0, 1, width=32),
        piece=st.one_of(st.sampled_from(NASTY), st.binary(max_size=20)),
    ),
    min_size=1,
    max_size=4,
)


def mangled(content: bytes, damage: list[Mutation]) -> bytes:
    """Return the content with all of the damage, applied in order."""
    for each in damage:
        content = each.applied(content)
    return content


def packed(content: bytes, packing: str) -> bytes:
    """Return the content plain, as gzip or as zstd."""
    if packing == "gzip":
        return gzip.compress(content, 1, mtime=0)
    if packing == "zstd":
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(content)
        return sink.getvalue().to_pybytes()
    return content
