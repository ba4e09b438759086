"""Samples of files: their first records, and the keys of a source with which they can be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from orderhouse.contracts.parsing import as_text
from orderhouse.contracts.sentences import looks_like_data
from orderhouse.errors import OrderhouseError
from orderhouse.files.source_files import SIDE_FILE, FileRejected, FileVanished, SourceFile
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats.canonical import read_records
from orderhouse.sources.readers.records import RECORD

__all__ = ["Group", "file_at", "files_in", "grouped", "sampled"]

ROWS = 50_000
ENCODINGS = (None, "cp1252", "latin-1")
ANY_FEED = "orders"


@dataclass(frozen=True)
class Group:
    """Files with the same columns.

    Attributes:
        paths: The files.
        frame: The first records of the first file, as text.
        keys: Keys of a source without which the file cannot be read: `encoding`, `header`.
    """

    paths: list[Path]
    frame: pl.DataFrame
    keys: Mapping[str, Any] = field(default_factory=dict)


def files_in(places: Sequence[Path]) -> list[Path]:
    """Return the files that are named, or are in named folders, in order and without hidden ones.

    Raises:
        OrderhouseError: A place does not exist, or there is no file in it.
    """
    found: dict[Path, None] = {}
    for place in places:
        if not place.exists():
            raise OrderhouseError(f"There is no file or folder {place}.")
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        found |= dict.fromkeys(each for each in inside if each.is_file() and not each.name.startswith("."))
    files = [path for path in found if not path.name.endswith(SIDE_FILE)]
    if not files:
        raise OrderhouseError(f"There is no file in {', '.join(map(str, places))}.")
    return files


def file_at(path: Path) -> SourceFile:
    """Return a file to read, identified by its path."""
    name = str(path)
    return SourceFile(name, hashlib.sha256(name.encode()).hexdigest(), path.stat().st_size, lambda: path.open("rb"))


def sampled(path: Path) -> Group:
    """Return the first records of a file, with the keys that its reading needs.

    Raises:
        FileRejected: The file is no table of records.
    """
    for encoding in ENCODINGS:
        try:
            return _sampled(path, {"encoding": encoding} if encoding else {})
        except FileRejected as error:
            if "UTF-8" not in error.reason and "not in the encoding" not in error.reason:
                raise
    raise FileRejected("Its encoding is not known.")


def grouped(paths: Sequence[Path]) -> Iterator[Group | tuple[Path, str]]:
    """Yield the files by folder, kind and columns; a file that is no table is yielded with the reason."""
    groups: dict[tuple[Any, ...], Group] = {}
    for path in paths:
        try:
            found = sampled(path)
        except (FileRejected, FileVanished) as error:
            yield path, error.shown if isinstance(error, FileRejected) else "It no longer exists."
            continue
        key: tuple[Any, ...] = (path.parent, path.suffix, tuple(found.frame.columns), tuple(found.keys.items()))
        if "header" in found.keys:
            key = (*key, path)  # tables without header that are of equal width may be about different things
        known = groups.get(key)
        if known is None:
            groups[key] = found
        else:
            known.paths.append(path)
    yield from groups.values()


def _sampled(path: Path, keys: dict[str, Any]) -> Group:
    try:
        frame = _first(path, keys)
    except FileRejected as error:
        if "header: false" not in error.reason:
            raise
        return Group([path], _without_header(path, keys), {**keys, "header": "false"})
    if looks_like_data([name for name in frame.columns if not name.startswith("column_")]):
        return Group([path], _without_header(path, keys), {**keys, "header": "false"})
    return Group([path], frame, keys)


def _without_header(path: Path, keys: dict[str, Any]) -> pl.DataFrame:
    """Return the first records of a file without header; the width of its first line is the number of columns."""
    with path.open("rb") as stream:
        first = stream.readline().decode(keys.get("encoding") or "utf-8", "replace")
    width = max(first.count(sign) for sign in ",;\t|") + 1
    return _first(path, {**keys, "header": False, "columns": ["_"] * width})


def _first(path: Path, keys: Mapping[str, Any]) -> pl.DataFrame:
    source = Source.model_validate({"format": "canonical", "path": str(path), **keys})
    frames = [records.frame for records in read_records(source, file_at(path), ANY_FEED)]
    frame = pl.concat(frames, how="diagonal_relaxed").head(ROWS)
    return frame.select(as_text(frame[name]).alias(name) for name in frame.columns if name != RECORD)
