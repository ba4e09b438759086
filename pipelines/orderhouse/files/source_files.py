"""Files as received: where they lie, what their bytes hash to, and how their bytes are unpacked.

Knows nothing of feeds. What the unpacked bytes mean belongs in the format modules.
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
from orderhouse.files.patches import RecordPatches

__all__ = [
    "SIDE_FILE",
    "FileLeft",
    "FileRejected",
    "FileUnreadable",
    "FileVanished",
    "SourceFile",
    "local_file",
    "unpacked",
    "unpacked_blocks",
]

# Beside a data file: what it must add up to. Never a feed file itself.
SIDE_FILE = ".control.json"
BLOCK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class FileRejected(Exception):  # noqa: N818 - the sentence is about the file, not about the program
    """A file that cannot be taken as a whole.

    Attributes:
        reason: What is wrong with it, as a sentence that is stored and published.
        shown: The same for who has the file: it may quote what stands in it, which may be personal.
    """

    def __init__(self, reason: str, shown: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.shown = shown or reason


class FileUnreadable(FileRejected):
    """A file that this machine cannot read now: nothing is wrong with it, and the next run tries again."""


class FileVanished(Exception):  # noqa: N818
    """A file that was there when it was found and is not any more."""


class FileLeft(Exception):  # noqa: N818
    """A file that is not taken now because it is changing; the next run tries again.

    Attributes:
        reason: Why, as a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class SourceFile:
    """A file of a source.

    Attributes:
        path: Where it was found; for reading again it may come from the vault instead.
        file_id: SHA-256 of its bytes as received.
        opener: Opens the bytes as received.
        patches: What was decided about records of it, which its readers apply; None for nothing.
    """

    path: str
    file_id: str
    size_bytes: int
    opener: Callable[[], BinaryIO] = field(repr=False, compare=False)
    patches: RecordPatches | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return PurePath(self.path).name

    def open(self) -> BinaryIO:
        """The bytes as received.

        Raises:
            FileVanished: It is not there any more.
            FileRejected: It may not be read.
        """
        try:
            return self.opener()
        except FileNotFoundError:
            raise FileVanished(self.path) from None
        except OSError as error:
            raise FileUnreadable(f"The file cannot be read: {error.strerror}.") from None


def local_file(path: Path) -> SourceFile:
    """A file on this machine, known by its content.

    Raises:
        FileVanished: It is not there any more.
        FileRejected: It may not be read.
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
    """The file's content in blocks, with gzip or zstd taken off.

    Raises:
        FileVanished: It is not there any more.
        FileRejected: It ends early or is damaged.
    """
    with file.open() as received:
        head = received.read(4)
        received.seek(0)
        packing = "gzip" if head[:2] == GZIP_MAGIC else "zstd" if head == ZSTD_MAGIC else None
        try:
            stream = _unpacking(received, packing)
            while block := stream.read(block_bytes):
                yield block
        except EOFError:
            raise FileRejected("The gzip file ends early: it was cut off on its way. Send it again.") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise FileRejected(f"The gzip file is damaged: {damage(error)}.") from None
        except OSError as error:
            if packing != "zstd":
                raise FileUnreadable(f"The file cannot be read: {error}.") from None
            raise FileRejected(f"The zstd file ends early or is damaged: {damage(error)}.") from None


def _unpacking(received: BinaryIO, packing: str | None) -> BinaryIO:
    if packing == "gzip":
        return gzip.GzipFile(fileobj=received)  # type: ignore[return-value]
    if packing == "zstd":
        return pa.CompressedInputStream(pa.PythonFile(received, mode="r"), "zstd")  # type: ignore[no-any-return]
    return received


def unpacked(file: SourceFile) -> io.BytesIO:
    """The whole content at once, for formats that cannot be read in pieces."""
    return io.BytesIO(b"".join(unpacked_blocks(file)))
