"""Private folders in which connections spill what does not fit into memory.

Each connection has a folder of its own, because two databases that spill into one folder use the same file names. The
folder is locked while its process lives and removed with the connection. What a killed process left is removed when
the next connection is opened.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path

import duckdb

from orderhouse.settings import Settings

__all__ = ["give_spill_folder", "sweep_spill"]

PREFIX = "spill-"


def give_spill_folder(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Path:
    """Make a folder for what a connection spills, and remove it when the connection is gone."""
    sweep_spill(settings)
    folder, descriptor = _locked_folder(settings)
    location = str(folder).replace("'", "''")
    connection.execute(f"set temp_directory = '{location}'")
    weakref.finalize(connection, _remove, folder, descriptor)
    return folder


def sweep_spill(settings: Settings) -> None:
    """Remove the spill folders of processes that have ended."""
    for folder in settings.spill.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)


def _locked_folder(settings: Settings) -> tuple[Path, int]:
    """Return a new folder and the descriptor that holds its lock."""
    while True:
        folder = _new_folder(settings)
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            with contextlib.suppress(BlockingIOError, FileNotFoundError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # A sweep of another process may have removed the folder before it was locked.
                if folder.stat().st_ino == os.fstat(descriptor).st_ino:
                    return folder, descriptor
            os.close(descriptor)


def _new_folder(settings: Settings) -> Path:
    """Make a folder in the home, or in the system's temporary folder where this user may not write in the home."""
    try:
        settings.spill.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Path(tempfile.mkdtemp(prefix=PREFIX, dir=settings.spill))
    except OSError:
        return Path(tempfile.mkdtemp(prefix="orderhouse-spill-"))


def _remove(folder: Path, descriptor: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(descriptor)
