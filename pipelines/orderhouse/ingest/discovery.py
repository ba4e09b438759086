"""Discovery: which files a source has now, and which of them are known already.

Reads names; what the files are belongs to `arrivals`, what is in them to the formats.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from orderhouse.files.local_files import find_local
from orderhouse.files.object_stores import StoreRefused, is_address
from orderhouse.files.source_files import SIDE_FILE, SourceFile
from orderhouse.files.store_files import StoreFiles, StoreObject
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS

__all__ = ["Found", "Unit", "find", "shown_path"]


@dataclass(frozen=True)
class Found:
    """A source's paths, grouped into what loads together, and what there is to say about them.

    Attributes:
        groups: Paths, and addresses of objects in stores.
        notes: Sentences.
        objects: The objects among them, as their stores list them.
        refused: Why a store did not answer, by the path that names it.
    """

    groups: list[list[str]]
    notes: list[str] = field(default_factory=list)
    objects: dict[str, StoreObject] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    @cached_property
    def paths(self) -> list[str]:
        """All paths, in order."""
        return [path for group in self.groups for path in group]

    @property
    def addresses(self) -> list[str]:
        """All paths, and the addresses of the side files of those that are objects."""
        sides = [self.objects[path].side_file for path in self.paths if path in self.objects]
        return [*self.paths, *(side.address for side in sides if side is not None)]


@dataclass(frozen=True)
class Unit:
    """What loads in one transaction: a file, or the files of a bundle."""

    source: Source
    files: list[SourceFile]
    is_bundle: bool

    @property
    def unit_id(self) -> str:
        """Known by content: the file's hash, or the hash of the bundle's hashes."""
        if not self.is_bundle:
            return self.files[0].file_id
        return hashlib.sha256("".join(sorted(file.file_id for file in self.files)).encode()).hexdigest()

    @property
    def bundle_id(self) -> str | None:
        """The bundle's identity; None for a single file."""
        return self.unit_id if self.is_bundle else None


def find(source: Source, stores: StoreFiles) -> Found:
    """The files that a source's paths name now, in order of their names. A store that refuses stops no other path."""
    notes: list[str] = []
    refused: dict[str, str] = {}
    objects: dict[str, StoreObject] = {}
    paths: dict[str, None] = {}
    for pattern in source.path:
        try:
            matched = list(_matching(source, pattern, stores, objects))
        except StoreRefused as error:
            refused[pattern] = error.reason
            notes.append(f"Source {source.name} could not be read: {error.message}")
            continue
        for path in [path for path in matched if path != _storable(path)]:
            matched.remove(path)
            refused[_storable(path)] = "Its name is not UTF-8."
            notes.append(f"{shown_path(source, _storable(path))}: its name is not UTF-8; rename it to have it taken.")
        if not matched:
            where = "" if is_address(pattern) else f" (looked in {source.base})"
            notes.append(f"Source {source.name}: no file matches {pattern}{where}.")
        paths |= dict.fromkeys(matched)
    groups = FORMATS[source.format].bundles(list(paths))
    if paths and not groups:
        notes.append(f"Source {source.name}: none of its {len(paths)} files belongs to a {source.format} bundle.")
    return Found(groups, notes, objects, refused)


def _storable(path: str) -> str:
    """A path whose bytes that are no text are written out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def shown_path(source: Source, path: str) -> str:
    """A path as the ledgers name it: relative to the sources file where it lies below it; an address as it is."""
    if is_address(path):
        return path
    try:
        return str(Path(path).relative_to(source.base))
    except ValueError:
        return path


def _matching(source: Source, pattern: str, stores: StoreFiles, objects: dict[str, StoreObject]) -> Iterator[str]:
    if not is_address(pattern):
        found = find_local(source.base / Path(pattern).expanduser())
        yield from (path for path in found if not path.endswith(SIDE_FILE))
        return
    for each in stores.find(pattern):
        if not each.address.endswith(SIDE_FILE):
            objects[each.address] = each
            yield each.address
