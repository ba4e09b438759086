"""What was hashed before: a file whose mark has not changed has the hash that it had, and is not read again.

A cache and nothing else: it may be deleted, and then every file is hashed once more. What was loaded is the ledger's
business. A mark is written down only when it is old enough that a later change could not leave it the same.
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
    """What a file's bytes hashed to when it had a mark.

    Attributes:
        mark: Changes whenever the content does.
        hashed_at: When, in seconds since 1970.
    """

    mark: str
    file_id: str
    size_bytes: int
    hashed_at: float


class HashCache:
    """The cache, read as a whole when a run begins and written when it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = self._load()
        self._now: dict[str, Hashed] = {}

    def get(self, address: str) -> Hashed | None:
        """What is known of an address."""
        return self._now.get(address) or self._before.get(address)

    def note(self, address: str, hashed: Hashed) -> None:
        """Remember, with the next `save`."""
        self._now[address] = hashed

    def save(self, present: Iterable[str]) -> None:
        """Write what is new and forget addresses that no longer exist. That it cannot be written stops nothing.

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
