"""Discovery: list the files that a source has now, grouped into units that load together.

This module reads names only. Identity of files by content belongs to `arrivals`, their content to the formats.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from orderhouse.errors import listed
from orderhouse.files.local_files import find_local
from orderhouse.files.object_stores import StoreRefused, is_address
from orderhouse.files.source_files import SIDE_FILE, SourceFile
from orderhouse.files.store_files import StoreFiles, StoreObject
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.config.sources_file import INTERNAL
from orderhouse.sources.formats import FORMATS

__all__ = ["Found", "Unit", "find", "shown_path"]


@dataclass(frozen=True)
class Found:
    """Files that the paths of a source name, with notes about them.

    Attributes:
        groups: Paths of files and addresses of objects in stores; one group loads as one unit.
        notes: Sentences for a person, about paths that match nothing or cannot be read.
        objects: The objects by address, as their stores list them.
        refused: The reason for each path that cannot be read.
    """

    groups: list[list[str]]
    notes: list[str] = field(default_factory=list)
    objects: dict[str, StoreObject] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    @cached_property
    def paths(self) -> list[str]:
        """Return all paths, in order."""
        return [path for group in self.groups for path in group]

    @property
    def addresses(self) -> list[str]:
        """Return all paths, and the addresses of the side files of objects."""
        sides = [self.objects[path].side_file for path in self.paths if path in self.objects]
        return [*self.paths, *(side.address for side in sides if side is not None)]


@dataclass(frozen=True)
class Unit:
    """One file, or the files of one bundle. A unit loads in one transaction."""

    source: Source
    files: list[SourceFile]
    is_bundle: bool

    @property
    def unit_id(self) -> str:
        """Return the content hash of the file, or the hash of the content hashes of the bundle."""
        if not self.is_bundle:
            return self.files[0].file_id
        return hashlib.sha256("".join(sorted(file.file_id for file in self.files)).encode()).hexdigest()

    @property
    def bundle_id(self) -> str | None:
        """Return the identity of the bundle; None for a single file."""
        return self.unit_id if self.is_bundle else None


def find(source: Source, stores: StoreFiles) -> Found:
    """Return the files that the paths of a source name now, ordered by name.

    A path that cannot be read gets a note; the other paths are listed all the same.
    """
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
            notes.append(f"{shown_path(source, _storable(path))}: its name is not UTF-8. Rename the file to load it.")
        # Files of actions go once they are stored, and a table may have had no row yet.
        if not matched and source.name not in INTERNAL and source.table is None:
            where = "" if is_address(pattern) else f" (looked in {source.base})"
            notes.append(f"Source {source.name}: no file matches {pattern}{where}.")
        paths |= dict.fromkeys(matched)
    groups = FORMATS[source.format].bundles(source, list(paths))
    if paths and not groups:
        notes.append(f"Source {source.name}: none of its {len(paths)} files belongs to a {source.format} bundle.")
    elif others := sorted(paths.keys() - {path for group in groups for path in group}):
        names = listed([shown_path(source, path) for path in others])
        notes.append(f"Source {source.name}: nothing is taken from {names}: no table of {source.format} has this name.")
    return Found(groups, notes, objects, refused)


def _storable(path: str) -> str:
    """Return a path as UTF-8 text; bytes that are not UTF-8 become hexadecimal escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def shown_path(source: Source, path: str) -> str:
    """Return a path as the ledgers name it: relative to the folder of the sources file, if it is inside that folder.

    An address of an object is returned unchanged.
    """
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
