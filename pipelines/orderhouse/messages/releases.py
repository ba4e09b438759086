"""Release of sending: after a restore, or after the operations store was lost, nothing is sent unasked.

This holds for messages to customers, for what schedules tell operators, and for actions that go to other systems.

What is pending in a restored store may have been sent after the backup was taken. So the store keeps the epoch of the
received rows for which sending was released, and a mark that the home keeps too. Alerts are about the present, and are
told in any case.
"""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import sqlalchemy as sa

from orderhouse.messages.instants import stored
from orderhouse.messages.outbox import list_messages
from orderhouse.operations.store import Store
from orderhouse.operations.tables import MESSAGE_MARKS, MESSAGES, SCHEDULE_RUNS, SCHEDULES
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.home_identity import identity
from orderhouse.storage.warehouse import MESSAGES as LOCK_PURPOSE
from orderhouse.storage.warehouse import open_raw, run_lock

__all__ = ["Gate", "closed_reason", "epoch_of", "gate_of", "release"]

LOST = "the operations store was lost or exchanged"
RESTORED = "the home was restored from a backup"
STORE, EPOCH, CLOSED = "store", "epoch", "closed"
COLUMNS = MESSAGE_MARKS.c
WITHHELD = "withheld when sending was released"


@dataclass(frozen=True)
class Gate:
    """Answer whether customers may be told: yes, or the reason why not."""

    is_open: bool
    reason: str = ""


def gate_of(settings: Settings, store: Store, epoch: str) -> Gate:
    """Return whether customers may be told. The first use of a new store in a new home opens the gate.

    Args:
        settings: Settings of the home.
        store: The operations store.
        epoch: Epoch of the received rows, see `epoch_of`.

    Raises:
        OrderhouseError: The store cannot be used.
    """
    marks = _marks(store)
    gate = _gate(settings, store, marks, epoch)
    if marks.get(CLOSED, "") != gate.reason:
        _set(store, {CLOSED: gate.reason})
    return gate


def closed_reason(store: Store) -> str:
    """Return why customers were told nothing at the last try; an empty text if they may be told.

    Raises:
        OrderhouseError: The store cannot be used.
    """
    return _marks(store).get(CLOSED, "")


def _gate(settings: Settings, store: Store, marks: dict[str, str], epoch: str) -> Gate:
    path = _path(settings)
    noted = path.read_text(encoding="ascii").strip() if path.exists() else None
    if STORE not in marks and noted is None:
        if _is_later(epoch) and list_messages(store, limit=1):
            return Gate(is_open=False, reason=RESTORED)
        _open(settings, store, uuid.uuid4().hex, epoch)
        return Gate(is_open=True)
    if marks.get(STORE) != noted:
        return Gate(is_open=False, reason=LOST)
    if marks.get(EPOCH) == "" and epoch:  # nothing had been received when the store was first used
        _set(store, {EPOCH: epoch})
        return Gate(is_open=True)
    is_same = marks.get(EPOCH) == epoch
    return Gate(is_open=is_same, reason="" if is_same else RESTORED)


def epoch_of(raw: duckdb.DuckDBPyConnection | None) -> str:
    """Return store and epoch of the received rows; empty text if nothing has been received."""
    present = identity(raw) if raw is not None else None
    return f"{present.store_id}:{present.epoch}" if present else ""


def release(settings: Settings, store: Store, *, sends: bool) -> int:
    """Open the gate, and return the number of messages to customers, operators and other systems that waited.

    Args:
        settings: Settings of the home.
        store: The operations store.
        sends: True to send what waits; False to withhold it for good.

    Raises:
        LockHeld: A run is busy.
        OrderhouseError: The store cannot be used.
    """
    waiting = (MESSAGES.c.audience != "team", MESSAGES.c.state.in_(("pending", "sending")))
    with run_lock(settings, LOCK_PURPOSE), contextlib.ExitStack() as stack:
        raw = None
        if settings.raw_db.exists():
            raw = stack.enter_context(contextlib.closing(open_raw(settings, read_only=True)))
        with store.writing(MESSAGES.name) as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(MESSAGES).where(*waiting)).scalar_one()
            if not sends:
                ending = {"state": "suppressed", "reason": WITHHELD, "worker": None, "lease_until": None}
                connection.execute(sa.update(MESSAGES).where(*waiting).values(**ending))
                _drop_runs(connection)
        _open(settings, store, _marks(store).get(STORE) or uuid.uuid4().hex, epoch_of(raw))
    return int(count)


def _drop_runs(connection: sa.Connection) -> None:
    """End the runs of schedules that wait, and begin the schedules now: what was due may have been sent."""
    at = stored(datetime.now(UTC))
    waiting = SCHEDULE_RUNS.c.state.in_(("due", "made"))
    ending = {"state": "dropped", "sentence": f"It was {WITHHELD}.", "ended_at": at}
    connection.execute(sa.update(SCHEDULE_RUNS).where(waiting).values(**ending))
    connection.execute(sa.update(SCHEDULES).values(since_at=at))


def _open(settings: Settings, store: Store, mark: str, epoch: str) -> None:
    """Mark store and home; the store first, so that a kill between leaves a gate that is closed."""
    _set(store, {STORE: mark, EPOCH: epoch, CLOSED: ""})
    write_atomically(_path(settings), mark)


def _is_later(epoch: str) -> bool:
    return epoch.rpartition(":")[2] not in ("", "1")


def _marks(store: Store) -> dict[str, str]:
    with store.reading() as connection:
        return {row.name: row.value for row in connection.execute(sa.select(MESSAGE_MARKS))}


def _set(store: Store, marks: dict[str, str]) -> None:
    with store.writing(MESSAGE_MARKS.name) as connection:
        connection.execute(sa.delete(MESSAGE_MARKS).where(COLUMNS.name.in_(list(marks))))
        connection.execute(sa.insert(MESSAGE_MARKS), [{"name": key, "value": value} for key, value in marks.items()])


def _path(settings: Settings) -> Path:
    """Return the mark of the home. It lies outside the folder of the store, which may be lost as a whole."""
    return settings.home / "messages_mark"
