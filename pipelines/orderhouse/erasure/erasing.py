"""The erasure itself, in an order that may be interrupted anywhere and done again.

The list that a restored vault has to obey comes first, then the vault, then the retained originals, then bodies that
our own intake landed, then the record. No table changes: rows keep their tokens, which lead nowhere any more.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import duckdb

from orderhouse.erasure.person import By, Person, find_person, units_with
from orderhouse.erasure.suppression import Redaction, last_batch, redact_units, take_note, write_note
from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.files.local_files import LANDED_BODY
from orderhouse.files.source_files import FileRejected, unpacked
from orderhouse.settings import Settings
from orderhouse.sources.config.declaration import Source, load_sources
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.warehouse import open_raw, run_lock
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import Vault, open_vault

__all__ = ["Erasure", "erase", "look_up"]

DISTINCT = ("email", "phone")


@dataclass(frozen=True)
class Erasure:
    """What was erased.

    Attributes:
        values: Values deleted from the vault; 0 if they had been erased before.
        webhooks: Bodies that the intake had landed, deleted.
        elsewhere: Paths of files that are the merchant's own, in which the values stand still.
    """

    person: Person
    values: int
    originals: Redaction
    webhooks: int
    elsewhere: tuple[str, ...]


def look_up(settings: Settings, customer: str, by: By) -> Person:
    """Find a person and change nothing.

    Raises:
        LockHeld: Another run holds the warehouse.
        OrderhouseError: Nothing has been ingested, or nobody of this name is known.
    """
    with run_lock(settings, "erase"), open_vault(settings) as vault:
        connection = open_raw(settings, read_only=True)
        try:
            return _found(connection, vault, customer, by)
        finally:
            connection.close()


def erase(
    settings: Settings, customer: str, by: By, *, why: str | None = None, drop_originals: bool = False
) -> Erasure:
    """Erase a person. Doing it again changes nothing.

    Args:
        settings: Whose home.
        customer: A customer number, an e-mail address or a token.
        by: Which of these it is.
        why: For the record; nothing personal belongs in it.
        drop_originals: Keep none of the originals that hold a value of theirs, instead of redacting them.

    Raises:
        LockHeld: Another run holds the warehouse.
        OrderhouseError: Nothing has been ingested, nobody of this name is known, or the sources file is wrong.
    """
    sources = load_sources(settings.sources_file).sources
    with run_lock(settings, "erase"):
        with open_vault(settings) as vault:
            connection = open_raw(settings)
            try:
                person = _found(connection, vault, customer, by)
                originals = Originals(settings, vault.keys)
                noted = take_note(settings, connection, vault)
                _list(settings, person.tokens)
                lost = _drop_rejected(connection, originals, vault, person.tokens)
                values = vault.erase(person.tokens)
                checkpoint("erased_values")
                erased = vault.suppressed()
                units = units_with(connection, erased if noted is None else person.tokens)
                redaction = redact_units(connection, sources, originals, vault, erased, units, drop=drop_originals)
                redaction = Redaction(redaction.redacted, redaction.dropped + lost)
                noted = last_batch(connection) if noted is None else noted
                webhooks, elsewhere = _delete_webhooks(person, sources)
                if values or redaction != Redaction() or webhooks:
                    _record(connection, person, values, redaction, why)
            finally:
                connection.close()
        checkpoint("erased_originals")
        _compact(settings)
        write_note(settings, noted)
    return Erasure(person, values, redaction, webhooks, elsewhere)


def _found(connection: duckdb.DuckDBPyConnection, vault: Vault, customer: str, by: By) -> Person:
    person = find_person(connection, vault, customer, by)
    if not person.is_known:
        what = {"customer_id": "customer number", "email": "e-mail address", "token": "token"}[by]
        raise OrderhouseError(f"Nobody with this {what} is known here; nothing was changed.")
    return person


def _list(settings: Settings, tokens: Iterable[str]) -> None:
    listed = settings.erased_tokens.read_text(encoding="ascii").split() if settings.erased_tokens.exists() else []
    write_atomically(settings.erased_tokens, "".join(f"{token}\n" for token in sorted({*listed, *tokens})))


def _drop_rejected(
    connection: duckdb.DuckDBPyConnection, originals: Originals, vault: Vault, tokens: Iterable[str]
) -> int:
    """Files that were rejected as a whole gave no rows to find the person by: their text is searched."""
    values = [
        value.lower().encode()
        for (value,) in vault.connection.execute(
            "select value from personal where list_contains($tokens, token) and list_contains($kinds, kind)",
            {"tokens": sorted(tokens), "kinds": list(DISTINCT)},
        ).fetchall()
    ]
    rejected = connection.execute(
        "select distinct file_id, path, size_bytes from raw.files where status = 'rejected'"
    ).fetchall()
    count = 0
    for file_id, path, size_bytes in rejected:
        if not originals.has(file_id):
            continue
        try:
            content = unpacked(originals.file(file_id, path, size_bytes)).getvalue().lower()
        except FileRejected:
            with originals.file(file_id, path, size_bytes).open() as packed:
                content = packed.read()
        if any(value in content for value in values):
            originals.drop(file_id)
            count += 1
    return count


def _delete_webhooks(person: Person, sources: Mapping[str, Source]) -> tuple[int, tuple[str, ...]]:
    """Bodies that our intake landed are ours to delete; every other file is the merchant's."""
    deleted = 0
    elsewhere: list[str] = []
    for name, shown in person.files:
        source = sources.get(name)
        path = (source.base if source else Path()) / shown
        if source and source.intake and LANDED_BODY.match(path.name):
            deleted += path.exists()
            path.unlink(missing_ok=True)
        else:
            elsewhere.append(shown)
    return deleted, tuple(elsewhere)


def _record(
    connection: duckdb.DuckDBPyConnection, person: Person, values: int, redaction: Redaction, why: str | None
) -> None:
    connection.execute(
        "insert into raw.erasures by name select $id as erasure_id, $at as erased_at, $who as erased_by, "
        "$why as reason, $tokens as token_count, $count as value_count, $redacted as redacted_count, "
        "$dropped as dropped_count",
        {
            "id": uuid4().hex[:16],
            "at": datetime.now(UTC).replace(tzinfo=None),
            "who": getpass.getuser(),
            "why": why,
            "tokens": len(person.tokens),
            "count": values,
            "redacted": redaction.redacted,
            "dropped": redaction.dropped,
        },
    )


def _compact(settings: Settings) -> None:
    """Write the vault anew: a database keeps the bytes of deleted rows until something is written over them."""
    draft = settings.vault_db.with_name("vault.duckdb.new")
    draft.unlink(missing_ok=True)
    location = str(settings.vault_db).replace("'", "''")
    with duckdb.connect(str(draft)) as connection:
        draft.chmod(0o600)
        connection.execute(f"attach '{location}' as old (read_only)")
        connection.execute("create table personal as select * from old.personal")
        connection.execute("create table suppressed as select * from old.suppressed")
        connection.execute("detach old")
        connection.execute("checkpoint")
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(settings.vault_db)
    settings.vault_db.with_name("vault.duckdb.wal").unlink(missing_ok=True)
