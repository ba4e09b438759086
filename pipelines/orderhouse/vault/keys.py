"""Keys of the vault: where they are stored, under which master key they are sealed, and how they are exchanged.

The token key lives as long as the home, because a token must mean the same person for good. The key of the retained
originals can be exchanged, and so can the master key that seals both (see `rotation`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.home_identity import recorded_key

__all__ = ["VaultKeys", "is_sealed", "load_keys", "master_key", "master_key_in", "new_keys", "write_keys"]

BLOCK = 64
KEY_BYTES = 32
NONCE_BYTES = 12
COMMAND_SECONDS = 60
MASTER_KEY = re.compile(r"[0-9a-fA-F]{64}")
PURPOSE = b"orderhouse vault keys"


@dataclass(frozen=True)
class VaultKeys:
    """The keys of a vault: one for tokens, and those of the retained originals.

    Attributes:
        token_key: 32 bytes; the same as long as the home lives.
        original_keys: 32 bytes each; the first one seals, all of them open. There are two while a rotation lasts.
        fingerprint: 16 hexadecimal characters by which the vault is recognised; they tell nothing about the keys and
            outlast a rotation.
    """

    token_key: bytes
    original_keys: tuple[bytes, ...]
    fingerprint: str

    @property
    def inner(self) -> bytes:
        """Return the token key as the inner pad of HMAC-SHA-256."""
        return bytes(byte ^ 0x36 for byte in self.token_key.ljust(BLOCK, b"\x00"))

    @property
    def outer(self) -> bytes:
        """Return the token key as the outer pad of HMAC-SHA-256."""
        return bytes(byte ^ 0x5C for byte in self.token_key.ljust(BLOCK, b"\x00"))

    def with_new_original_key(self) -> VaultKeys:
        """Return the keys with a new key of originals before the others."""
        return replace(self, original_keys=(secrets.token_bytes(KEY_BYTES), *self.original_keys))

    def without_former_original_keys(self) -> VaultKeys:
        """Return the keys with the newest key of originals alone."""
        return replace(self, original_keys=self.original_keys[:1])


def new_keys() -> VaultKeys:
    """Return random keys."""
    token_key, original_key = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES)
    return VaultKeys(token_key, (original_key,), _fingerprint(token_key, original_key))


def load_keys(settings: Settings, *, former_master: bytes | None = None) -> VaultKeys:
    """Read the keys of the vault, and create them on first use.

    Args:
        settings: The home.
        former_master: The master key under which the keys may still be sealed, beside the one that is configured.

    Raises:
        OrderhouseError: The keys of an existing vault are missing, unreadable, or sealed under another master key.
    """
    settings.vault.mkdir(parents=True, exist_ok=True)
    settings.vault.chmod(0o700)
    if not settings.vault_keys.exists():
        if settings.vault_db.exists() or recorded_key(settings) is not None:
            raise OrderhouseError(
                f"{settings.vault_keys} is missing, and the rows of this home were received under it. Restore it from "
                "a backup; if it is lost for good, run `orderhouse vault adopt`."
            )
        write_keys(settings, new_keys())
    try:
        stored = json.loads(settings.vault_keys.read_text(encoding="utf-8"))
        return _keys_of(_opened(stored, settings, former_master) if "sealed" in stored else stored)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise OrderhouseError(
            f"{settings.vault_keys} cannot be read: {type(error).__name__}. Restore it from a backup."
        ) from None


def write_keys(settings: Settings, keys: VaultKeys) -> None:
    """Write the keys whole or not at all, sealed if a master key is configured."""
    stored: dict[str, Any] = {
        "token_key": keys.token_key.hex(),
        "original_keys": [key.hex() for key in keys.original_keys],
        "fingerprint": keys.fingerprint,
    }
    master = master_key(settings)
    draft = settings.vault_keys.with_name(f"{settings.vault_keys.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(stored if master is None else _sealed(stored, master), stream)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(settings.vault_keys)


def is_sealed(settings: Settings) -> bool:
    """Return whether the stored keys are sealed under a master key."""
    return "sealed" in json.loads(settings.vault_keys.read_text(encoding="utf-8"))


def master_key(settings: Settings) -> bytes | None:
    """Return the configured master key, or None if none is configured.

    Raises:
        OrderhouseError: More than one is configured, or it cannot be read, or is not 64 hexadecimal digits.
    """
    given = {
        "vault_master_key": settings.vault_master_key,
        "vault_master_key_file": settings.vault_master_key_file,
        "vault_master_key_command": settings.vault_master_key_command or None,
    }
    named = [name for name, value in given.items() if value is not None]
    if not named:
        return None
    if len(named) > 1:
        raise OrderhouseError(f"The settings {' and '.join(named)} both give the master key. Keep one of them.")
    if settings.vault_master_key is not None:
        return _master_key_of(settings.vault_master_key.get_secret_value(), "The setting vault_master_key")
    if settings.vault_master_key_file is not None:
        return master_key_in(settings.vault_master_key_file)
    return _master_key_of(_command_output(settings.vault_master_key_command), "The output of vault_master_key_command")


def master_key_in(path: Path) -> bytes:
    """Return the master key in a file.

    Raises:
        OrderhouseError: The file cannot be read, or its text is not 64 hexadecimal digits.
    """
    return _master_key_of(_file_text(path), str(path))


def _master_key_of(text: str, where: str) -> bytes:
    if not MASTER_KEY.fullmatch(text.strip()):
        raise OrderhouseError(
            f"{where} is not a master key of 64 hexadecimal digits. Make one with `openssl rand -hex 32`."
        )
    return bytes.fromhex(text.strip())


def _file_text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise OrderhouseError(f"The master key {path} cannot be read: {reason}.") from None


def _command_output(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise OrderhouseError(f"vault_master_key_command {command[0]!r} failed: {type(error).__name__}.") from None
    if done.returncode:
        # The output may hold the key, so only the code is told.
        raise OrderhouseError(f"vault_master_key_command {command[0]!r} ended with code {done.returncode}.")
    return done.stdout


def _sealed(stored: dict[str, Any], master: bytes) -> dict[str, str]:
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(master).encrypt(nonce, json.dumps(stored).encode(), PURPOSE)
    return {"master": _master_name(master), "nonce": nonce.hex(), "sealed": sealed.hex()}


def _opened(stored: dict[str, str], settings: Settings, former_master: bytes | None) -> dict[str, Any]:
    masters = [key for key in (master_key(settings), former_master) if key is not None]
    for master in masters:
        try:
            text = AESGCM(master).decrypt(bytes.fromhex(stored["nonce"]), bytes.fromhex(stored["sealed"]), PURPOSE)
        except InvalidTag:
            continue
        opened: dict[str, Any] = json.loads(text)
        return opened
    if not masters:
        raise OrderhouseError(
            f"{settings.vault_keys} is sealed under the master key {stored['master']}, and no master key is "
            "configured. Set vault_master_key_file, vault_master_key_command or ORDERHOUSE_VAULT_MASTER_KEY."
        )
    raise OrderhouseError(
        f"{settings.vault_keys} is sealed under the master key {stored['master']}, but the configured one is "
        f"{_master_name(masters[0])}. Configure the former one, or run `orderhouse vault rotate --former-master FILE`."
    )


def _keys_of(stored: dict[str, Any]) -> VaultKeys:
    token_key = bytes.fromhex(stored["token_key"])
    if "original_key" in stored:  # as written before keys could be exchanged
        original_key = bytes.fromhex(stored["original_key"])
        return VaultKeys(token_key, (original_key,), _fingerprint(token_key, original_key))
    return VaultKeys(token_key, tuple(map(bytes.fromhex, stored["original_keys"])), stored["fingerprint"])


def _fingerprint(token_key: bytes, original_key: bytes) -> str:
    return hashlib.sha256(PURPOSE + token_key + original_key).hexdigest()[:16]


def _master_name(master: bytes) -> str:
    return hashlib.sha256(b"orderhouse master key" + master).hexdigest()[:16]
