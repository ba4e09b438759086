"""Durable copies of large files: with shared blocks where the file system supports them, else byte by byte."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

__all__ = ["copy_file", "make_private", "sync_folder"]

# ioctl FICLONE of Linux: the copy shares the original's blocks (btrfs, xfs, bcachefs). Other file systems refuse it.
FICLONE = 0x40049409


def copy_file(source: Path, target: Path, *, is_durable: bool = True) -> bool:
    """Copy a file. A copy that fails is removed, since it may have filled the disk.

    Args:
        source: The file.
        target: The copy.
        is_durable: True to sync the copy to disk.

    Returns:
        True if the copy shares the source's blocks.
    """
    try:
        return _copy(source, target, is_durable=is_durable)
    except OSError:
        target.unlink(missing_ok=True)
        raise


def _copy(source: Path, target: Path, *, is_durable: bool) -> bool:
    with source.open("rb") as original, target.open("wb") as copy:
        is_shared = _clone(original.fileno(), copy.fileno())
        if not is_shared:
            shutil.copyfileobj(original, copy, 8 * 1024 * 1024)
            copy.flush()
        if is_durable:
            os.fsync(copy.fileno())
    return is_shared


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that new names in it are durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private(folder: Path) -> None:
    """Create a folder, with those above it that do not exist, for its owner alone."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)


def _clone(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:
        return False
    return True
