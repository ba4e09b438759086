"""Files on this machine: which there are, what tells that one has changed, and whether someone is writing it now.

A file is known by the hash of its bytes; its mark (size, both change times, inode) only says whether they can be other
bytes than before.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from orderhouse.files.source_files import FileLeft, FileUnreadable, FileVanished, SourceFile, local_file

__all__ = [
    "BEING_WRITTEN",
    "LANDED_BODY",
    "find_local",
    "hashed_local",
    "is_wanted",
    "local_mark",
    "modified_at",
    "refuse_unsettled",
]

UNFINISHED = (".tmp", ".part", ".partial", ".crdownload")
# Change times advance with the kernel's tick (1-10 ms): a file changed twice within one may show one time for both.
TICK_SECONDS = 0.02
# Network file systems refuse the lease below even to files that nobody writes; they are believed for this long.
WRITER_SECONDS = 60.0
# Name of a webhook body that the intake landed: source, instant, event, hash. Erasure may delete only such files.
LANDED_BODY = re.compile(r"^[^-]+-(\d{8}T\d{6}\.\d{6}Z)-.*-([0-9a-f]{32})\.json$")
BEING_WRITTEN = "It is still being written; it is left for the next run."


def find_local(pattern: Path) -> Iterator[str]:
    """The files that a pattern, or a folder, names now; hidden and unfinished ones are passed over."""
    if pattern.is_dir():
        pattern = pattern / "*"
    for name in sorted(glob.glob(str(pattern), recursive=True)):  # noqa: PTH207 - absolute patterns
        if Path(name).is_file() and is_wanted(name):
            yield name


def is_wanted(name: str) -> bool:
    """Whether a name is that of a finished file."""
    last = name.rpartition("/")[2]
    return not last.startswith(".") and not last.endswith(UNFINISHED)


def local_mark(path: Path) -> str:
    """Size, times of change and inode: the same only if the content is.

    Raises:
        FileVanished: It is not there any more.
        FileUnreadable: It may not be looked at.
    """
    return _mark(_stat(path))


def hashed_local(path: Path) -> tuple[str, SourceFile]:
    """A file and the mark that it had from before its bytes were hashed until after.

    Raises:
        FileVanished: It is not there any more.
        FileLeft: It changed meanwhile.
        FileUnreadable: It may not be read.
    """
    if 0 <= time.time() - _stat(path).st_mtime < TICK_SECONDS:
        time.sleep(TICK_SECONDS)
    mark = local_mark(path)
    file = local_file(path)
    if local_mark(path) != mark:
        raise FileLeft(BEING_WRITTEN)
    return mark, file


def refuse_unsettled(path: Path, settle_seconds: float) -> None:
    """Leave a file that changed a moment ago, or that some program has open for writing and wrote a moment ago.

    Raises:
        FileLeft: It is to be tried again later.
        FileVanished: It is not there any more.
    """
    age = time.time() - _stat(path).st_mtime
    if age < settle_seconds:
        raise FileLeft(BEING_WRITTEN)
    if age < WRITER_SECONDS and _has_writer(path):
        raise FileLeft(BEING_WRITTEN)


def _has_writer(path: Path) -> bool:
    """Whether a program has the file open for writing, as far as the file system tells.

    Linux grants a read lease only on a file that nobody has open for writing. Should someone open it in the
    microseconds that the lease is held, the kernel says so by a signal; the one chosen is ignored by default.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError:
        raise FileVanished(str(path)) from None
    except OSError as error:
        raise FileUnreadable(f"The file cannot be read: {error.strerror}.") from None


def modified_at(mark: str) -> float:
    """When a file of this mark was last written, in seconds since 1970."""
    return int(mark.split(":")[1]) / 1e9


def _mark(found: os.stat_result) -> str:
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"
