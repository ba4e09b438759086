"""Cache of content hashes by address and mark: a file whose mark has not changed is not hashed again.

The cache may be deleted; every file is then hashed once more. A mark is stored only when it is old enough that a later
change must change it. The record of loaded files is the ledger, not this cache.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Hashed", "HashCache"]

SCHEMA = """
create table if not exists seen (
    address text primary key, mark text not null, file_id text not null, size_bytes integer not null,
    hashed_at real not null
) without rowid
"""


@dataclass(frozen=True)
class Hashed:
    """Content hash of a file under one mark.

    Attributes:
        mark: Size, times and inode of a file, or size, time and tag of an object.
        hashed_at: Instant of hashing, in seconds since 1970 (UTC).
    """

    mark: str
    file_id: str
    size_bytes: int
    hashed_at: float


class HashCache:
    """Cache in an SQLite file, read as a whole when a run begins and written when it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = self._load()
        self._now: dict[str, Hashed] = {}

    def get(self, address: str) -> Hashed | None:
        """Return the hash of an address; None if it is not in the cache."""
        return self._now.get(address) or self._before.get(address)

    def note(self, address: str, hashed: Hashed) -> None:
        """Record a hash, to be written by the next `save`."""
        self._now[address] = hashed

    def save(self, present: Iterable[str]) -> None:
        """Write new hashes and delete addresses that no longer exist. Ignore a database that cannot be written.

        Args:
            present: Every address that was found in this run.
        """
        gone = self._before.keys() - set(present)
        fresh = [
            (address, each.mark, each.file_id, each.size_bytes, each.hashed_at)
            for address, each in self._now.items()
            if self._before.get(address) != each
        ]
        if not gone and not fresh:
            return
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(self._path)) as cache, cache:
            cache.execute(SCHEMA)
            cache.executemany("delete from seen where address = ?", [(address,) for address in gone])
            cache.executemany("insert or replace into seen values (?, ?, ?, ?, ?)", fresh)

    def _load(self) -> dict[str, Hashed]:
        if not self._path.exists():
            return {}
        try:
            with contextlib.closing(sqlite3.connect(self._path)) as cache:
                rows = cache.execute("select * from seen").fetchall()
        except sqlite3.Error:
            with contextlib.suppress(OSError):
                self._path.unlink()
            return {}
        return {address: Hashed(*known) for address, *known in rows}
