"""Manifest of an export: its published version, the query of each table, the hash of every file, and a signature.

The signature covers all other values of the manifest. Who made it, and with which key, belongs in `vault.signing`.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from orderhouse.errors import OrderhouseError

__all__ = ["MANIFEST_VERSION", "ExportedFile", "ExportedTable", "Manifest", "describe_file", "read_manifest"]

MANIFEST_VERSION = 2
# A manifest has about 200 bytes for each file.
MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class ExportedFile:
    """One file, with its path relative to the manifest, its size and its SHA-256."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class ExportedTable:
    """One table, with its query, its columns as (name, type), its number of rows and its files."""

    table: str
    query: str
    columns: list[list[str]]
    rows: int
    files: list[ExportedFile]


@dataclass(frozen=True)
class Manifest:
    """Description of one export.

    Attributes:
        manifest_version: Version of this description.
        store_id: Id of the home's store of received rows; empty for a version of an earlier release.
        lineage: Hash over what the store had received for this version; see `home_identity`.
        version: Number of the published version.
        build_id: The build of that version.
        as_of: Its clock, as UTC text with microseconds.
        batch_id: The greatest batch in it.
        format: `csv`, `parquet` or `xlsx`.
        where: The condition on rows, if any.
        partition_by: The columns that split the files, if any.
        guards_formulas: True if text that a spreadsheet would run as a formula was disarmed (CSV).
        exported_at: Instant of the export, UTC, ISO-8601.
        role: The role whose rows and columns were exported; None for all of them.
        role_digest: Hash of what the role could read then.
        key: Name of the public key that checks the signature.
        tables: The exported tables.
        signature: Signature of `content`, as hexadecimal text.
    """

    manifest_version: int
    store_id: str
    lineage: str
    version: int
    build_id: str
    as_of: str
    batch_id: int
    format: str
    where: str | None
    partition_by: list[str]
    guards_formulas: bool
    exported_at: str
    role: str | None
    role_digest: str | None
    key: str
    tables: list[ExportedTable]
    signature: str = ""

    @property
    def rows(self) -> int:
        """Return the number of rows of all tables together."""
        return sum(table.rows for table in self.tables)

    @property
    def content(self) -> bytes:
        """Return the bytes that are signed: every value but the signature, as JSON with sorted keys and no spaces."""
        values = {name: value for name, value in asdict(self).items() if name != "signature"}
        return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")

    def to_json(self) -> str:
        """Return the manifest as the JSON that is written beside the files."""
        return json.dumps(asdict(self), indent=2)


def describe_file(path: Path, folder: Path) -> ExportedFile:
    """Return path, size and hash of a file of a folder; it is read in constant memory.

    Raises:
        OSError: The path is a link, or no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"{path} is no regular file")
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ExportedFile(path.relative_to(folder).as_posix(), found.st_size, digest)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest, without a check of its signature.

    Raises:
        OrderhouseError: The file does not exist, is not a manifest, is not signed, or names files outside its folder.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("too large")
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        is_unsigned = isinstance(values, dict) and values.get("manifest_version") == 1
        manifest = None if is_unsigned else _manifest_of(values)
    except FileNotFoundError:
        raise OrderhouseError(f"There is no manifest {path}. Name the manifest of an export, or its folder.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise OrderhouseError(f"{path} is not the manifest of an export.") from None
    if manifest is None:
        raise OrderhouseError(
            f"{path} is not signed, because an earlier release wrote it. Anyone could have changed it with its files, "
            "so it proves nothing. Export again."
        )
    for table in manifest.tables:
        for file in table.files:
            _check_path(path, table.table, file.path)
    return manifest


def _manifest_of(values: dict[str, Any]) -> Manifest:
    tables = [
        ExportedTable(**{**table, "files": [ExportedFile(**file) for file in table["files"]]})
        for table in values.pop("tables")
    ]
    manifest = Manifest(**values, tables=tables)
    texts = [manifest.format, manifest.key, manifest.signature, manifest.lineage, manifest.build_id]
    texts += [text for table in tables for text in (table.table, table.query, *(file.path for file in table.files))]
    numbers = [manifest.version, manifest.manifest_version, *(table.rows for table in tables)]
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(number, int) for number in numbers):
        raise TypeError("a value has another type")
    if {field.name for field in fields(Manifest)} != {*values, "tables"}:
        raise ValueError("a value is missing")
    return manifest


def _check_path(manifest: Path, table: str, path: str) -> None:
    """Check that a path is below the manifest's folder and is that of a file of its table."""
    parts = path.split("/")
    name = table.rpartition(".")[2]
    belongs = PurePosixPath(parts[0]).stem == name if len(parts) == 1 else parts[0] == name
    if not belongs or "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise OrderhouseError(f"{manifest} names the file {path!r}, which is not one of an export of {table}.")
