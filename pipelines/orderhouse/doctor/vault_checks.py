"""Checks of the vault: its keys belong to its values and to the received rows, and every original can be opened."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import duckdb

from orderhouse.doctor.findings import Finding
from orderhouse.errors import OrderhouseError
from orderhouse.files.source_files import FileRejected
from orderhouse.settings import Settings
from orderhouse.storage.home_identity import identity
from orderhouse.vault.keys import VaultKeys, load_keys
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import Vault

__all__ = ["check_keys", "check_originals"]

KEYS_CURE = "Restore `vault/` from a backup of this home. If the key is lost for good, run `orderhouse vault adopt`."


def check_keys(settings: Settings, raw: duckdb.DuckDBPyConnection | None) -> Iterator[Finding]:
    """Compare the keys with those of the vault's values and of the received rows.

    Args:
        settings: Settings of the home.
        raw: The raw database; None if it cannot be read.
    """
    where = str(settings.vault_keys)
    if not settings.vault_keys.exists():
        if settings.vault_db.exists() or (raw is not None and identity(raw) is not None):
            yield Finding(where, "It is missing, so no token and no original can be opened.", KEYS_CURE)
        return
    try:
        keys = load_keys(settings)
    except OrderhouseError as error:
        yield Finding(where, error.message, KEYS_CURE)
        return
    recorded = identity(raw) if raw is not None else None
    if recorded is not None and recorded.key_fingerprint != keys.fingerprint:
        yield Finding(where, f"The rows were received under another key ({recorded.key_fingerprint}).", KEYS_CURE)
    yield from _check_values(settings, keys)


def check_originals(
    settings: Settings, raw: duckdb.DuckDBPyConnection | None, say: Callable[[str], None]
) -> Iterator[Finding]:
    """Open every retained original and compare its content with the hash in its name."""
    keys = _keys(settings)
    if keys is None or not settings.originals.is_dir():
        return
    originals = Originals(settings, keys)
    known = _received(raw) if raw is not None else None
    paths = sorted(path for path in settings.originals.glob("*/*") if not path.suffix and not path.name.startswith("."))
    for done, path in enumerate(paths, 1):
        say(f"Opening {done:,} of {len(paths):,} originals")
        file_id = path.name
        shown = known.get(file_id, "a file that is not in the ledger") if known is not None else "a file"
        try:
            content = originals.hash_of(file_id)
        except FileRejected:
            yield Finding(
                str(path),
                f"The original of {shown} is damaged, or was sealed with another key.",
                "Put it back from a backup, or send the file again. Until then a changed mapping cannot reread it.",
            )
            continue
        if content != file_id and not originals.is_redacted(file_id):
            yield Finding(
                str(path),
                f"The original of {shown} opens, but it is not the file as received: an erasure was interrupted.",
                "Run `orderhouse erase` for that person again.",
            )


def _received(raw: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(raw.execute("select file_id, max(path) from raw.files group by file_id").fetchall())


def _keys(settings: Settings) -> VaultKeys | None:
    if not settings.vault_keys.exists():
        return None
    with contextlib.suppress(OrderhouseError):
        return load_keys(settings)
    return None


def _check_values(settings: Settings, keys: VaultKeys) -> Iterator[Finding]:
    """Compare the keys with the note of the vault, and with a stored value and its token."""
    if not settings.vault_db.exists():
        return
    where = str(settings.vault_keys)
    try:
        with contextlib.closing(duckdb.connect(str(settings.vault_db), read_only=True)) as connection:
            rows = connection.execute("select fingerprint from keyed order by since desc limit 1").fetchall()
            if rows and rows[0][0] != keys.fingerprint:
                what = f"The values of {settings.vault_db.name} were stored under another key."
                yield Finding(where, what, KEYS_CURE)
            elif not Vault(connection, keys).computes_its_tokens():
                yield Finding(where, "It is damaged: stored values have other tokens under it.", KEYS_CURE)
    except duckdb.Error:  # reported by the check of the file, or a vault of an earlier release
        return
