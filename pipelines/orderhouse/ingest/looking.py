"""Looks at the places that sources.yaml names: names, sizes and times of files, without reading any content.

Each object store is listed in a thread of its own, so that one that does not answer delays no other. What follows from
two looks belongs to `watching`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orderhouse.errors import OrderhouseError
from orderhouse.files.object_stores import address_without_keys, is_address
from orderhouse.files.source_files import SIDE_FILE
from orderhouse.files.store_files import StoreFiles
from orderhouse.ingest.discovery import Found, find
from orderhouse.ingest.table_batches import newest_cursor
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS

__all__ = ["Look", "Looks", "Mark"]

# Seconds that a look waits for the object stores. A listing that takes longer goes on, and a later look takes it.
PATIENCE_SECONDS = 8.0
# A place is looked at again once this many times the duration of its last look has passed: a folder of 100,000 files or
# a store of a million objects costs a twentieth of a core, or of the requests, whatever its size.
REST = 20


@dataclass(frozen=True)
class Mark:
    """State of one file or object as a listing shows it.

    Attributes:
        path: Path or address.
        state: Size and time of the last change.
    """

    path: str
    state: str


@dataclass(frozen=True)
class Look:
    """State of the watched places at one moment.

    Attributes:
        marks: Marks of the files by place. A place that could not be read is missing.
        sources: Source by place.
        refused: Sentence by place that could not be read.
    """

    marks: dict[str, frozenset[Mark]] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass
class _Place:
    """Patterns of a source that are looked at together, and their last look."""

    source: Source
    thread: threading.Thread | None = None
    marks: frozenset[Mark] | None = None
    refused: str | None = None
    due_at: float = 0.0


class Looks:
    """Looks at the places of a home again and again. It belongs to one thread."""

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._places: dict[str, _Place] = {}

    def look(self, sources: Iterable[Source], *, again: Iterable[str] = ()) -> Look:
        """Look at every place that the sources name.

        Args:
            sources: The declared sources.
            again: Places to look at even though their last look was a moment ago.
        """
        declared = dict(_places(sources))
        self._places = {
            key: self._places[key] if key in self._places and self._places[key].source == source else _Place(source)
            for key, source in declared.items()
        }
        repeated = set(again)
        now = time.monotonic()
        for key, place in self._places.items():
            if place.thread is None and (key in repeated or now >= place.due_at):
                self._begin(place)
        deadline = now + self._patience_seconds
        for place in self._places.values():
            if place.thread is not None:
                place.thread.join(max(deadline - time.monotonic(), 0))
                if not place.thread.is_alive():
                    place.thread = None
        return self._present()

    def _begin(self, place: _Place) -> None:
        if not any(is_address(pattern) for pattern in place.source.path):
            _examine(place)
            return
        # A daemon thread, because a store that never answers must not keep the process from ending.
        place.thread = threading.Thread(target=_examine, args=(place,), daemon=True, name="listing")
        place.thread.start()

    def _present(self) -> Look:
        look = Look()
        for key, place in self._places.items():
            if place.thread is not None:
                look.refused[key] = _could_not(place.source, "it does not answer. Check the network.")
            elif place.refused is not None:
                look.refused[key] = place.refused
            elif place.marks is not None:
                look.marks[key] = place.marks
                look.sources[key] = place.source
        return look


def _places(sources: Iterable[Source]) -> Iterator[tuple[str, Source]]:
    """Yield the places to look at: each pattern by itself, so that a failure of one concerns no other.

    The files of a bundle may be named by several patterns, so those are looked at together.
    """
    for source in sources:
        if FORMATS[source.format].is_bundle:
            yield source.name, source
            continue
        for pattern in source.path:
            yield f"{source.name}: {address_without_keys(pattern)}", source.model_copy(update={"path": [pattern]})


def _examine(place: _Place) -> None:
    began = time.monotonic()
    try:
        found = find(place.source, StoreFiles())
        place.refused = next((_could_not(place.source, why) for why in found.refused.values()), None)
        place.marks = frozenset([*_marks(found), *_table_mark(place.source)])
    except OrderhouseError as error:
        place.refused = _could_not(place.source, error.message)
    except Exception as error:  # noqa: BLE001 - one place must not stop the others, whatever its client raises
        place.refused = _could_not(place.source, f"{type(error).__name__}: {error}.")
    place.due_at = time.monotonic() + REST * (time.monotonic() - began)


def _could_not(source: Source, reason: str) -> str:
    shown = ", ".join(address_without_keys(pattern) for pattern in source.path)
    return f"Source {source.name}: {shown} could not be looked at: {reason}"


def _marks(found: Found) -> Iterator[Mark]:
    for path in found.paths:
        listed = found.objects.get(path)
        if listed is None:
            yield from _local_marks(path, path + SIDE_FILE)
            continue
        for each in (listed, listed.side_file):
            if each is not None:
                yield Mark(each.address, each.listing_mark)


def _table_mark(source: Source) -> Iterator[Mark]:
    """Yield the greatest cursor of the source's table, if it has one: new rows are no files before a receipt."""
    if source.table is not None:
        yield Mark(f"table {source.table.name}", newest_cursor(source, source.table) or "")


def _local_marks(*paths: str) -> Iterator[Mark]:
    for path in paths:
        try:
            stat = Path(path).stat()
        except OSError:
            continue  # a file without side file, or one that was just removed
        yield Mark(path, f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ino}")
