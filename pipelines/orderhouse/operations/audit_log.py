"""Audit log: who signed in, looked at which page, revealed whom, exported and did what.

Rows are appended only. Each holds the SHA-256 of the hash before it and of its own content, so that an edited, deleted
or reordered row breaks the chain. The number and hash of the newest row are also kept in a file, so that a cut end is
found. People are recorded by name, customers by their token. Reasons and queries are kept as they were typed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from orderhouse.errors import OrderhouseError
from orderhouse.operations.store import open_store
from orderhouse.operations.tables import AUDIT_LOG
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.file_locks import locked

__all__ = ["Entry", "Finding", "count_entries", "count_since", "entries", "head_of", "record", "verify"]

FIRST = "0" * 64
BATCH = 5_000


@dataclass(frozen=True)
class Entry:
    """One row of the audit log.

    Attributes:
        number: Number without gaps, from 1.
        at: Instant, UTC, with microseconds.
        actor: E-mail address of the person, or name of the operating-system user.
        role: Role of the person.
        action: One word, such as `export`.
        subject: What it was done to, such as a page, a table or a token.
        detail: More about it as JSON, with sorted keys.
        previous_hash: Hash of the row before.
        hash: SHA-256 of `previous_hash` and the content.
    """

    number: int
    at: str
    actor: str
    role: str
    action: str
    subject: str
    detail: str
    previous_hash: str
    hash: str

    def expected_hash(self) -> str:
        """Return the hash of the row's content, as it was computed when the row was written."""
        return _hash(self.previous_hash, self.number, *astuple(self)[1:7])


@dataclass(frozen=True)
class Finding:
    """Result of a verification.

    Attributes:
        rows: Number of rows.
        head: Number and hash of the newest row, as `number:hash`; empty without rows.
        problems: One sentence for each difference.
    """

    rows: int
    head: str
    problems: list[str]


def record(
    settings: Settings,
    *,
    actor: str,
    role: str,
    action: str,
    subject: str = "",
    detail: Mapping[str, object] | None = None,
) -> Entry:
    """Append one row, and return it once it is stored.

    Raises:
        OrderhouseError: The operations store cannot be written, or the noted head is damaged.
    """
    head_of(settings)  # a damaged head is refused before anything is recorded
    store = open_store(settings)
    with store.writing(AUDIT_LOG.name) as connection:
        newest = connection.execute(
            sa.select(AUDIT_LOG.c.number, AUDIT_LOG.c.hash).order_by(AUDIT_LOG.c.number.desc()).limit(1)
        ).one_or_none()
        number, previous = (newest.number + 1, newest.hash) if newest else (1, FIRST)
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        told = json.dumps(dict(detail or {}), sort_keys=True, ensure_ascii=False, default=str)
        content = (at, actor, role, action, subject, told)
        entry = Entry(number, *content, previous, _hash(previous, number, *content))
        connection.execute(sa.insert(AUDIT_LOG).values(asdict(entry)))
    _remember(settings, entry)
    return entry


def entries(
    settings: Settings,
    *,
    newest: int | bool | None = None,
    after: int = 0,
    actor: str | None = None,
    action: str | None = None,
    subject: str | None = None,
) -> Iterator[Entry]:
    """Yield the rows in order, or the newest ones in reverse.

    Args:
        settings: Settings of the home.
        newest: Number of rows, the newest first, or True for all in this order; all rows in order by default.
        after: Number of rows to leave out before the first one.
        actor: Only rows whose actor contains this text, in any case.
        action: Only rows of this action.
        subject: Only rows whose subject contains this text, in any case.

    Raises:
        OrderhouseError: The operations store cannot be read.
    """
    columns = AUDIT_LOG.c
    query = sa.select(AUDIT_LOG).order_by(columns.number.desc() if newest else columns.number).offset(after)
    if newest is not None and newest is not True:
        query = query.limit(newest)
    query = query.where(*_conditions(actor, action, subject))
    with open_store(settings).reading() as connection:
        for row in connection.execution_options(yield_per=BATCH).execute(query):
            yield Entry(**row._mapping)


def count_entries(
    settings: Settings, *, actor: str | None = None, action: str | None = None, subject: str | None = None
) -> int:
    """Return the number of the rows that `entries` yields.

    Raises:
        OrderhouseError: The operations store cannot be read.
    """
    query = sa.select(sa.func.count()).select_from(AUDIT_LOG).where(*_conditions(actor, action, subject))
    with open_store(settings).reading() as connection:
        return int(connection.execute(query).scalar_one())


def count_since(settings: Settings, *, actor: str, action: str, since: datetime) -> int:
    """Return how often a person did something from an instant on. The name is compared as a whole.

    Raises:
        OrderhouseError: The operations store cannot be read.
    """
    columns, text = AUDIT_LOG.c, since.astimezone(UTC).isoformat(timespec="microseconds")
    query = sa.select(sa.func.count()).select_from(AUDIT_LOG)
    query = query.where(columns.actor == actor, columns.action == action, columns.at >= text)
    with open_store(settings).reading() as connection:
        return int(connection.execute(query).scalar_one())


def _conditions(actor: str | None, action: str | None, subject: str | None) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a search of the log."""
    columns = AUDIT_LOG.c
    found = [
        column.icontains(text, autoescape=True)
        for column, text in ((columns.actor, actor), (columns.subject, subject))
        if text is not None
    ]
    return [*found, columns.action == action] if action is not None else found


def verify(settings: Settings, *, head: str | None = None) -> Finding:
    """Compute every hash again, and compare the newest row with the file of heads.

    Args:
        settings: Settings of the home.
        head: A head that was noted earlier, as `number:hash`. It must still be in the log.

    Raises:
        OrderhouseError: The operations store cannot be read, or the given head is none.
    """
    problems: list[str] = []
    try:
        newest = head_of(settings)
    except OrderhouseError as damaged:
        newest = None
        problems.append(damaged.message)
    wanted = [each for each in (newest, _parsed(head)) if each is not None]
    seen: dict[int, str] = {}
    number, previous = 0, FIRST
    for entry in entries(settings):
        if entry.number != number + 1:
            problems.append(_missing(number + 1, entry.number - 1))
        elif entry.previous_hash != previous:
            problems.append(f"Row {entry.number} does not follow row {number}: a row was edited or exchanged.")
        if entry.hash != entry.expected_hash():
            problems.append(f"Row {entry.number} was edited: its content does not give its hash.")
        number, previous = entry.number, entry.hash
        seen |= {number: previous} if any(number == each for each, _ in wanted) else {}
    for noted, hash_ in wanted:
        if noted > number:
            problems.append(_missing(number + 1, noted) + " The end of the log was cut off.")
        elif seen.get(noted, hash_) != hash_:
            problems.append(f"Row {noted} is not the row that was noted as the newest one: the log was written again.")
    return Finding(number, f"{number}:{previous}" if number else "", problems)


def _missing(first: int, last: int) -> str:
    return f"Row {first} is missing." if first == last else f"Rows {first} to {last} are missing."


def _hash(previous: str, number: int, *content: str) -> str:
    """Return the hash of a row. JSON keeps the fields apart, whatever characters they have."""
    return hashlib.sha256(json.dumps([previous, number, *content], ensure_ascii=False).encode()).hexdigest()


def _head_file(settings: Settings) -> Path:
    """Return the file of the newest head, outside the folder of the store."""
    return settings.home / "audit_log_head"


def _remember(settings: Settings, entry: Entry) -> None:
    """Write the head, unless another writer has written a later one. A kill before leaves an earlier head."""
    with locked(settings.home / "audit_log_head.lock"):
        known = head_of(settings)
        if known is None or known[0] < entry.number:
            write_atomically(_head_file(settings), f"{entry.number}:{entry.hash}\n")


def head_of(settings: Settings) -> tuple[int, str] | None:
    """Return number and hash of the newest row as noted outside the store; None before the first.

    Raises:
        OrderhouseError: The note is damaged.
    """
    path = _head_file(settings)
    if not path.exists():
        return None
    try:
        return _parsed(path.read_bytes().decode("ascii", errors="replace").strip())
    except OrderhouseError:
        raise OrderhouseError(
            f"{path} is damaged: it has no head of the audit log. Restore it from a backup. If "
            "`orderhouse audit-log verify --head` finds a head that you noted elsewhere, remove the file instead: the "
            "next record writes it again."
        ) from None


def _parsed(head: str | None) -> tuple[int, str] | None:
    if head is None:
        return None
    number, mark, hash_ = head.partition(":")
    if not (mark and number.isdigit() and len(hash_) == len(FIRST)):
        raise OrderhouseError(f"{head!r} is no head of the audit log. `orderhouse audit-log verify` prints one.")
    return int(number), hash_
