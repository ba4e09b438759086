"""API keys of the portal: random, of one role, shown once, and stored as a hash in the operations store."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from orderhouse.access.access_file import load_access
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import record
from orderhouse.operations.store import open_store
from orderhouse.operations.tables import API_KEYS
from orderhouse.settings import Settings

__all__ = ["ApiKey", "bearer", "create_key", "has_form", "key_of", "list_keys", "revoke_key"]

FORM = re.compile(r"ohk_([0-9a-f]{12})_([0-9a-f]{64})")
NAME_CHARACTERS = 60
# Compared where there is no such key, so that an unknown id takes the same work as a wrong secret.
NO_HASH = "-" * 64


@dataclass(frozen=True)
class ApiKey:
    """One key, without its secret.

    Attributes:
        key_id: Its id, which is the second part of the key.
        name: Whom it was given to.
        role: The role that it reads as.
        created_at: Instant, UTC.
        created_by: Who made it.
        revoked_at: Instant from which it counts no more, or None.
    """

    key_id: str
    name: str
    role: str
    created_at: str
    created_by: str
    revoked_at: str | None


def create_key(settings: Settings, *, role: str, name: str, who: str) -> tuple[ApiKey, str]:
    """Make a key, and return it with its secret text, which cannot be read again.

    Raises:
        OrderhouseError: There is no such role, the name is empty or too long, or the store cannot be written.
    """
    load_access(settings).role_named(role)
    if not 0 < len(name.strip()) <= NAME_CHARACTERS:
        raise OrderhouseError(f"Say whom the key is for, in 1 to {NAME_CHARACTERS} characters: `--name`.")
    key = ApiKey(secrets.token_hex(6), name.strip(), role, _now(), who, None)
    secret = secrets.token_hex(32)
    record(settings, actor=who, role=role, action="create_key", subject=key.key_id, detail={"name": key.name})
    with open_store(settings).writing(API_KEYS.name) as connection:
        connection.execute(sa.insert(API_KEYS).values(**vars(key), secret_hash=_hash(secret)))
    return key, f"ohk_{key.key_id}_{secret}"


def list_keys(settings: Settings) -> list[ApiKey]:
    """Return all keys, the newest first."""
    query = sa.select(*_columns()).order_by(API_KEYS.c.created_at.desc(), API_KEYS.c.key_id)
    with open_store(settings).reading() as connection:
        return [ApiKey(**row._mapping) for row in connection.execute(query)]


def revoke_key(settings: Settings, key_id: str, *, who: str) -> ApiKey:
    """Revoke a key for good, from its next request on.

    Raises:
        OrderhouseError: There is no such key, or it is revoked already.
    """
    found = next((key for key in list_keys(settings) if key.key_id == key_id), None)
    if found is None:
        raise OrderhouseError(f"There is no key {key_id!r}. `orderhouse portal keys list` shows the ids.")
    if found.revoked_at is not None:
        raise OrderhouseError(f"The key {key_id} was revoked at {found.revoked_at} already.")
    record(settings, actor=who, role=found.role, action="revoke_key", subject=key_id, detail={"name": found.name})
    changed = sa.update(API_KEYS).where(API_KEYS.c.key_id == key_id).values(revoked_at=_now())
    with open_store(settings).writing(API_KEYS.name) as connection:
        connection.execute(changed)
    return next(key for key in list_keys(settings) if key.key_id == key_id)


def bearer(authorization: str) -> str | None:
    """Return the text of a key in a header `Authorization: Bearer …`; None if it is of another kind or empty."""
    kind, _, text = authorization.partition(" ")
    return text.strip() or None if kind.lower() == "bearer" else None


def has_form(text: str) -> bool:
    """Return True if a text could be a key, which nothing but `key_of` decides."""
    return FORM.fullmatch(text) is not None


def key_of(settings: Settings, text: str) -> ApiKey | None:
    """Return the key with this secret text, unless it is unknown or revoked."""
    parts = FORM.fullmatch(text)
    key_id, secret = parts.groups() if parts else ("", "")
    query = sa.select(*_columns(), API_KEYS.c.secret_hash).where(API_KEYS.c.key_id == key_id)
    with open_store(settings).reading() as connection:
        row = connection.execute(query).one_or_none()
    is_right = hmac.compare_digest(_hash(secret), row.secret_hash if row else NO_HASH)
    if row is None or not is_right or row.revoked_at is not None:
        return None
    return ApiKey(**{name: value for name, value in row._mapping.items() if name != "secret_hash"})


def _columns() -> list[sa.Column[str]]:
    return [column for column in API_KEYS.c if column.name != "secret_hash"]


def _hash(secret: str) -> str:
    # A secret of 256 random bits cannot be guessed, so a slow hash would add nothing.
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
