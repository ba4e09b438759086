"""Copying a large file safely.

Shared blocks where the file system can, plain bytes where it cannot, on disk either way.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

__all__ = ["copy_file", "sync_folder"]

# ioctl FICLONE of Linux: the copy shares the original's blocks (btrfs, xfs, bcachefs); others answer with an error.
FICLONE = 0x40049409


def copy_file(source: Path, target: Path) -> bool:
    """Copy the bytes and wait until they are on disk. A copy that fails is removed: the disk may be full of it.

    Returns:
        Whether the copy shares the source's blocks.
    """
    try:
        return _copied(source, target)
    except OSError:
        target.unlink(missing_ok=True)
        raise


def _copied(source: Path, target: Path) -> bool:
    with source.open("rb") as original, target.open("wb") as copy:
        is_shared = _clone(original.fileno(), copy.fileno())
        if not is_shared:
            shutil.copyfileobj(original, copy, 8 * 1024 * 1024)
            copy.flush()
        os.fsync(copy.fileno())
    return is_shared


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clone(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:
        return False
    return True
