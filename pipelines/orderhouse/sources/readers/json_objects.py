"""Nested JSON as frames: the objects of a file, and chosen parts of them as typed columns of text.

For formats whose records are trees: answers of an API, webhook bodies, event logs. Numbers keep their digits: every
leaf is text, true and false are ``true`` and ``false``. The meaning of the parts belongs in the format modules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.readers.json_text import iterate_records, read_values
from orderhouse.sources.readers.records import RECORD, Malformed

__all__ = ["Object", "ObjectBatch", "Shape", "frame_of", "leaves", "many", "one", "read_objects"]

Object = dict[str, Any]
Shape = Mapping[str, pl.DataType]

TEXT = pl.String()


def leaves(*names: str) -> dict[str, pl.DataType]:
    """Return the shape of parts that are plain values."""
    return dict.fromkeys(names, TEXT)


def one(*names: str, **parts: pl.DataType) -> pl.Struct:
    """Return the shape of a part that is an object: its plain values and its own parts."""
    return pl.Struct({**leaves(*names), **parts})


def many(*names: str, **parts: pl.DataType) -> pl.List:
    """Return the shape of a part that is a list of objects, or without names a list of plain values."""
    return pl.List(one(*names, **parts) if names or parts else TEXT)


@dataclass(frozen=True)
class ObjectBatch:
    """Some objects of a file.

    Attributes:
        objects: Each with its record: the line in a file of lines, else its number in the file, from 1.
        malformed: Records between them that are not objects.
    """

    objects: list[tuple[int, Object]]
    malformed: list[Malformed] = field(default_factory=list)


def read_objects(file: SourceFile, envelopes: Sequence[str] = ()) -> Iterator[ObjectBatch]:
    """Yield the objects of a file in order, a bounded number at a time where the file is one of lines.

    Args:
        file: JSON lines, an array, or a single object; plain, gzip or zstd.
        envelopes: Keys under which an object may carry the real objects, one or a list of them. An object of only
            such keys (other keys with plain values, such as a page count, do not matter) is opened, and its objects
            get the key as ``_envelope``. Their record is the line of the envelope in a file of lines, else their
            running number.

    Raises:
        FileRejected: The file is not JSON, or not UTF-8.
        FileVanished: The file no longer exists.
    """
    for values in read_values(file):
        objects: list[tuple[int, Object]] = []
        malformed = list(values.malformed)
        for record, (inner, key) in iterate_records(values, partial(_opened, envelopes=envelopes)):
            if isinstance(inner, dict):
                objects.append((record, inner if key is None else {**inner, "_envelope": key}))
            else:
                text = json.dumps(inner, ensure_ascii=False)
                malformed.append(Malformed(record, "readable_record", "the record is not a JSON object", text))
        yield ObjectBatch(objects, malformed)


def _opened(value: Any, envelopes: Sequence[str]) -> Iterator[tuple[Any, str | None]]:
    key = _envelope(value, envelopes)
    if key is None:
        yield value, None
        return
    inside = value[key]
    for inner in inside if isinstance(inside, list) else [inside]:
        yield inner, key


def _envelope(value: Any, envelopes: Sequence[str]) -> str | None:
    if not isinstance(value, dict):
        return None
    nested = [name for name, part in value.items() if isinstance(part, dict | list)]
    return nested[0] if len(nested) == 1 and nested[0] in envelopes else None


def frame_of(objects: Sequence[tuple[int, Object]], shape: Shape) -> tuple[pl.DataFrame, list[Malformed]]:
    """Return chosen parts of objects as columns, and `_record`.

    Args:
        objects: Objects, each with its record.
        shape: Parts by name, made with `leaves`, `one` and `many`. Parts that an object lacks are null.

    Returns:
        The frame, and the objects of another shape (a list where an object should be, and so on) as malformed records.
    """
    texts = [json.dumps({name: value.get(name) for name in shape}, ensure_ascii=False) for _, value in objects]
    dtype = pl.Struct(dict(shape))
    good, bad = _fitting(pl.Series(texts, dtype=pl.String), dtype, 0)
    column = pl.concat([series for _, series in good]) if good else pl.Series([], dtype=dtype)
    kept = [place for places, _ in good for place in places]
    records = pl.Series(RECORD, [objects[place][0] for place in kept], dtype=pl.Int64)
    malformed = [
        Malformed(
            objects[place][0],
            "readable_record",
            "the record is not shaped as its format says",
            json.dumps(objects[place][1], ensure_ascii=False),
        )
        for place in bad
    ]
    return column.struct.unnest().with_columns(records), malformed


def _fitting(texts: pl.Series, dtype: pl.Struct, first: int) -> tuple[list[tuple[range, pl.Series]], list[int]]:
    """Decode all texts at once; if that fails, decode halves, down to the single objects that fail."""
    try:
        return [(range(first, first + texts.len()), texts.str.json_decode(dtype))], []
    except pl.exceptions.PolarsError:
        if texts.len() == 1:
            return [], [first]
    half = texts.len() // 2
    good, bad = _fitting(texts[:half], dtype, first)
    more, worse = _fitting(texts[half:], dtype, first + half)
    return good + more, bad + worse
