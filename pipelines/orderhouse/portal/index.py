"""Index of a published version: one document per order, found by its tracking id without a database.

The index is an Arrow file in the home, sorted by tracking id and mapped into memory, so that all workers share it. It
is made once per version. What a document holds is decided by `documents.sql`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from orderhouse.errors import OrderhouseError
from orderhouse.serve.publishing import PublishedVersion
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.storage.file_locks import locked
from orderhouse.storage.machine_errors import machine_problem
from orderhouse.vault.keys import load_keys

__all__ = ["Entry", "Index", "open_index"]

ID_CHARACTERS = 12
# Orders per step of the making. A step held 150 MB with the orders of the sample.
ORDERS_PER_BATCH = 50_000
# Raised when the same version would give another index.
FORM = 1

INSTANT = "create or replace temp macro instant(value) as strftime(value, '%Y-%m-%dT%H:%M:%SZ')"
CHOSEN = """
create or replace temp table chosen as
select * from ops.orders where tracking_id >= $first and ($after is null or tracking_id < $after)
"""
BOUNDS = """
with numbered as (
    select tracking_id, row_number() over (order by tracking_id) as number
    from ops.orders
    where length(tracking_id) = $characters
)
select tracking_id from numbered where number % $size = 1 or $size = 1 order by tracking_id
"""
SCHEMA = pa.schema(
    [
        ("tracking_id", pa.binary(ID_CHARACTERS)),
        ("order_id", pa.string()),
        ("email_token", pa.string()),
        ("postcode_token", pa.string()),
        ("document", pa.string()),
    ]
)


@dataclass(frozen=True)
class Entry:
    """One order of the index.

    Attributes:
        order_id: The order.
        email_token: Token of the e-mail address, or None.
        postcode_token: Token of the postcode, or None.
        document: JSON document.
    """

    order_id: str
    email_token: str | None
    postcode_token: str | None
    document: str


class Index:
    """Open index. It can be used by several threads.

    Attributes:
        version: The published version.
        mark: Name of its content, for caches.
    """

    def __init__(self, version: PublishedVersion, path: Path) -> None:
        self.version = version
        self.mark = path.stem
        self._table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        pieces = [
            np.frombuffer(
                piece.buffers()[1], dtype=f"S{ID_CHARACTERS}", count=len(piece), offset=ID_CHARACTERS * piece.offset
            )
            for piece in self._table["tracking_id"].chunks
            if len(piece)
        ]
        self._ids = np.concatenate(pieces) if pieces else np.empty(0, dtype=f"S{ID_CHARACTERS}")

    def __len__(self) -> int:
        return len(self._ids)

    def ids(self) -> list[bytes]:
        """Return all tracking ids in order."""
        return list(self._ids)

    def find(self, tracking_id: bytes) -> tuple[Entry | None, Entry | None]:
        """Return the order with a tracking id, and an order to work on in any case.

        An unknown id gives None and another order, so that its answer takes the same work. The second is None only in
        an empty index.
        """
        if not len(self._ids):
            return None, None
        place = int(np.searchsorted(self._ids, tracking_id)) % len(self._ids)
        is_found = bool(self._ids[place] == tracking_id)
        found = self._entry(place)
        return (found if is_found else None), found

    def _entry(self, place: int) -> Entry:
        values: list[Any] = [self._table[name][place].as_py() for name in SCHEMA.names[1:]]
        return Entry(*values)


def open_index(settings: Settings, version: PublishedVersion) -> Index:
    """Open the index of a version; make it if it does not exist yet, while other processes wait.

    Raises:
        OrderhouseError: The version cannot be read, or lacks a table or column.
    """
    settings.portal.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = settings.portal / f"{_identity(version.path)}.arrow"
    if not path.exists():
        with locked(settings.portal / "lock"):
            if not path.exists():
                _make(settings, version, path)
                _clear(settings, path)
    return Index(version, path)


def _identity(source: Path) -> str:
    """Return a name that changes when the file of the version is replaced, or when its index would differ."""
    found = source.stat()
    text = f"{source.resolve()}\n{found.st_size}\n{found.st_ctime_ns}\n{FORM}\n{_documents()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _documents() -> str:
    return Path(__file__).with_name("documents.sql").read_text(encoding="utf-8")


def _make(settings: Settings, version: PublishedVersion, path: Path) -> None:
    keys = load_keys(settings)
    secrets = {"inner": keys.inner, "outer": keys.outer}
    draft = path.with_suffix(".draft")
    try:
        with contextlib.closing(open_reader(settings, path=version.path)) as reader, draft.open("wb") as file:
            draft.chmod(0o600)
            reader.execute(INSTANT)
            with pa.ipc.new_file(file, SCHEMA) as writer:
                for first, after in _ranges(reader):
                    reader.execute(CHOSEN, {"first": first, "after": after})
                    writer.write_table(_batch(reader.sql(_documents(), params=secrets)))
            file.flush()
            os.fsync(file.fileno())
    except duckdb.Error as error:
        draft.unlink(missing_ok=True)
        reason = str(error).splitlines()[0]
        raise machine_problem(error) or OrderhouseError(
            f"Version {version.number} cannot be shown to customers: {reason}. Publish again with `orderhouse run`."
        ) from None
    draft.replace(path)


def _ranges(reader: duckdb.DuckDBPyConnection) -> list[tuple[str, str | None]]:
    """Return the ranges of tracking ids, in order, that the documents are made in."""
    rows = reader.execute(BOUNDS, {"characters": ID_CHARACTERS, "size": ORDERS_PER_BATCH}).fetchall()
    firsts = [first for (first,) in rows]
    return list(zip(firsts, [*firsts[1:], None], strict=False))


def _batch(result: duckdb.DuckDBPyRelation) -> pa.Table:
    found = result.to_arrow_table()
    ids = found["tracking_id"].cast(pa.binary()).cast(pa.binary(ID_CHARACTERS))
    return found.set_column(0, "tracking_id", ids).cast(SCHEMA)


def _clear(settings: Settings, current: Path) -> None:
    """Delete indexes other than the current and the newest one before it. Readers that have one open go on."""
    others = sorted(
        (each for each in settings.portal.glob("*.arrow") if each != current), key=lambda each: each.stat().st_mtime
    )
    for old in others[:-1]:
        old.unlink(missing_ok=True)
