"""Manifest of a backup: every file with its chunks and hashes, and the identity of the home that it was taken from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from orderhouse.errors import OrderhouseError

__all__ = ["MANIFEST_VERSION", "BackedUpFile", "BackedUpVersion", "BackupManifest", "listed_paths", "read_manifest"]

MANIFEST_VERSION = 1
SHOWN_PATHS = 5


@dataclass(frozen=True)
class BackedUpFile:
    """One file of a backup.

    Attributes:
        path: Path in the home; below `configuration/` for a file that was outside the home.
        size_bytes: Size.
        sha256: Hash of the whole content.
        mode: Permissions.
        modified_ns: Time of the last change.
        chunks: Hashes of the chunks that make up the content, in order.
        mark: Size, times and inode of a file that is never changed in place; None for others.
    """

    path: str
    size_bytes: int
    sha256: str
    mode: int
    modified_ns: int
    chunks: tuple[str, ...]
    mark: str | None = None


@dataclass(frozen=True)
class BackedUpVersion:
    """Published version in a backup, with rows and content hash of each table."""

    number: int
    build_id: str
    as_of: str
    batch_id: int
    tables: dict[str, tuple[int, str]]


@dataclass(frozen=True)
class BackupManifest:
    """Description of one backup.

    Attributes:
        manifest_version: Version of this description.
        backup_id: Instant of the backup, in a form that sorts.
        taken_at: The same instant, UTC, ISO-8601.
        program: Version of the program that took it.
        engine: Version of DuckDB, which the hashes of tables depend on.
        home: The home, as a path on its machine.
        sources_path: The sources file in force, as a path on its machine; None without one.
        sources_copy: Path of its copy among the files; None without one.
        store_id: Identity of the raw database.
        epoch: Its epoch.
        batch_id: Its last batch.
        lineage: Its lineage as far as that batch.
        key_fingerprint: Fingerprint of the vault's keys.
        erased: Number of tokens that were suppressed.
        layouts: Version of the layout of each kind of file.
        published: The published version; None if nothing was published.
        files: The files.
    """

    manifest_version: int
    backup_id: str
    taken_at: str
    program: str
    engine: str
    home: str
    sources_path: str | None
    sources_copy: str | None
    store_id: str
    epoch: int
    batch_id: int
    lineage: str
    key_fingerprint: str
    erased: int
    layouts: dict[str, int]
    published: BackedUpVersion | None
    files: tuple[BackedUpFile, ...]

    @property
    def chunks(self) -> set[str]:
        """Return the hashes of all chunks."""
        return {chunk for file in self.files for chunk in file.chunks}

    @property
    def size_bytes(self) -> int:
        """Return the size of all files together."""
        return sum(file.size_bytes for file in self.files)

    def find(self, path: str) -> BackedUpFile | None:
        """Return the file of a path."""
        return next((file for file in self.files if file.path == path), None)

    def to_bytes(self) -> bytes:
        """Return the manifest as JSON, with its own hash, so that a changed byte is noticed."""
        text = json.dumps(asdict(self))
        return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "backup": text}).encode()


def read_manifest(content: bytes, shown: str) -> BackupManifest:
    """Return the manifest in a file's content.

    Args:
        content: The content.
        shown: Place and name of the file, for messages.

    Raises:
        OrderhouseError: It is damaged, or a later release wrote it.
    """
    damaged = OrderhouseError(f"The manifest {shown} is damaged. Use another backup: `orderhouse backup list`.")
    try:
        envelope = json.loads(content)
        text = envelope["backup"]
        if hashlib.sha256(text.encode()).hexdigest() != envelope["sha256"]:
            raise damaged
        values: dict[str, Any] = json.loads(text)
        if values["manifest_version"] > MANIFEST_VERSION:
            raise OrderhouseError(f"A later release wrote {shown}. Install that release to read it.")
        files = tuple(BackedUpFile(**{**file, "chunks": tuple(file["chunks"])}) for file in values.pop("files"))
        published = values.pop("published")
        if published is not None:
            tables = {name: (int(rows), str(digest)) for name, (rows, digest) in published.pop("tables").items()}
            published = BackedUpVersion(**published, tables=tables)
        return BackupManifest(**values, published=published, files=files)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged from None


def listed_paths(paths: Iterable[str]) -> str:
    """Return paths as a list for a sentence: a few of them, each whole, since a part of a path finds no file."""
    found = sorted(paths)
    more = [f"{len(found) - SHOWN_PATHS} more"] if len(found) > SHOWN_PATHS else []
    return ", ".join([*found[:SHOWN_PATHS], *more])
