"""Access to files that were loaded before, for rereading.

A file comes from its retained original, or from its own path if it is unchanged there. Which files are to be reread is
decided by `run` and by `orderhouse.repair`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from orderhouse.files.object_stores import is_address
from orderhouse.files.source_files import FileRejected, FileVanished, SourceFile, local_file
from orderhouse.ingest.discovery import Unit
from orderhouse.ingest.ledger import KnownFile
from orderhouse.sources.config.declaration import Source
from orderhouse.vault.originals import Originals

__all__ = ["LoadedFiles"]


class LoadedFiles:
    """Files that were loaded before, to be reread."""

    def __init__(self, originals: Originals) -> None:
        self._originals = originals

    def original(self, known: KnownFile) -> SourceFile | None:
        """Return the retained original; None if there is none."""
        if not self._originals.has(known.file_id):
            return None
        return self._originals.file(known.file_id, known.path, known.size_bytes)

    def file(self, source: Source, known: KnownFile) -> SourceFile | None:
        """Return the retained original, or the local file if its content is unchanged; None if there is neither."""
        kept = self.original(known)
        if kept is not None or is_address(known.path):
            return kept
        try:
            found = local_file(source.base / Path(known.path))
        except (FileVanished, FileRejected):
            return None
        return replace(found, path=known.path) if found.file_id == known.file_id else None

    def unit(self, source: Source, loaded: list[KnownFile]) -> Unit | KnownFile:
        """Return the unit of files that were loaded together, or the first file that can no longer be read."""
        files: list[SourceFile] = []
        for known in loaded:
            file = self.file(source, known)
            if file is None:
                return known
            files.append(file)
        return Unit(source, files, is_bundle=loaded[0].bundle_id is not None)
