"""Manifest of an export: its published version, the query of each table, and the hash of every file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orderhouse.errors import OrderhouseError

__all__ = ["ExportedFile", "ExportedTable", "Manifest", "describe_file", "read_manifest"]

MANIFEST_VERSION = 1


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
        version: Number of the published version.
        build_id: The build of that version.
        as_of: Its clock, as UTC text with microseconds.
        batch_id: The greatest batch in it.
        format: `csv`, `parquet` or `xlsx`.
        where: The condition on rows, if any.
        partition_by: The columns that split the files, if any.
        guards_formulas: True if text that a spreadsheet would run as a formula got an apostrophe in front (CSV).
        exported_at: Instant of the export, UTC, ISO-8601.
        tables: The exported tables.
    """

    manifest_version: int
    version: int
    build_id: str
    as_of: str
    batch_id: int
    format: str
    where: str | None
    partition_by: list[str]
    guards_formulas: bool
    exported_at: str
    tables: list[ExportedTable]

    @property
    def rows(self) -> int:
        """Return the number of rows of all tables together."""
        return sum(table.rows for table in self.tables)

    def to_json(self) -> str:
        """Return the manifest as the JSON that is written beside the files."""
        return json.dumps(asdict(self), indent=2)


def describe_file(path: Path, folder: Path) -> ExportedFile:
    """Return path, size and hash of a file; it is read in constant memory."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ExportedFile(path.relative_to(folder).as_posix(), path.stat().st_size, digest)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        OrderhouseError: The file does not exist, or is not a manifest.
    """
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        tables = [
            ExportedTable(**{**table, "files": [ExportedFile(**file) for file in table["files"]]})
            for table in values.pop("tables")
        ]
        return Manifest(**values, tables=tables)
    except FileNotFoundError:
        raise OrderhouseError(f"There is no manifest {path}. Name the manifest of an export, or its folder.") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise OrderhouseError(f"{path} is not the manifest of an export.") from None
