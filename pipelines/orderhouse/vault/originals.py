"""Originals: files as received, compressed and encrypted in the vault, found by their content hash.

They are read again when a mapping changes. They contain personal data and are stored nowhere else. The redaction of
originals belongs in `orderhouse.erasure`.
"""

from __future__ import annotations

import contextlib
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
from orderhouse.files.source_files import FileRejected, FileUnsettled, SourceFile
from orderhouse.settings import Settings
from orderhouse.vault.keys import VaultKeys

__all__ = ["Originals"]

CHUNK_BYTES = 1 << 20
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER = struct.Struct("<QQ?")


class Originals:
    """The folder of retained originals.

    A stored file is a sequence of chunks. Each chunk is compressed, then encrypted together with its position.
    """

    def __init__(self, settings: Settings, keys: VaultKeys) -> None:
        self.folder = settings.originals
        self.days = settings.keep_originals_days
        self.enabled = settings.keep_originals
        self._ciphers = [AESGCM(key) for key in keys.original_keys]

    def path_of(self, file_id: str) -> Path:
        """Return the path at which a file is kept, or would be."""
        return self.folder / file_id[:2] / file_id

    def has(self, file_id: str) -> bool:
        """Return whether a file is kept."""
        return self.path_of(file_id).exists()

    def keep(self, file: SourceFile) -> None:
        """Keep a file as received. The copy is written whole or not at all; keeping it again changes nothing.

        Raises:
            FileVanished: The file no longer exists.
            FileUnsettled: The file changed since it was hashed.
        """
        if self.enabled and not self.has(file.file_id):
            self._seal(file)

    def replace(self, file: SourceFile) -> None:
        """Replace the content of a kept file, keep its name and its age, and mark it as redacted.

        The new content does not hash to the name of the file.
        """
        target = self.path_of(file.file_id)
        kept = target.stat()
        self._seal(file, is_redacted=True)
        os.utime(target, ns=(kept.st_atime_ns, kept.st_mtime_ns))
        self.redaction_marker(file.file_id).touch(mode=0o600)

    def drop(self, file_id: str) -> None:
        """Delete a kept file."""
        self.path_of(file_id).unlink(missing_ok=True)
        self.redaction_marker(file_id).unlink(missing_ok=True)

    def is_redacted(self, file_id: str) -> bool:
        """Return whether a kept file was redacted, so that its content does not hash to its name."""
        return self.redaction_marker(file_id).exists()

    def hash_of(self, file_id: str) -> str:
        """Return the SHA-256 of a kept file's content.

        Raises:
            FileRejected: It is damaged, or no key opens it.
        """
        digest = hashlib.sha256()
        for chunk in self._unsealed(file_id):
            digest.update(chunk)
        return digest.hexdigest()

    def redaction_marker(self, file_id: str) -> Path:
        """Return the path of the marker that exists for a redacted original."""
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
                sealed.write(self._ciphers[0].encrypt(nonce, packed, _context(file.file_id, place, header)))
        if not is_redacted and digest.hexdigest() != file.file_id:
            draft.unlink()
            raise FileUnsettled(BEING_WRITTEN)
        # A rename is atomic, so a crash leaves no half-written original under the final name.
        draft.replace(target)

    def file(self, file_id: str, path: str, size_bytes: int) -> SourceFile:
        """Return a kept file as a source file under its original path."""
        return SourceFile(path=path, file_id=file_id, size_bytes=size_bytes, opener=lambda: self._open(file_id))

    def _open(self, file_id: str) -> BinaryIO:
        return io.BytesIO(b"".join(self._unsealed(file_id)))

    def _unsealed(self, file_id: str) -> Iterator[bytes]:
        for header, packed in self._packed_chunks(file_id):
            size, _, _ = HEADER.unpack(header)
            yield pa.decompress(packed, decompressed_size=size, codec="zstd", asbytes=True) if size else b""

    def _packed_chunks(self, file_id: str) -> Iterator[tuple[bytes, bytes]]:
        """Return the header and the decrypted, still compressed content of each chunk of a kept file."""
        with self.path_of(file_id).open("rb") as sealed:
            place, is_last, cipher = 0, False, None
            while not is_last:
                header = sealed.read(HEADER.size)
                try:
                    _, packed_size, is_last = HEADER.unpack(header)
                    nonce = sealed.read(NONCE_BYTES)
                    chunk = nonce, sealed.read(packed_size + TAG_BYTES), _context(file_id, place, header)
                    cipher = cipher or self._cipher_of(*chunk)
                    packed = cipher.decrypt(*chunk)
                except (InvalidTag, struct.error, ValueError):
                    raise FileRejected("The retained original is damaged, or was sealed with another key.") from None
                yield header, packed
                place += 1

    def _cipher_of(self, nonce: bytes, sealed: bytes, context: bytes) -> AESGCM:
        """Return the cipher that opens a chunk: while a rotation lasts, one of two."""
        for cipher in self._ciphers[:-1]:
            with contextlib.suppress(InvalidTag):
                cipher.decrypt(nonce, sealed, context)
                return cipher
        return self._ciphers[-1]

    def seal_again(self, file_id: str) -> bool:
        """Seal a kept file with the newest key, keep its age, and return whether that was possible and necessary.

        A damaged file is left as it is.
        """
        target = self.path_of(file_id)
        kept = target.stat()
        draft = target.with_name(f"{target.name}.new")
        try:
            if self.is_newest(file_id):
                return False
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as sealed:
                for place, (header, packed) in enumerate(self._packed_chunks(file_id)):
                    nonce = secrets.token_bytes(NONCE_BYTES)
                    sealed.write(header + nonce)
                    sealed.write(self._ciphers[0].encrypt(nonce, packed, _context(file_id, place, header)))
        except FileRejected:
            draft.unlink(missing_ok=True)
            return False
        os.utime(draft, ns=(kept.st_atime_ns, kept.st_mtime_ns))
        draft.replace(target)
        return True

    def is_newest(self, file_id: str) -> bool:
        """Return whether the newest key opens the first chunk of a kept file."""
        with self.path_of(file_id).open("rb") as sealed:
            header = sealed.read(HEADER.size)
            try:
                _, packed_size, _ = HEADER.unpack(header)
                nonce = sealed.read(NONCE_BYTES)
                self._ciphers[0].decrypt(nonce, sealed.read(packed_size + TAG_BYTES), _context(file_id, 0, header))
            except (InvalidTag, struct.error, ValueError):
                return False
        return True

    def prune(self) -> int:
        """Delete originals older than the settings allow, and return how many."""
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


# Authenticated with each chunk, so that chunks cannot be exchanged, reordered or cut off unnoticed.
def _context(file_id: str, place: int, header: bytes) -> bytes:
    return file_id.encode() + struct.pack("<Q", place) + header
