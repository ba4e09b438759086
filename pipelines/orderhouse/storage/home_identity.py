"""Identity of a home: which store the raw database is, what it has received, and under which vault key.

A batch number alone does not tell what was received: a raw database that is put back from a copy gives the numbers
after the copy a second time, to other rows. So derived files are compared by lineage, a hash over the store and its
batches. The rows of `raw.stores` are append-only; the last one is in force.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import open_raw

__all__ = ["Identity", "begin_epoch", "check_key", "claim", "identity", "lineage", "recorded_key", "store_id"]


@dataclass(frozen=True)
class Identity:
    """Identity of a raw database: its store, the epoch, and the fingerprint of the vault's key in force."""

    store_id: str
    epoch: int
    key_fingerprint: str


def identity(raw: duckdb.DuckDBPyConnection) -> Identity | None:
    """Return the identity in force; None if the database has none, as one that an earlier release wrote last."""
    try:
        rows = raw.execute(
            "select store_id, epoch, key_fingerprint from raw.stores order by epoch desc, since desc limit 1"
        ).fetchall()
    except duckdb.CatalogException:
        return None
    return next((Identity(str(store_id), int(epoch), str(key)) for store_id, epoch, key in rows), None)


def lineage(raw: duckdb.DuckDBPyConnection, batch_id: int) -> str:
    """Return SHA-256 over the store, its epochs, and number and start of each batch up to one.

    Two raw databases have the same lineage if one is a copy of the other, as far as that batch.
    """
    stores = raw.execute("select store_id, epoch, since from raw.stores where batch_id <= ? order by all", [batch_id])
    found = [stores.fetchall()]
    batches = raw.execute("select batch_id, started_at from raw.batches where batch_id <= ? order by all", [batch_id])
    found.append(batches.fetchall())
    return hashlib.sha256(json.dumps(found, default=str).encode()).hexdigest()


def store_id(raw: duckdb.DuckDBPyConnection) -> str:
    """Return the id of the store of received rows; an empty text if it has none yet."""
    present = identity(raw)
    return present.store_id if present else ""


def claim(raw: duckdb.DuckDBPyConnection, key_fingerprint: str) -> None:
    """Give a raw database its identity if it has none; otherwise compare the vault's key with the recorded one.

    Raises:
        OrderhouseError: The rows were received under another key.
    """
    if identity(raw) is None:
        _append(raw, uuid.uuid4().hex, 1, key_fingerprint, "first receipt")
    check_key(raw, key_fingerprint)


def check_key(raw: duckdb.DuckDBPyConnection, key_fingerprint: str) -> None:
    """Compare the vault's key with that under which the rows were received.

    Raises:
        OrderhouseError: It is another key.
    """
    present = identity(raw)
    if present is not None and present.key_fingerprint != key_fingerprint:
        raise OrderhouseError(
            f"The vault's key has the fingerprint {key_fingerprint}, but the rows of this home were received under "
            f"{present.key_fingerprint}, so the same person would get another token. Restore `vault/` from the backup "
            "of this home; if its key is lost for good, run `orderhouse vault adopt`."
        )


def begin_epoch(raw: duckdb.DuckDBPyConnection, key_fingerprint: str, reason: str) -> int:
    """Begin an epoch, after which every derived file is built anew, and return its number.

    Args:
        raw: The raw database.
        key_fingerprint: Fingerprint of the vault's key from now on.
        reason: Reason in a few words, for the record.
    """
    present = identity(raw)
    store_id, epoch = (present.store_id, present.epoch + 1) if present else (uuid.uuid4().hex, 1)
    _append(raw, store_id, epoch, key_fingerprint, reason)
    return epoch


def recorded_key(settings: Settings) -> str | None:
    """Return the fingerprint of the key under which the home's rows were received; None if none is recorded.

    Raises:
        OrderhouseError: Another process has the raw database open.
    """
    if not settings.raw_db.exists():
        return None
    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        present = identity(raw)
    return present.key_fingerprint if present else None


def _append(raw: duckdb.DuckDBPyConnection, store_id: str, epoch: int, key_fingerprint: str, reason: str) -> None:
    raw.execute(
        """
        insert into raw.stores by name
        select $store_id as store_id, $epoch as epoch, $fingerprint as key_fingerprint, $since as since,
            $reason as reason, (select coalesce(max(batch_id), 0) from raw.batches) as batch_id
        """,
        {
            "store_id": store_id,
            "epoch": epoch,
            "fingerprint": key_fingerprint,
            "since": datetime.now(UTC).replace(tzinfo=None),
            "reason": reason,
        },
    )
