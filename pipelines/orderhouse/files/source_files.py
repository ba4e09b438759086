"""Files as received: their place, their content hash, and the unpacking of their bytes.

Feeds do not belong here. The meaning of the unpacked bytes belongs in the format modules.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import BinaryIO

import pyarrow as pa

from orderhouse.files.damage import damage
from orderhouse.files.limits import FileLimits, longest_line_exceeds
from orderhouse.files.patches import RecordPatches

__all__ = [
    "SIDE_FILE",
    "FileUnsettled",
    "FileRejected",
    "FileUnreadable",
    "FileVanished",
    "SourceFile",
    "limited_lines",
    "local_file",
    "refuse",
    "unpacked",
    "unpacked_blocks",
    "whole",
]

# Suffix of the file with the control totals of a data file. It is never loaded as a feed.
SIDE_FILE = ".control.json"
BLOCK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class FileRejected(Exception):  # noqa: N818 - a property of the file, not an error of the program
    """A file that is refused as a whole.

    Attributes:
        reason: The reason, as a sentence that is stored and published.
        shown: The reason for the sender; it may quote content of the file, which may be personal.
    """

    def __init__(self, reason: str, shown: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.shown = shown or reason


class FileUnreadable(FileRejected):
    """A file that this machine cannot read now. The file may be sound, and the next run tries again."""


class FileVanished(Exception):  # noqa: N818
    """A file that was found and no longer exists."""


class FileUnsettled(Exception):  # noqa: N818
    """A file that is not loaded now because it is changing; the next run tries again.

    Attributes:
        reason: The reason, as a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class SourceFile:
    """A file of a source.

    Attributes:
        path: Path or address where the file was found; rereading may take its bytes from the vault.
        file_id: SHA-256 of its bytes as received.
        size_bytes: Size as received.
        opener: Opens the bytes as received.
        patches: Patches of its records, which the readers apply; None if there are none.
        limits: Limits of its content, which the readers apply; None if there are none.
    """

    path: str
    file_id: str
    size_bytes: int
    opener: Callable[[], BinaryIO] = field(repr=False, compare=False)
    patches: RecordPatches | None = field(default=None, repr=False, compare=False)
    limits: FileLimits | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """Return the name of the file without its folders."""
        return PurePath(self.path).name

    def open(self) -> BinaryIO:
        """Open the bytes as received.

        Raises:
            FileVanished: The file no longer exists.
            FileUnreadable: The file may not be read.
        """
        try:
            return self.opener()
        except FileNotFoundError:
            raise FileVanished(self.path) from None
        except OSError as error:
            raise FileUnreadable(f"The file cannot be read: {error.strerror}.") from None


def local_file(path: Path) -> SourceFile:
    """Return a file on this machine, identified by its content hash.

    Raises:
        FileVanished: The file no longer exists.
        FileUnreadable: The file may not be read.
    """
    found = SourceFile(path=str(path), file_id="", size_bytes=0, opener=lambda: path.open("rb"))
    try:
        with found.open() as stream:
            digest = hashlib.file_digest(stream, "sha256")  # type: ignore[arg-type]
            size = stream.tell()
    except OSError as error:
        raise FileUnreadable(f"The file cannot be read: {error.strerror}.") from None
    return SourceFile(path=str(path), file_id=digest.hexdigest(), size_bytes=size, opener=found.opener)


def unpacked_blocks(file: SourceFile, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Yield the content of a file in blocks, with gzip or zstd unpacked.

    Raises:
        FileVanished: The file no longer exists.
        FileRejected: The file ends early or is damaged.
        FileUnreadable: This machine cannot read the file now.
    """
    with file.open() as received:
        # The packing is found by its first bytes, because file names are not reliable.
        head = received.read(4)
        received.seek(0)
        packing = "gzip" if head[:2] == GZIP_MAGIC else "zstd" if head == ZSTD_MAGIC else None
        try:
            stream = _unpacking(received, packing)
            count = 0
            while block := stream.read(block_bytes):
                count += len(block)
                if file.limits is not None:
                    refuse(file.limits.refusal_of_size(count, file.size_bytes if packing else None))
                yield block
        except EOFError:
            raise FileRejected("The gzip file ends early: it was cut off on its way. Send it again.") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise FileRejected(f"The gzip file is damaged: {damage(error)}.") from None
        except OSError as error:
            if packing != "zstd":
                raise FileUnreadable(f"The file cannot be read: {error}.") from None
            raise FileRejected(f"The zstd file ends early or is damaged: {damage(error)}.") from None


def limited_lines(file: SourceFile, blocks: Iterator[bytes], eol: bytes = b"\n") -> Iterator[bytes]:
    """Yield blocks of a file of lines.

    Raises:
        FileRejected: A line is longer than the limit of a record.
    """
    if file.limits is None:
        yield from blocks
        return
    for block, is_longer in longest_line_exceeds(blocks, eol, file.limits.record_bytes):
        if is_longer:
            raise FileRejected(file.limits.refusal_of_line())
        yield block


def refuse(reason: str | None) -> None:
    """Refuse a file if there is a reason.

    Raises:
        FileRejected: There is a reason.
    """
    if reason is not None:
        raise FileRejected(reason)


def _unpacking(received: BinaryIO, packing: str | None) -> BinaryIO:
    if packing == "gzip":
        return gzip.GzipFile(fileobj=received)  # type: ignore[return-value]
    if packing == "zstd":
        return pa.CompressedInputStream(pa.PythonFile(received, mode="r"), "zstd")  # type: ignore[no-any-return]
    return received


def unpacked(file: SourceFile, kind: str = "file") -> io.BytesIO:
    """Return the whole content in memory, for formats that cannot be read in pieces.

    Args:
        file: The file.
        kind: Its kind, for a sentence.

    Raises:
        FileRejected: The content is damaged or larger than may be read as a whole.
    """
    return io.BytesIO(whole(file, unpacked_blocks(file), kind))


def whole(file: SourceFile, blocks: Iterator[bytes], kind: str) -> bytes:
    """Return blocks in one piece.

    Raises:
        FileRejected: They are larger than may be read as a whole.
    """
    content = io.BytesIO()
    for block in blocks:
        content.write(block)
        if file.limits is not None:
            refuse(file.limits.refusal_of_document(content.tell(), kind))
    return content.getvalue()
