"""Discovery: which files a source has now, and which of them are known already.

Reads names and hashes; what is in the files belongs to the formats.
"""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orderhouse.sources import FORMATS
from orderhouse.sources.config import Source
from orderhouse.sources.files import SourceFile

__all__ = ["SIDE_FILE", "Found", "Unit", "find", "shown_path"]

# Beside a data file: what it must add up to (see `controls`). Never a feed file itself.
SIDE_FILE = ".control.json"
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload")


@dataclass(frozen=True)
class Found:
    """A source's paths, grouped into what loads together, and what there is to say about them."""

    groups: list[list[Path]]
    notes: list[str] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """All paths, in order."""
        return [str(path) for group in self.groups for path in group]


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


def find(source: Source) -> Found:
    """The files that a source's paths name now, in order of their names."""
    notes: list[str] = []
    paths: dict[Path, None] = {}
    for pattern in source.path:
        matched = list(_matching(source.base / Path(pattern).expanduser()))
        if not matched:
            notes.append(f"Source {source.name}: no file matches {pattern} (looked in {source.base}).")
        paths |= dict.fromkeys(matched)
    groups = FORMATS[source.format].bundles([str(path) for path in paths])
    if paths and not groups:
        notes.append(f"Source {source.name}: none of its {len(paths)} files belongs to a {source.format} bundle.")
    return Found([[Path(path) for path in group] for group in groups], notes)


def shown_path(source: Source, path: Path) -> str:
    """A path as the ledgers name it: relative to the sources file where it lies below it."""
    try:
        return str(path.relative_to(source.base))
    except ValueError:
        return str(path)


def _matching(pattern: Path) -> Iterator[Path]:
    if pattern.is_dir():
        pattern = pattern / "*"
    for name in sorted(glob.glob(str(pattern), recursive=True)):  # noqa: PTH207 - absolute patterns
        path = Path(name)
        if path.name.endswith(SIDE_FILE):
            continue
        if path.is_file() and not path.name.startswith(".") and path.suffix not in UNFINISHED:
            yield path
