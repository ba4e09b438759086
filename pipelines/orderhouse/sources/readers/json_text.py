"""JSON as text: an object per line, an array, or a single object.

Numbers keep their digits and never become floats. Nested objects as frames belong in `json_objects`.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import polars as pl

from orderhouse.files.damage import damage
from orderhouse.files.limits import FileLimits, is_deeper, may_be_deeper
from orderhouse.files.patches import PatchMisfit, Received, RecordPatch, RecordPatches
from orderhouse.files.source_files import FileRejected, SourceFile, limited_lines, refuse, unpacked_blocks, whole
from orderhouse.sources.readers.json_decoding import NameTwice, Undecodable, elements, is_object, load_json
from orderhouse.sources.readers.patched_json import patched_value, received_value, replaced
from orderhouse.sources.readers.records import RECORD, Malformed, Records

__all__ = ["Values", "iterate_records", "is_json_lines", "load_json", "read_json", "read_values"]

Item = TypeVar("Item")

BLOCK_BYTES = 16 << 20

HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Values:
    """Some JSON values of a file, each with its place: the line in a file of lines, else its number.

    Attributes:
        values: Place and value.
        malformed: Lines that are not JSON.
        are_lines: True for a file of lines.
        patches: Patches of a file that is not one of lines, whose records are known only when the values are opened.
    """

    values: list[tuple[int, Any]]
    malformed: list[Malformed]
    are_lines: bool
    patches: RecordPatches | None = None


def iterate_records(values: Values, opened: Callable[[Any], Iterable[Item]]) -> Iterator[tuple[int, Item]]:
    """Yield the content of values, each item with its record: the line in a file of lines, else a running number.

    Args:
        values: Values of a file.
        opened: Returns the content of one value: itself, or the parts of an envelope. A part is yielded alone, or as
            the
            first item of a tuple.
    """
    # Only whole files get here with patches: in a file of lines each line was patched when it was read.
    if values.patches is not None:
        yield from _each_patched(values, opened, values.patches)
        return
    running, last = 0, 0
    for place, value in values.values:
        running += place - last - 1  # elements between them that cannot be read
        last = place
        for item in opened(value):
            running += 1
            yield (place if values.are_lines else running), item


def read_values(file: SourceFile) -> Iterator[Values]:
    """Yield the values of a file in order: those of its lines, of its array, or the single one.

    Raises:
        FileRejected: The file is not JSON, or not UTF-8.
        FileVanished: The file no longer exists.
    """
    patches = file.patches if file.patches is not None and file.patches.by_record else None
    blocks = unpacked_blocks(file, BLOCK_BYTES)
    first = next(blocks, b"").removeprefix(b"\xef\xbb\xbf")
    if not is_json_lines(first):
        yield _whole(whole(file, itertools.chain([first], blocks), "JSON document"), patches, file.limits)
        return
    lines = limited_lines(file, itertools.chain([first], blocks))
    yield from _lines(next(lines, b""), lines, patches, file.limits)


def is_json_lines(head: bytes) -> bool:
    """Return whether a file with this head is one of lines; a single object on one line counts as such."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return first[:1] != b"[" and is_object(first.split(b"\n", 1)[0])


def read_json(file: SourceFile) -> Iterator[Records]:
    """Yield the objects of a file in order; `_record` is the line in a file of lines, else the object's number.

    Raises:
        FileRejected: The file is not JSON, or not UTF-8.
        FileVanished: The file no longer exists.
    """
    for read in read_values(file):
        values = read.values if read.patches is None else list(iterate_records(read, lambda value: [value]))
        yield _frame(values, read.malformed, file.limits)


def _whole(content: bytes, patches: RecordPatches | None, limits: FileLimits | None) -> Values:
    objects = list(enumerate(_values(_text(content)), 1))
    malformed = [_undecoded(number, value) for number, value in objects if isinstance(value, Undecodable)]
    objects = [(number, value) for number, value in objects if not isinstance(value, Undecodable)]
    if limits is not None and may_be_deeper(content, limits.depth + 1):  # one level more for the array
        objects, deep = _shallow(objects, limits.depth)
        malformed += deep
    if HALF_CHARACTER.search(content):
        objects, halves = _whole_characters(objects)
        malformed += halves
    return Values(objects, malformed, are_lines=False, patches=patches)


def _values(text: str) -> list[Any]:
    """Return the elements of an array, or the single value; what cannot be decoded alone stands for itself."""
    try:
        value = load_json(text)
        return value if isinstance(value, list) else [value]
    except (NameTwice, RecursionError) as error:
        if text.lstrip()[:1] != "[":
            return [Undecodable(text, error)] if isinstance(error, NameTwice) else _refused(error)
    except ValueError as error:
        return _refused(error)
    try:
        return list(elements(text))
    except (ValueError, RecursionError) as error:
        return _refused(error)


def _refused(error: Exception) -> list[Any]:
    raise FileRejected(f"The file is not JSON: {damage(error)}.") from None


def _undecoded(number: int, value: Undecodable) -> Malformed:
    return Malformed(number, "readable_record", f"the record cannot be read: {damage(value.error)}", value.text)


def _lines(
    first: bytes, blocks: Iterator[bytes], patches: RecordPatches | None, limits: FileLimits | None
) -> Iterator[Values]:
    line = 1
    carried = b""
    block: bytes | None = first
    while block is not None:
        following = next(blocks, None)
        # The last piece may be half a line. It is carried over to the next block.
        *lines, carried = (carried + block).split(b"\n")
        if following is None:
            lines.append(carried)
        yield _of_lines(lines, line, patches, limits)
        line += len(lines)
        block = following


def _of_lines(lines: list[bytes], line: int, patches: RecordPatches | None, limits: FileLimits | None) -> Values:
    objects: list[tuple[int, Any]] = []
    malformed: list[Malformed] = []
    for number, raw in enumerate(lines, line):
        if not raw.strip():
            continue
        text = _text(raw)
        if patches is not None and number in patches.by_record:
            text = _patched_line(number, text, patches)
        try:
            objects.append((number, load_json(text)))
        except (ValueError, RecursionError) as error:
            what = "the record cannot be read" if isinstance(error, NameTwice) else "the line is not JSON"
            malformed.append(Malformed(number, "readable_record", f"{what}: {damage(error)}", text))
    if limits is not None and any(raw.count(b"{") + raw.count(b"[") > limits.depth for raw in lines):
        objects, deep = _shallow(objects, limits.depth)
        malformed += deep
    if any(HALF_CHARACTER.search(raw) for raw in lines):
        objects, halves = _whole_characters(objects)
        malformed += halves
    return Values(objects, malformed, are_lines=True)


def _patched_line(number: int, text: str, patches: RecordPatches) -> str:
    """Return a line with its patch applied, as text; the line as received if the patch does not fit."""
    try:
        value, received = load_json(text), None
    except (ValueError, RecursionError):
        value, received = None, Received(text=text, is_readable=False)

    def patched(patch: RecordPatch) -> str:
        if received is not None and patch.text is None:
            raise PatchMisfit("the record cannot be read, so the whole of it has to be given, with --text")
        return json.dumps(patched_value(value, patch, load_json), ensure_ascii=False)

    return patches.apply(number, received or received_value(value), patched) or text


def _each_patched(
    values: Values, opened: Callable[[Any], Iterable[Item]], patches: RecordPatches
) -> Iterator[tuple[int, Item]]:
    """Yield the records of a file that is not one of lines, with patches applied.

    Each patched record replaces the received one in its value. The value is then opened again, because the patch may
    change how many records it holds.
    """
    first, last = 1, 0
    for place, value in values.values:
        first += place - last - 1
        last = place
        items = list(opened(value))
        numbers = [number for number in range(first, first + len(items)) if number in patches.by_record]
        patched = value
        for number in numbers:
            item = items[number - first]
            patched = _with_record(number, patched, item[0] if isinstance(item, tuple) else item, patches)
        again = list(opened(patched)) if patched is not value else items
        if len(again) != len(items):
            patches.problems |= dict.fromkeys(numbers, "with it the record would be read as several, or as none")
            again = items
        yield from enumerate(again, first)
        first += len(items)


def _with_record(number: int, value: Any, inner: Any, patches: RecordPatches) -> Any:
    def patched(patch: RecordPatch) -> Any:
        if inner is not value and not isinstance(inner, dict):
            raise PatchMisfit("what stands in the record's place is no object; send the corrected file instead")
        return replaced(value, inner, patched_value(inner, patch, load_json))

    result = patches.apply(number, received_value(inner), patched)
    return value if result is None else result


def _shallow(objects: list[tuple[int, Any]], depth: int) -> tuple[list[tuple[int, Any]], list[Malformed]]:
    """Separate records that are nested deeper than allowed."""
    deep = dict.fromkeys(number for number, value in objects if is_deeper(value, depth))
    why = f"the record is nested more than {depth} levels deep (`feed_max_depth`)"
    malformed = [Malformed(number, "readable_record", why, "") for number in deep]
    return [(number, value) for number, value in objects if number not in deep], malformed


def _whole_characters(objects: list[tuple[int, Any]]) -> tuple[list[tuple[int, Any]], list[Malformed]]:
    """Separate records with half a character (a surrogate alone), which JSON can name and text cannot hold."""
    good: list[tuple[int, Any]] = []
    malformed: list[Malformed] = []
    for number, value in objects:
        try:
            json.dumps(value, ensure_ascii=False).encode()
            good.append((number, value))
        except UnicodeEncodeError:
            text = json.dumps(value)
            malformed.append(Malformed(number, "readable_record", "the record holds half a character", text))
    return good, malformed


def _frame(objects: list[tuple[int, Any]], malformed: list[Malformed], limits: FileLimits | None) -> Records:
    records = [(number, value) for number, value in objects if isinstance(value, dict)]
    malformed = malformed + [
        Malformed(number, "readable_record", "the record is not a JSON object", json.dumps(value))
        for number, value in objects
        if not isinstance(value, dict)
    ]
    names = list(dict.fromkeys(name for _, value in records for name in value if name != RECORD))
    if limits is not None:
        refuse(limits.refusal_of_columns(len(names)))
    columns = [_column(name, [value.get(name) for _, value in records]) for name in names]
    places = pl.Series(RECORD, [number for number, _ in records], dtype=pl.Int64)
    return Records(pl.DataFrame([*columns, places]), malformed)


def _column(name: str, values: list[Any]) -> pl.Series:
    try:
        return pl.Series(name, values, dtype=pl.String, strict=True)
    except TypeError:
        return pl.Series(name, [_as_text(value) for value in values], dtype=pl.String)


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise FileRejected(f"The file holds the byte 0x{raw[error.start]:02x}, which is not UTF-8.") from None
