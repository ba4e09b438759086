"""Places of backups: a folder or a bucket, with the few operations that a repository needs.

A name appears with its whole content or not at all. What the names mean belongs to `repository`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from orderhouse.errors import LockHeld
from orderhouse.files.object_stores import address_without_keys, explain_refusals, is_address, open_store
from orderhouse.serve.copying import make_private, sync_folder

__all__ = ["Place", "open_place"]

DRAFT = ".part"
LOCK = ".lock"
TURNS = "turns"
# A turn in a bucket that its process did not end counts no longer after this time.
LONGEST_TURN_SECONDS = 86_400.0
EXCLUSIVE = ("prune",)


class Place(Protocol):
    """Folder or bucket that holds named contents."""

    shown: str

    def read(self, name: str) -> bytes:
        """Return a content; raise `FileNotFoundError` if there is none of that name."""

    def write(self, name: str, content: bytes) -> None:
        """Write a content under a name, whole or not at all."""

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the size of every content below a folder, by name."""

    def remove(self, name: str) -> None:
        """Remove a content, if it exists."""

    def rename(self, name: str, new: str) -> None:
        """Give a content another name."""

    def turn(self, purpose: str) -> contextlib.AbstractContextManager[None]:
        """Exclude others that may not use the place meanwhile.

        Raises:
            LockHeld: Another process uses it.
        """

    def clear_remains(self) -> None:
        """Remove half-written contents of killed processes. The caller has the turn."""


def open_place(place: str) -> Place:
    """Return the place of an address (`s3://bucket/folder`) or of a folder.

    Raises:
        StoreRefused: The store refuses.
    """
    return _Bucket(place) if is_address(place) else _Folder(Path(place).expanduser().absolute())


class _Folder:
    """Folder that only its owner may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.shown = str(folder)

    def read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        make_private(path.parent)
        draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{DRAFT}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)

    def sizes(self, folder: str) -> dict[str, int]:
        found = {}
        for path in (self._folder / folder).rglob("*"):
            if not path.name.startswith(".") and path.is_file():
                found[path.relative_to(self._folder).as_posix()] = path.stat().st_size
        return found

    def remove(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)

    def rename(self, name: str, new: str) -> None:
        (self._folder / name).replace(self._folder / new)

    @contextlib.contextmanager
    def turn(self, purpose: str) -> Iterator[None]:
        """Lock the folder: readers share it, a backup or a prune has it alone."""
        reads = purpose in ("restore", "verify")
        if reads and not self._folder.is_dir():
            yield
            return
        try:
            make_private(self._folder)
            descriptor = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            if not reads:
                raise
            yield  # a folder on read-only media, which nobody writes to either
            return
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if reads else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise LockHeld(f"Another process uses {self.shown}. Try again when it has ended.") from None
        finally:
            os.close(descriptor)

    def clear_remains(self) -> None:
        for left in self._folder.rglob(f".*{DRAFT}"):
            left.unlink(missing_ok=True)


class _Bucket:
    """Folder of an object store. An object is complete or absent."""

    def __init__(self, address: str) -> None:
        # Without this option a kill leaves parts of an upload that are stored and cannot be seen.
        mark = "&" if "?" in address else "?"
        delayed = f"{address}{mark}allow_delayed_open=true" if address.startswith("s3://") else address
        with open_store(delayed) as (store, base):
            self._store: Any = store
            self._base = str(base)
        self._address = address
        self.shown = address_without_keys(address)

    def read(self, name: str) -> bytes:
        with (
            explain_refusals(self._address),
            self._store.open_input_stream(f"{self._base}/{name}", compression=None) as stream,
        ):
            return bytes(stream.read())

    def write(self, name: str, content: bytes) -> None:
        path = f"{self._base}/{name}"
        with explain_refusals(self._address):
            if self._store.type_name == "local":
                self._store.create_dir(path.rpartition("/")[0])
            with self._store.open_output_stream(path, compression=None) as stream:
                stream.write(content)

    def sizes(self, folder: str) -> dict[str, int]:
        from pyarrow import fs

        selector = fs.FileSelector(f"{self._base}/{folder}", recursive=True, allow_not_found=True)
        with explain_refusals(self._address):
            found = [each for each in self._store.get_file_info(selector) if each.is_file]
        return {each.path.removeprefix(f"{self._base}/"): each.size for each in found}

    def remove(self, name: str) -> None:
        with explain_refusals(self._address), contextlib.suppress(FileNotFoundError):
            self._store.delete_file(f"{self._base}/{name}")

    def rename(self, name: str, new: str) -> None:
        with explain_refusals(self._address):
            self._store.move(f"{self._base}/{name}", f"{self._base}/{new}")

    @contextlib.contextmanager
    def turn(self, purpose: str) -> Iterator[None]:
        """Write a flag, then look for flags of others. Of two that begin at once, at least one sees the other."""
        name = f"{TURNS}/{purpose}.{int(time.time())}.{uuid.uuid4().hex}"
        holder = {"host": socket.gethostname(), "pid": os.getpid()}
        if purpose != "verify":
            self.write(name, json.dumps(holder).encode())
        try:
            for other in self.sizes(TURNS):
                if other != name and self._excludes(purpose, other):
                    raise LockHeld(
                        f"{other.removeprefix(TURNS + '/').partition('.')[0]} of another process uses {self.shown}. "
                        f"Try again when it has ended. If it was killed, remove {self.shown}/{other}."
                    )
            yield
        finally:
            self.remove(name)

    def clear_remains(self) -> None:
        """Objects are never half written; only flags of killed processes may be left."""
        for name in self.sizes(TURNS):
            if self._has_ended(name):
                self.remove(name)

    def _excludes(self, purpose: str, other: str) -> bool:
        theirs = other.removeprefix(f"{TURNS}/").partition(".")[0]
        return (purpose in EXCLUSIVE or theirs in EXCLUSIVE) and not self._has_ended(other)

    def _has_ended(self, name: str) -> bool:
        began = name.split(".")[1]
        if time.time() - float(began) > LONGEST_TURN_SECONDS:
            return True
        try:
            holder = json.loads(self.read(name))
        except (FileNotFoundError, ValueError):
            return True
        if holder.get("host") != socket.gethostname():
            return False
        try:
            os.kill(int(holder["pid"]), 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False
