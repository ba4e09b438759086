"""Objects of a store as files: which ones a pattern names, what tells that one has changed, and bringing one here.

An object appears whole or not at all, but may be replaced at any time. So it is brought to this machine once, hashed on
the way, and read from there: what is loaded is what was hashed. How a store is reached belongs to `object_stores`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orderhouse.files.local_files import is_wanted
from orderhouse.files.object_stores import StoreRefused, open_store, refuse_credentials, said_plainly
from orderhouse.files.source_files import SIDE_FILE, FileLeft, FileVanished, SourceFile

__all__ = ["StoreFiles", "StoreObject"]

BLOCK_BYTES = 8 << 20
REPLACED = "It was replaced while it was being read; it is left for the next run."


@dataclass(frozen=True)
class StoreObject:
    """An object as a listing shows it.

    Attributes:
        size_bytes: As stored.
        modified_at: Seconds since 1970 by the store's clock, which tells whole seconds.
        beside: Its side file, if it has one.
    """

    address: str
    size_bytes: int
    modified_at: float
    beside: StoreObject | None = None

    @property
    def listed(self) -> str:
        """What the listing alone tells of its content."""
        return f"{self.size_bytes}:{self.modified_at:.3f}"


class StoreFiles:
    """The stores that one run reads from; each bucket is opened once."""

    def __init__(self) -> None:
        self._opened: dict[str, tuple[Any, str]] = {}

    def find(self, pattern: str) -> Iterator[StoreObject]:
        """The objects that `s3://bucket/feeds/*.csv.gz` names now; a folder names what lies in it.

        `*`, `?` and `[…]` stay within one folder, `**` goes through any number of them.

        Raises:
            StoreRefused: The store refuses, or the pattern names no bucket.
        """
        store, base, wanted = self._store(pattern)
        fixed, patterned = _divided(wanted)
        with said_plainly(pattern):
            listed = [] if patterned else _existing(store, f"{base}/{fixed}")
            found = listed[:1]
            if not found:
                folder = f"{base}/{fixed}".rstrip("/")
                shape = re.compile(_expression(f"{folder}/", patterned or "*"), re.DOTALL)
                listed = [each for each in _listed(store, folder, is_deep="/" in patterned) if each.is_file]
                found = [each for each in listed if shape.fullmatch(each.path)]
        places = {each.path: each for each in listed}
        home = pattern.partition("://")[0] + "://" + _bucket(pattern)
        for each in sorted(found, key=lambda each: str(each.path)):
            if is_wanted(each.path):
                side = places.get(each.path + SIDE_FILE)
                yield _object(home, base, each, None if side is None else _object(home, base, side))

    def mark(self, address: str) -> str:
        """The store's own tag of an object's content.

        Raises:
            FileVanished: It is not there any more.
            StoreRefused: The store refuses.
        """
        with self._stream(address) as (_, tag):
            return tag

    def bring(self, address: str, into: Path) -> tuple[str, SourceFile]:
        """Copy an object to this machine and hash it on the way; the source file reads the copy.

        Returns:
            The store's tag of exactly these bytes, and the file.

        Raises:
            FileVanished: It is not there any more.
            FileLeft: It was replaced meanwhile.
            StoreRefused: The store refuses.
        """
        digest, size = hashlib.sha256(), 0
        descriptor = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as copy, self._stream(address) as (stream, tag):
            while block := stream.read(BLOCK_BYTES):
                digest.update(block)
                copy.write(block)
                size += len(block)
        # the client asks for one range after the other, each of whatever is there by then
        if self.mark(address) != tag:
            raise FileLeft(REPLACED)
        return tag, SourceFile(address, digest.hexdigest(), size, lambda: into.open("rb"))

    @contextlib.contextmanager
    def _stream(self, address: str) -> Iterator[tuple[Any, str]]:
        store, base, key = self._store(address)
        with said_plainly(address):
            try:
                with store.open_input_stream(f"{base}/{key}", compression=None) as stream:
                    yield stream, _tag(stream, store, f"{base}/{key}")
            except FileNotFoundError:
                raise FileVanished(address) from None

    def _store(self, address: str) -> tuple[Any, str, str]:
        """The file system of an address, its bucket there, and the rest of the address as it is written."""
        refuse_credentials(address)
        scheme, _, rest = address.partition("://")
        bucket, _, key = rest.partition("/")
        if not bucket or re.search(r"[*?\[]", bucket):
            raise StoreRefused(address, f"name a bucket, as in {scheme}://bucket/folder/*.csv.")
        home = f"{scheme}://{bucket}"
        if home not in self._opened:
            with open_store(home) as opened:
                self._opened[home] = opened
        return *self._opened[home], key


def _bucket(address: str) -> str:
    return address.partition("://")[2].partition("/")[0]


def _divided(wanted: str) -> tuple[str, str]:
    """The folders that are written out, and the rest, from the first part with a wildcard on."""
    parts = wanted.split("/")
    first = next((place for place, part in enumerate(parts) if re.search(r"[*?\[]", part)), len(parts))
    return "/".join(parts[:first]).rstrip("/"), "/".join(parts[first:])


def _object(home: str, base: str, found: Any, beside: StoreObject | None = None) -> StoreObject:
    return StoreObject(home + found.path.removeprefix(base), found.size, (found.mtime_ns or 0) / 1e9, beside)


def _existing(store: Any, path: str) -> list[Any]:
    """An object, if it is there, and its side file, if that is."""
    found = store.get_file_info(path)
    if not found.is_file:
        return []
    try:
        side = store.get_file_info(path + SIDE_FILE)
    except OSError:  # to whom may not list, a store does not say that something is not there
        return [found]
    return [found, side] if side.is_file else [found]


def _listed(store: Any, folder: str, *, is_deep: bool) -> list[Any]:
    """What lies in a folder; nothing where there is none. That there is no such bucket is said all the same."""
    from pyarrow import fs

    try:
        return list(store.get_file_info(fs.FileSelector(folder, recursive=is_deep)))
    except FileNotFoundError:
        return []


def _tag(stream: Any, store: Any, path: str) -> str:
    tag = (stream.metadata() or {}).get("ETag")
    if tag:
        return str(tag.decode().strip('"'))
    found = store.get_file_info(path)
    return f"{found.size}:{found.mtime_ns}"


def _expression(folder: str, pattern: str) -> str:
    """A pattern below a folder as a regular expression; wildcards do not see hidden names, as on a disk."""
    written = {"**/": r"(?:(?!\.)[^/]+/)*", "*": r"[^/]*", "?": r"[^/]"}
    parts: list[str] = []
    for part in re.findall(r"\*\*/|\*+|\?|\[!?[^\]]+\]|.", pattern, re.DOTALL):
        if part.startswith("[") and len(part) > 1:
            parts.append("[" + part[1:-1].replace("\\", r"\\").replace("!", "^", 1) + "]")
        else:
            parts.append(written.get(part) or (r"[^/]*" if part.startswith("*") else re.escape(part)))
    return re.escape(folder) + "".join(parts)
