"""Files as received, kept in the vault for as long as settings say: compressed, encrypted, found by their content hash.

A changed mapping reads them again. They hold personal data, which is why they are nowhere else.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orderhouse.files.local_files import BEING_WRITTEN
from orderhouse.files.source_files import FileLeft, FileRejected, SourceFile
from orderhouse.settings import Settings
from orderhouse.vault.vault import VaultKeys

__all__ = ["Originals"]

CHUNK_BYTES = 1 << 20
NONCE_BYTES = 12
HEADER = struct.Struct("<QQ?")


class Originals:
    """The folder of retained originals. A file is a row of chunks, each compressed, sealed with its place in it."""

    def __init__(self, settings: Settings, keys: VaultKeys) -> None:
        self.folder = settings.originals
        self.days = settings.keep_originals_days
        self.enabled = settings.keep_originals
        self._cipher = AESGCM(keys.original_key)

    def path_of(self, file_id: str) -> Path:
        """Where a file is kept, or would be."""
        return self.folder / file_id[:2] / file_id

    def has(self, file_id: str) -> bool:
        """Whether a file is kept."""
        return self.path_of(file_id).exists()

    def keep(self, file: SourceFile) -> None:
        """Keep a file as received. Written whole or not at all; keeping it twice is keeping it once.

        Raises:
            FileVanished: It is not there any more.
            FileLeft: Its bytes are not those that it is known by: it changed since it was hashed.
        """
        if self.enabled and not self.has(file.file_id):
            self._seal(file)

    def replace(self, file: SourceFile) -> None:
        """Put other content in the place of a kept file, which keeps its name, its age and a mark that this was done.

        Its content then no longer hashes to its name.
        """
        target = self.path_of(file.file_id)
        kept = target.stat()
        self._seal(file, is_redacted=True)
        os.utime(target, ns=(kept.st_atime_ns, kept.st_mtime_ns))
        self.mark_of(file.file_id).touch(mode=0o600)

    def drop(self, file_id: str) -> None:
        """Keep a file no longer."""
        self.path_of(file_id).unlink(missing_ok=True)
        self.mark_of(file_id).unlink(missing_ok=True)

    def mark_of(self, file_id: str) -> Path:
        """There where a kept file is not as received any more."""
        return self.path_of(file_id).with_suffix(".redacted")

    def _seal(self, file: SourceFile, *, is_redacted: bool = False) -> None:
        target = self.path_of(file.file_id)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = target.with_name(f"{target.name}.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        digest = hashlib.sha256()
        with os.fdopen(descriptor, "wb") as sealed, file.open() as received:
            for place, (chunk, is_last) in enumerate(_chunks(received)):
                digest.update(chunk)
                packed = pa.compress(chunk, codec="zstd", asbytes=True)
                header = HEADER.pack(len(chunk), len(packed), is_last)
                nonce = secrets.token_bytes(NONCE_BYTES)
                sealed.write(header + nonce)
                sealed.write(self._cipher.encrypt(nonce, packed, _context(file.file_id, place, header)))
        if not is_redacted and digest.hexdigest() != file.file_id:
            draft.unlink()
            raise FileLeft(BEING_WRITTEN)
        draft.replace(target)

    def file(self, file_id: str, path: str, size_bytes: int) -> SourceFile:
        """A kept file as a source file, under the path it once had."""
        return SourceFile(path=path, file_id=file_id, size_bytes=size_bytes, opener=lambda: self._open(file_id))

    def _open(self, file_id: str) -> BinaryIO:
        return io.BytesIO(b"".join(self._unsealed(file_id)))

    def _unsealed(self, file_id: str) -> Iterator[bytes]:
        with self.path_of(file_id).open("rb") as sealed:
            place = 0
            is_last = False
            while not is_last:
                header = sealed.read(HEADER.size)
                try:
                    size, packed_size, is_last = HEADER.unpack(header)
                    nonce = sealed.read(NONCE_BYTES)
                    packed = self._cipher.decrypt(
                        nonce, sealed.read(packed_size + 16), _context(file_id, place, header)
                    )
                except (InvalidTag, struct.error, ValueError):
                    raise FileRejected("The retained original is damaged, or was sealed with another key.") from None
                yield pa.decompress(packed, decompressed_size=size, codec="zstd", asbytes=True) if size else b""
                place += 1

    def prune(self) -> int:
        """Remove what is older than the settings allow; how many files."""
        if self.days is None or not self.folder.exists():
            return 0
        oldest = time.time() - self.days * 86_400
        expired = [path for path in self.folder.glob("*/*") if path.stat().st_mtime < oldest]
        for path in expired:
            path.unlink()
        return len(expired)


def _chunks(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    chunk = stream.read(CHUNK_BYTES)
    while True:
        following = stream.read(CHUNK_BYTES)
        yield chunk, not following
        if not following:
            return
        chunk = following


def _context(file_id: str, place: int, header: bytes) -> bytes:
    return file_id.encode() + struct.pack("<Q", place) + header
