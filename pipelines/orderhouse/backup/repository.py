"""Repository of backups in a place: chunks by their hash, manifests, and the journal of erased tokens.

```
chunks/ab/abcdef…      4 MiB at most, named by SHA-256; files share chunks, also across backups
backups/<id>.json      manifest, written last: a backup without one does not exist
erased_tokens          tokens of people erased since, which every restore obeys
```
The manifest's content belongs to `manifest`, the choice of files to `snapshot`.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import BinaryIO

from orderhouse.backup.manifest import BackupManifest, read_manifest
from orderhouse.backup.places import Place, open_place
from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint

__all__ = ["CHUNK_BYTES", "DamagedChunk", "Repository"]

# A multiple of DuckDB's blocks of 256 KiB, so that blocks that did not change give the same chunks. Smaller than the
# 5 MB from which a client uploads an object in parts.
CHUNK_BYTES = 4 << 20
WRITERS = 8
DAMAGED = ".damaged"


class DamagedChunk(OrderhouseError):
    """A chunk is missing or does not have the content that its name states."""

    def __init__(self, chunk: str, what: str) -> None:
        super().__init__(f"The chunk {chunk} is {what}.")
        self.chunk = chunk
        self.what = what


class Repository:
    """Backups in one place. `turn` excludes other processes for the time of a change."""

    def __init__(self, place: str) -> None:
        self.place: Place = open_place(place)
        self.shown = self.place.shown
        self._present: dict[str, int] = {}

    @contextlib.contextmanager
    def turn(self, purpose: str) -> Iterator[None]:
        """Use the place for `backup`, `prune`, `verify` or `restore`.

        Raises:
            LockHeld: Another process uses it in a way that excludes this one.
        """
        with self.place.turn(purpose):
            yield

    def ids(self) -> list[str]:
        """Return the ids of all backups, newest first."""
        names = self.place.sizes("backups")
        return sorted((name[8:-5] for name in names if name.endswith(".json")), reverse=True)

    def manifest(self, backup_id: str) -> BackupManifest:
        """Return the manifest of a backup.

        Raises:
            OrderhouseError: There is no such backup, or its manifest is damaged.
        """
        name = f"backups/{backup_id}.json"
        try:
            content = self.place.read(name)
        except FileNotFoundError:
            raise OrderhouseError(
                f"There is no backup {backup_id} in {self.shown}. List them: `orderhouse backup list {self.shown}`."
            ) from None
        return read_manifest(content, f"{self.shown}/{name}")

    def newest(self) -> BackupManifest | None:
        """Return the newest manifest that can be read; None if there is none."""
        for backup_id in self.ids():
            with contextlib.suppress(OrderhouseError):
                return self.manifest(backup_id)
        return None

    def begin_writing(self) -> None:
        """Remove what killed processes left, and list the chunks that are there. The caller has the turn."""
        self.place.clear_remains()
        self._present = {name: size for name, size in self.place.sizes("chunks").items() if not name.endswith(DAMAGED)}

    def without_lost_chunks(self, manifest: BackupManifest) -> BackupManifest:
        """Return a manifest without the files of which a chunk is missing, so that they are stored again."""
        files = tuple(file for file in manifest.files if all(_name(chunk) in self._present for chunk in file.chunks))
        return replace(manifest, files=files)

    def add(self, streams: Iterable[BinaryIO]) -> Iterator[tuple[str, int, tuple[str, ...]]]:
        """Store contents; yield the hash, the size and the chunks of each. All are stored at the end of iteration."""
        pending: list[Future[None]] = []
        with ThreadPoolExecutor(WRITERS, thread_name_prefix="chunks") as writers:
            for stream in streams:
                digest, size, chunks = hashlib.sha256(), 0, []
                while block := stream.read(CHUNK_BYTES):
                    digest.update(block)
                    size += len(block)
                    chunks.append(hashlib.sha256(block).hexdigest())
                    self._store(chunks[-1], block, writers, pending)
                yield digest.hexdigest(), size, tuple(chunks)
            for each in pending:
                each.result()

    def _store(self, chunk: str, block: bytes, writers: ThreadPoolExecutor, pending: list[Future[None]]) -> None:
        name = _name(chunk)
        if self._present.get(name) == len(block):
            return
        while len(pending) >= 2 * WRITERS:  # bounds the memory of blocks that wait
            pending.pop(0).result()
        self._present[name] = len(block)
        pending.append(writers.submit(self._write, name, block))

    def _write(self, name: str, block: bytes) -> None:
        self.place.write(name, block)
        checkpoint("backup_chunk")

    def commit(self, manifest: BackupManifest) -> None:
        """Write a manifest, which makes the backup exist.

        Raises:
            OrderhouseError: Chunks that it names have disappeared meanwhile.
        """
        present = self.place.sizes("chunks")
        lost = [chunk for chunk in manifest.chunks if _name(chunk) not in present]
        if lost:
            raise OrderhouseError(f"{len(lost)} chunks have disappeared from {self.shown}. Run the backup again.")
        checkpoint("backup_before_manifest")
        self.place.write(f"backups/{manifest.backup_id}.json", manifest.to_bytes())
        checkpoint("backup_after_manifest")

    def read_chunk(self, chunk: str) -> bytes:
        """Return a chunk, compared with its hash.

        Raises:
            DamagedChunk: It is missing, or its content differs.
        """
        try:
            content = self.place.read(_name(chunk))
        except FileNotFoundError:
            raise DamagedChunk(chunk, "missing") from None
        if hashlib.sha256(content).hexdigest() != chunk:
            raise DamagedChunk(chunk, "damaged")
        return content

    def set_aside(self, chunk: str) -> bool:
        """Rename a damaged chunk, so that the next backup writes it again; return False if the place refuses."""
        try:
            self.place.rename(_name(chunk), _name(chunk) + DAMAGED)
        except (OSError, OrderhouseError):
            return False
        return True

    def remove(self, backup_ids: Iterable[str]) -> int:
        """Remove backups, and every chunk that no other manifest names; return the number of chunks removed.

        Raises:
            OrderhouseError: A manifest that is kept cannot be read, so its chunks are not known. Nothing is removed.
        """
        gone = set(backup_ids)
        kept = {chunk for each in self.ids() if each not in gone for chunk in self.manifest(each).chunks}
        for backup_id in gone:
            self.place.remove(f"backups/{backup_id}.json")
            checkpoint("prune_manifest")
        names = {_name(chunk) for chunk in kept}
        unnamed = [name for name in self.place.sizes("chunks") if name not in names]
        for name in unnamed:
            self.place.remove(name)
            checkpoint("prune_chunk")
        self.place.clear_remains()
        return len(unnamed)

    def erased_tokens(self) -> set[str]:
        """Return the journal of erased tokens."""
        try:
            return set(self.place.read("erased_tokens").decode("ascii").split())
        except FileNotFoundError:
            return set()

    def note_erased(self, tokens: Iterable[str]) -> None:
        """Add tokens to the journal, which only grows."""
        known = self.erased_tokens()
        wanted = known | set(tokens)
        if wanted != known:
            self.place.write("erased_tokens", "".join(f"{token}\n" for token in sorted(wanted)).encode("ascii"))


def _name(chunk: str) -> str:
    return f"chunks/{chunk[:2]}/{chunk}"
