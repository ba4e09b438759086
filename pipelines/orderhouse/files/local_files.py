"""Files on this machine: finding them, detecting their change, and detecting a program that is still writing.

A file is identified by the hash of its bytes. Its mark (size, both change times, inode) shows only whether the bytes
may have changed. Objects of stores belong in `store_files`.
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

from orderhouse.files.source_files import FileUnreadable, FileUnsettled, FileVanished, SourceFile, local_file

__all__ = [
    "BEING_WRITTEN",
    "WRITER_SECONDS",
    "LANDED_BODY",
    "find_local",
    "hashed_local",
    "is_finished",
    "local_mark",
    "modified_at",
    "refuse_unsettled",
]

UNFINISHED = (".tmp", ".part", ".partial", ".crdownload")
# Change times advance with the kernel's tick (1-10 ms): two changes within one tick may have the same time.
TICK_SECONDS = 0.02
# Network file systems refuse the lease below even for files that nobody writes. After this time it is not asked for.
WRITER_SECONDS = 60.0
# Name of a webhook body that the intake landed: source, instant, event, hash. Erasure may delete only such files.
LANDED_BODY = re.compile(r"^[^-]+-(\d{8}T\d{6}\.\d{6}Z)-.*-([0-9a-f]{32})\.json$")
BEING_WRITTEN = "It is still being written; it is left for the next run."


def find_local(pattern: Path) -> Iterator[str]:
    """Yield the files that a pattern, or a folder, names now, without hidden and unfinished ones."""
    if pattern.is_dir():
        pattern = pattern / "*"
    for name in sorted(glob.glob(str(pattern), recursive=True)):  # noqa: PTH207 - absolute patterns
        if Path(name).is_file() and is_finished(name):
            yield name


def is_finished(name: str) -> bool:
    """Return whether a name is that of a finished file."""
    last = name.rpartition("/")[2]
    return not last.startswith(".") and not last.endswith(UNFINISHED)


def local_mark(path: Path) -> str:
    """Return size, change times and inode of a file; they differ if the content differs.

    Raises:
        FileVanished: The file no longer exists.
        FileUnreadable: The file may not be examined.
    """
    return _mark(_stat(path))


def hashed_local(path: Path) -> tuple[str, SourceFile]:
    """Return the mark and the file, hashed while the mark stayed the same.

    Raises:
        FileVanished: The file no longer exists.
        FileUnsettled: The file changed while it was hashed.
        FileUnreadable: The file may not be read.
    """
    # Within one tick a further write would not change the mark, so the tick must pass first.
    if 0 <= time.time() - _stat(path).st_mtime < TICK_SECONDS:
        time.sleep(TICK_SECONDS)
    mark = local_mark(path)
    file = local_file(path)
    if local_mark(path) != mark:
        raise FileUnsettled(BEING_WRITTEN)
    return mark, file


def refuse_unsettled(path: Path, settle_seconds: float) -> None:
    """Refuse a file that changed within the settle time, or that a program recently wrote and still has open.

    Args:
        path: The file.
        settle_seconds: Seconds for which it must be unchanged.

    Raises:
        FileUnsettled: The next run must try again.
        FileVanished: The file no longer exists.
    """
    age = time.time() - _stat(path).st_mtime
    if age < settle_seconds:
        raise FileUnsettled(BEING_WRITTEN)
    if age < WRITER_SECONDS and _has_writer(path):
        raise FileUnsettled(BEING_WRITTEN)


def _has_writer(path: Path) -> bool:
    """Return whether a program has the file open for writing, as far as the file system tells.

    Linux grants a read lease only on a file that nobody has open for writing. If a program opens the file in the
    microseconds of the lease, the kernel sends a signal; the chosen signal is ignored by default.
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
    """Return the time of the last write to a file of this mark, in seconds since 1970."""
    return int(mark.split(":")[1]) / 1e9


def _mark(found: os.stat_result) -> str:
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"
