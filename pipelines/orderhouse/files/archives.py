"""Zip archives as received: their members as files, unpacked in pieces and up to a limit.

A small archive may unpack to more than any disk holds. So the unpacked bytes are counted while they are read, and
the sizes that the archive states are not trusted. The meaning of members belongs in the format modules.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, BinaryIO

from orderhouse.files.source_files import FileRejected, SourceFile, refuse

__all__ = ["ZIP_MAGIC", "is_workbook", "is_zip", "only_member"]

ZIP_MAGIC = b"PK\x03\x04"
WORKBOOK_MEMBER = "[Content_Types].xml"
MAX_MEMBERS = 1_000
MAX_BYTES = 1 << 30
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


def is_zip(file: SourceFile) -> bool:
    """Return whether the file begins as archives do; Excel workbooks are archives too.

    Raises:
        FileVanished: The file no longer exists.
        FileRejected: The file may not be read.
    """
    with file.open() as stream:
        return stream.read(4) == ZIP_MAGIC


def is_workbook(file: SourceFile) -> bool:
    """Return whether an archive is an Excel workbook.

    Raises:
        FileRejected: The archive is damaged or contains too many files.
    """
    return WORKBOOK_MEMBER in _member_names(file)


def _member_names(file: SourceFile) -> list[str]:
    """Return the names of the files in an archive, without folders and without files that systems add."""
    with _opened(file) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
    if len(names) > MAX_MEMBERS:
        raise FileRejected(f"The zip file holds {len(names):,} files; at most {MAX_MEMBERS:,} are read.")
    return [name for name in names if not name.startswith("__MACOSX/") and not PurePosixPath(name).name.startswith(".")]


def only_member(file: SourceFile) -> SourceFile:
    """Return the single file in an archive as a file that is read as if it had come unpacked.

    Raises:
        FileRejected: The archive is damaged, encrypted or too large when unpacked, or contains no file or several.
    """
    names = _member_names(file)
    if len(names) != 1:
        found = f"holds {len(names)} files: {', '.join(names[:5])}" if names else "is empty"
        raise FileRejected(f"The zip file {found}. It must hold exactly one.")
    (name,) = names
    with _opened(file) as archive:
        info = archive.getinfo(name)
    if info.flag_bits & 0x1:
        raise FileRejected(f"{name} in the zip file is encrypted. Send it without a password.")
    if info.file_size > MAX_BYTES:
        raise FileRejected(_too_large(name))
    if file.limits is not None:
        refuse(file.limits.refusal_of_size(info.file_size, file.size_bytes))
    return SourceFile(
        f"{file.path}/{name}", file.file_id, info.file_size, lambda: _member(file, name), file.patches, file.limits
    )


@contextlib.contextmanager
def _opened(file: SourceFile) -> Iterator[zipfile.ZipFile]:
    """An archive, closed together with its file; damage to it is a `FileRejected`."""
    with file.open() as stream, _archive(stream) as archive:
        yield archive


def _archive(stream: BinaryIO) -> zipfile.ZipFile:
    try:
        # A zip file is read from its end, so a stream that cannot seek is read into memory.
        return zipfile.ZipFile(stream if stream.seekable() else io.BytesIO(stream.read()))
    except DAMAGE as error:
        raise FileRejected(f"The zip file is damaged: {error}.") from None


def _member(file: SourceFile, name: str) -> BinaryIO:
    stream = file.open()
    try:
        return _Bounded(_archive(stream).open(name), name, stream)  # type: ignore[return-value]
    except DAMAGE as error:
        stream.close()
        raise FileRejected(f"The zip file is damaged: {error}.") from None
    except FileRejected:
        stream.close()
        raise


def _too_large(name: str) -> str:
    return f"{name} in the zip file unpacks to more than {MAX_BYTES >> 20:,} MB, which no feed needs. Send it in parts."


class _Bounded(io.RawIOBase):
    """The bytes of a member, up to the limit."""

    def __init__(self, stream: IO[bytes], name: str, archive: BinaryIO) -> None:
        self._stream = stream
        self._name = name
        self._archive = archive

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, fewer at the end."""
        try:
            data = self._stream.read(MAX_BYTES + 1 if size < 0 else size)
        except DAMAGE as error:
            raise FileRejected(f"The zip file is damaged: {error}.") from None
        if self._stream.tell() > MAX_BYTES:
            raise FileRejected(_too_large(self._name))
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to a position; moving back unpacks again from the start."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the number of bytes unpacked."""
        return self._stream.tell()

    def close(self) -> None:
        """Close the stream of the archive too."""
        self._stream.close()
        self._archive.close()
        super().close()
