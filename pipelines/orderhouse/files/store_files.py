"""Objects of a store as files: the objects of a pattern, the detection of their change, and their download.

An object appears whole or not at all, but it may be replaced at any time. So it is copied to this machine once,
hashed on the way, and read from the copy: the loaded bytes are the hashed ones. The connection to a store belongs in
`object_stores`.
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

from orderhouse.files.local_files import is_finished
from orderhouse.files.object_stores import StoreRefused, explain_refusals, open_store, refuse_credentials
from orderhouse.files.source_files import SIDE_FILE, FileUnsettled, FileVanished, SourceFile

__all__ = ["StoreFiles", "StoreObject"]

BLOCK_BYTES = 8 << 20
REPLACED = "It was replaced while it was being read; it is left for the next run."


@dataclass(frozen=True)
class StoreObject:
    """An object as a listing shows it.

    Attributes:
        address: Its address, such as `s3://bucket/feeds/orders.csv`.
        size_bytes: Size as stored.
        modified_at: Seconds since 1970 by the store's clock, which has a resolution of whole seconds.
        side_file: Its side file, if it has one.
    """

    address: str
    size_bytes: int
    modified_at: float
    side_file: StoreObject | None = None

    @property
    def listing_mark(self) -> str:
        """Return size and time of the object, the part of its mark that needs no further request."""
        return f"{self.size_bytes}:{self.modified_at:.3f}"


class StoreFiles:
    """The stores that one run reads from; each bucket is opened once."""

    def __init__(self) -> None:
        self._opened: dict[str, tuple[Any, str]] = {}

    def find(self, pattern: str) -> Iterator[StoreObject]:
        """Yield the objects that a pattern such as `s3://bucket/feeds/*.csv.gz` or a folder names now.

        `*`, `?` and `[…]` match within one folder, `**` matches any number of folders.

        Raises:
            StoreRefused: The store refuses, or the pattern names no bucket.
        """
        store, base, wanted = self._store(pattern)
        fixed, patterned = _split_pattern(wanted)
        with explain_refusals(pattern):
            listed = [] if patterned else _existing(store, f"{base}/{fixed}")
            found = listed[:1]
            # An address without wildcards was first tried as one object. Otherwise it names a folder.
            if not found:
                folder = f"{base}/{fixed}".rstrip("/")
                shape = re.compile(_expression(f"{folder}/", patterned or "*"), re.DOTALL)
                listed = [each for each in _listed(store, folder, is_deep="/" in patterned) if each.is_file]
                found = [each for each in listed if shape.fullmatch(each.path)]
        places = {each.path: each for each in listed}
        home = pattern.partition("://")[0] + "://" + _bucket(pattern)
        for each in sorted(found, key=lambda each: str(each.path)):
            if is_finished(each.path):
                side = places.get(each.path + SIDE_FILE)
                yield _object(home, base, each, None if side is None else _object(home, base, side))

    def mark(self, address: str) -> str:
        """Return the store's own tag of an object's content.

        Raises:
            FileVanished: The object no longer exists.
            StoreRefused: The store refuses.
        """
        with self._stream(address) as (_, tag):
            return tag

    def download(self, address: str, into: Path) -> tuple[str, SourceFile]:
        """Copy an object to this machine and hash it on the way; the source file reads the copy.

        Returns:
            The store's tag of exactly these bytes, and the file.

        Raises:
            FileVanished: The object no longer exists.
            FileUnsettled: The object was replaced during the copy.
            StoreRefused: The store refuses.
        """
        digest, size = hashlib.sha256(), 0
        descriptor = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as copy, self._stream(address) as (stream, tag):
            while block := stream.read(BLOCK_BYTES):
                digest.update(block)
                copy.write(block)
                size += len(block)
        # The client requests one range after the other, so a replaced object would be mixed with the new one.
        if self.mark(address) != tag:
            raise FileUnsettled(REPLACED)
        return tag, SourceFile(address, digest.hexdigest(), size, lambda: into.open("rb"))

    @contextlib.contextmanager
    def _stream(self, address: str) -> Iterator[tuple[Any, str]]:
        store, base, key = self._store(address)
        with explain_refusals(address):
            try:
                with store.open_input_stream(f"{base}/{key}", compression=None) as stream:
                    yield stream, _tag(stream, store, f"{base}/{key}")
            except FileNotFoundError:
                raise FileVanished(address) from None

    def _store(self, address: str) -> tuple[Any, str, str]:
        """Return the file system of an address, its bucket there, and the rest of the address as written."""
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


def _split_pattern(wanted: str) -> tuple[str, str]:
    """Split a pattern into the folders without wildcards and the rest."""
    parts = wanted.split("/")
    first = next((place for place, part in enumerate(parts) if re.search(r"[*?\[]", part)), len(parts))
    return "/".join(parts[:first]).rstrip("/"), "/".join(parts[first:])


def _object(home: str, base: str, found: Any, side_file: StoreObject | None = None) -> StoreObject:
    return StoreObject(home + found.path.removeprefix(base), found.size, (found.mtime_ns or 0) / 1e9, side_file)


def _existing(store: Any, path: str) -> list[Any]:
    """Return an object, if it exists, and its side file, if that exists."""
    found = store.get_file_info(path)
    if not found.is_file:
        return []
    try:
        side = store.get_file_info(path + SIDE_FILE)
    except OSError:  # A store refuses this if listing is not allowed, instead of reporting that nothing is there.
        return [found]
    return [found, side] if side.is_file else [found]


def _listed(store: Any, folder: str, *, is_deep: bool) -> list[Any]:
    """Return the content of a folder, nothing if there is no such folder. A missing bucket still raises."""
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
    """Return a pattern below a folder as a regular expression; wildcards skip hidden names, as on a disk."""
    written = {"**/": r"(?:(?!\.)[^/]+/)*", "*": r"[^/]*", "?": r"[^/]"}
    parts: list[str] = []
    for part in re.findall(r"\*\*/|\*+|\?|\[!?[^\]]+\]|.", pattern, re.DOTALL):
        if part.startswith("[") and len(part) > 1:
            parts.append("[" + part[1:-1].replace("\\", r"\\").replace("!", "^", 1) + "]")
        else:
            parts.append(written.get(part) or (r"[^/]*" if part.startswith("*") else re.escape(part)))
    return re.escape(folder) + "".join(parts)
