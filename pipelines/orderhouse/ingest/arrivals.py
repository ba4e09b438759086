"""Arrivals: turn addresses into files that are identified by content and checked for changes after they were read.

Local files are read in place, objects of stores from a local copy. The ledger decides which files are new.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from orderhouse.files.local_files import BEING_WRITTEN, hashed_local, local_mark, modified_at, refuse_unsettled
from orderhouse.files.source_files import SIDE_FILE, FileUnsettled, FileVanished, SourceFile
from orderhouse.files.store_files import REPLACED, StoreFiles, StoreObject
from orderhouse.ingest.discovery import Unit, shown_path
from orderhouse.ingest.hash_cache import HashCache, Hashed
from orderhouse.sources.config.declaration import Source

__all__ = ["Arrivals"]

# Two writes within one tick of the file system's clock can leave the same mark, so a younger mark is not kept.
LOCAL_CERTAINTY_SECONDS = 2.0
# A listing gives whole seconds of the store's clock, so a recently changed object is asked for its tag as well.
LISTING_CERTAINTY_SECONDS = 900.0


@dataclass(frozen=True)
class _Local:
    """A local file and its mark when it was hashed."""

    path: Path
    mark: str


class Arrivals:
    """Files of one run, identified by content.

    Attributes:
        hashed: Number of files that were hashed, because the cache did not have their marks.
    """

    def __init__(self, stores: StoreFiles, incoming: Path, seen: HashCache | None, settle_seconds: float) -> None:
        self._stores = stores
        self._incoming = incoming
        self._seen = seen
        self._settle_seconds = settle_seconds
        self._local: dict[tuple[str, str], _Local] = {}
        self._copies: dict[tuple[str, str], _Copy] = {}
        self._numbers = itertools.count(1)
        self.hashed = 0
        shutil.rmtree(incoming, ignore_errors=True)

    def identify(self, source: Source, address: str, listed: StoreObject | None) -> SourceFile:
        """Return a file identified by its content hash. Hash it only if its mark changed.

        Args:
            source: The source of the file.
            address: A path, or the address of an object.
            listed: The object as its store lists it; None for a local file.

        Raises:
            FileVanished: The file no longer exists.
            FileUnsettled: The file is being written, or changed within the settle time.
            FileUnreadable: The file may not be read.
            StoreRefused: The store refuses to answer.
        """
        shown = shown_path(source, address)
        if listed is not None:
            return self._object((source.name, shown), listed)
        settle = self._settle_seconds if source.settle_seconds is None else source.settle_seconds
        return self._file((source.name, shown), Path(address), settle)

    def side_file(self, source: Source, address: str, listed: StoreObject | None) -> Path | SourceFile | None:
        """Return the path of the side file of a local file, or the identified side file of an object.

        The path need not exist. An object without a side file gives None.

        Args:
            source: The source of the file.
            address: The file's path or address.
            listed: The object as its store lists it; None for a local file.

        Raises:
            FileUnsettled: The side file is being written.
            StoreRefused: The store refuses to answer.
        """
        if listed is None:
            return Path(address + SIDE_FILE)
        if listed.side_file is not None:
            with contextlib.suppress(FileVanished):
                return self.identify(source, listed.side_file.address, listed.side_file)
        return None

    def refuse_changed(self, unit: Unit) -> None:
        """Raise if a local file of the unit changed since it was hashed.

        Raises:
            FileUnsettled: The mark of a file changed.
            FileVanished: A file no longer exists, so it may not have been read to its end.
        """
        for file in unit.files:
            known = self._local.get((unit.source.name, file.path))
            if known is None:
                continue
            try:
                mark = local_mark(known.path)
            except FileVanished:
                raise FileVanished(file.path) from None
            if mark != known.mark:
                raise FileUnsettled(BEING_WRITTEN)

    def release(self, unit: Unit) -> None:
        """Remove the local copies of a unit's files and of their side files."""
        for path in (name for file in unit.files for name in (file.path, file.path + SIDE_FILE)):
            copy = self._copies.pop((unit.source.name, path), None)
            if copy is not None:
                copy.remove()

    def close(self, present: list[str]) -> None:
        """Save the hashes of this run and remove all copies.

        Args:
            present: All addresses found in this run; the cache forgets the others.
        """
        shutil.rmtree(self._incoming, ignore_errors=True)
        if self._seen is not None:
            self._seen.save(present)

    def _file(self, key: tuple[str, str], path: Path, settle_seconds: float) -> SourceFile:
        """Return a local file by its content hash, from the cache if its mark is unchanged."""
        mark = local_mark(path)
        known = self._seen.get(str(path)) if self._seen is not None else None
        if known is not None and known.mark == mark:
            self._local[key] = _Local(path, mark)
            return SourceFile(key[1], known.file_id, known.size_bytes, lambda: path.open("rb"))
        refuse_unsettled(path, settle_seconds)
        began = time.time()
        mark, file = hashed_local(path)
        self.hashed += 1
        self._local[key] = _Local(path, mark)
        if self._seen is not None and began - modified_at(mark) > LOCAL_CERTAINTY_SECONDS:
            self._seen.note(str(path), Hashed(mark, file.file_id, file.size_bytes, began))
        return replace(file, path=key[1])

    def _object(self, key: tuple[str, str], listed: StoreObject) -> SourceFile:
        """Return an object by its content hash, from the cache if it is unchanged."""
        copy = self._copies[key] = _Copy(self._stores, listed.address, self._next_path())
        known = self._seen.get(listed.address) if self._seen is not None else None
        if known is None or not self._is_unchanged(listed, known):
            began = time.time()
            tag, file = copy.bring()
            self.hashed += 1
            known = Hashed(f"{listed.listing_mark}:{tag}", file.file_id, file.size_bytes, began)
            if self._seen is not None:
                self._seen.note(listed.address, known)
        file_id = known.file_id
        return SourceFile(key[1], file_id, known.size_bytes, lambda: copy.open(file_id))

    def _is_unchanged(self, listed: StoreObject, known: Hashed) -> bool:
        """Return True if an object is the one that was hashed.

        The listing decides, unless the object was hashed so soon after its change that a later change could show the
        same second. Then the tag decides.
        """
        if not known.mark.startswith(f"{listed.listing_mark}:"):
            return False
        if known.hashed_at - listed.modified_at > LISTING_CERTAINTY_SECONDS:
            return True
        now = time.time()
        if known.mark != f"{listed.listing_mark}:{self._stores.mark(listed.address)}":
            return False
        if self._seen is not None and now - listed.modified_at > LISTING_CERTAINTY_SECONDS:
            self._seen.note(listed.address, replace(known, hashed_at=now))
        return True

    def _next_path(self) -> Path:
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._incoming / str(next(self._numbers))


class _Copy:
    """Local copy of an object, downloaded when it is first needed."""

    def __init__(self, stores: StoreFiles, address: str, path: Path) -> None:
        self._stores = stores
        self._address = address
        self._path = path
        self._file: SourceFile | None = None
        self._lock = threading.Lock()

    def bring(self) -> tuple[str, SourceFile]:
        """Download the object and return its tag and the identified file."""
        tag, self._file = self._stores.download(self._address, self._path)
        return tag, self._file

    def open(self, file_id: str) -> BinaryIO:
        """Open the copy for reading. Download it first if that has not happened.

        Raises:
            FileUnsettled: The bytes are not those that were hashed.
        """
        with self._lock:
            if self._file is None:
                self.bring()
            if self._file is None or self._file.file_id != file_id:
                raise FileUnsettled(REPLACED)
        return self._path.open("rb")

    def remove(self) -> None:
        """Delete the copy."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
