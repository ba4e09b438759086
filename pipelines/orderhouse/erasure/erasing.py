"""Erasure of one person, in steps that may be interrupted anywhere and repeated.

The steps are: the list of erased tokens, which a restored vault reads; the vault; the retained originals; the bodies
that the intake landed; the record in `raw.erasures`. No feed changes: rows keep their tokens, whose values are gone.
Finding the person belongs to `person`, redaction to `redaction`.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import duckdb

from orderhouse.erasure.own_actions import conceal_loaded, mark_waiting, waiting_tokens
from orderhouse.erasure.person import By, Person, find_person, units_with
from orderhouse.erasure.suppression import Redaction, drop_rejected, last_batch, redact_units, remove_note, write_note
from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.files.local_files import LANDED_BODY
from orderhouse.settings import Settings
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.config.sources_file import sources_of
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.database_files import compact
from orderhouse.storage.home_identity import check_key
from orderhouse.storage.warehouse import open_raw, run_lock
from orderhouse.vault.erased_list import read_erased
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import Vault, open_vault

__all__ = ["Erasure", "erase", "look_up"]


@dataclass(frozen=True)
class Erasure:
    """Result of an erasure.

    Attributes:
        person: The person.
        values: Number of values deleted from the vault; 0 if they were erased before.
        originals: Numbers of retained originals redacted and dropped.
        webhooks: Number of deleted bodies that the intake had landed.
        elsewhere: Paths of the merchant's own files that still contain the values.
    """

    person: Person
    values: int
    originals: Redaction
    webhooks: int
    elsewhere: tuple[str, ...]


def look_up(settings: Settings, customer: str, by: By) -> Person:
    """Find a person and change nothing.

    Raises:
        LockHeld: Another process holds the run lock.
        OrderhouseError: Nothing has been ingested, or no such person is known.
    """
    with run_lock(settings, "erase"), open_vault(settings) as vault:
        connection = open_raw(settings, read_only=True)
        try:
            return _require_person(settings, connection, vault, customer, by)
        finally:
            connection.close()


def erase(
    settings: Settings, customer: str, by: By, *, why: str | None = None, drop_originals: bool = False
) -> Erasure:
    """Erase a person. A second erasure changes nothing.

    Args:
        settings: Settings of the home.
        customer: A customer number, an e-mail address or a token.
        by: The kind of `customer`.
        why: The reason, for the record; it must not contain personal data.
        drop_originals: True to delete the originals that contain a value of the person, instead of redacting them.

    Raises:
        LockHeld: Another process holds the run lock.
        OrderhouseError: Nothing has been ingested, no such person is known, or the sources file is wrong.
    """
    sources = sources_of(settings).sources
    with run_lock(settings, "erase"):
        with open_vault(settings) as vault:
            connection = open_raw(settings)
            try:
                check_key(connection, vault.keys.fingerprint)
                conceal_loaded(settings, connection)
                person = _require_person(settings, connection, vault, customer, by)
                originals = Originals(settings, vault.keys)
                noted = remove_note(settings, connection, vault)
                _list_tokens(settings, person.tokens | vault.suppressed())
                lost = drop_rejected(connection, originals)
                values = vault.erase(person.tokens)
                checkpoint("erased_values")
                erased = vault.suppressed()
                waiting = mark_waiting(settings, vault, erased)
                units = units_with(connection, erased if noted is None else person.tokens)
                redaction = redact_units(connection, sources, originals, vault, erased, units, drop=drop_originals)
                redaction = Redaction(redaction.redacted, redaction.dropped + lost)
                noted = last_batch(connection) if noted is None else noted
                webhooks, elsewhere = _delete_webhooks(settings, person, sources)
                if values or waiting or redaction != Redaction() or webhooks:
                    _record(connection, person, values, redaction, why)
            finally:
                connection.close()
        checkpoint("erased_originals")
        compact(settings.vault_db)
        write_note(settings, noted)
    return Erasure(person, values, redaction, webhooks, elsewhere)


def _require_person(
    settings: Settings, connection: duckdb.DuckDBPyConnection, vault: Vault, customer: str, by: By
) -> Person:
    """Return the person with the tokens of texts in actions that wait for a run, which no row and no vault has."""
    found = find_person(connection, vault, customer, by)
    person = replace(found, tokens=found.tokens | waiting_tokens(settings, connection, vault, found.tokens))
    if not person.is_known:
        what = {"customer_id": "customer number", "email": "e-mail address", "token": "token"}[by]
        raise OrderhouseError(f"Nobody with this {what} is known here. Nothing was changed.")
    return person


def _list_tokens(settings: Settings, tokens: Iterable[str]) -> None:
    """Add tokens to the file of erased tokens."""
    listed = read_erased(settings.erased_tokens)
    write_atomically(settings.erased_tokens, "".join(f"{token}\n" for token in sorted({*listed, *tokens})))


def _delete_webhooks(settings: Settings, person: Person, sources: Mapping[str, Source]) -> tuple[int, tuple[str, ...]]:
    """Delete bodies that the intake landed. Return their number, and the paths of the merchant's own files."""
    deleted = 0
    elsewhere: list[str] = []
    for name, shown in person.files:
        source = sources.get(name)
        path = (source.base if source else Path()) / shown
        if source and source.intake and LANDED_BODY.match(path.name):
            deleted += path.exists()
            path.unlink(missing_ok=True)
        elif path.parent != settings.actions:
            elsewhere.append(shown)
    return deleted, tuple(elsewhere)


def _record(
    connection: duckdb.DuckDBPyConnection, person: Person, values: int, redaction: Redaction, why: str | None
) -> None:
    """Append a line to `raw.erasures`."""
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
