"""Tokens of single values that are compared and not stored, without opening the vault."""

from __future__ import annotations

import hashlib
import hmac

from orderhouse.vault.keys import VaultKeys
from orderhouse.vault.vault import TOKEN_CHARACTERS

__all__ = ["token_of"]


def token_of(keys: VaultKeys, kind: str, value: str) -> str:
    """Return the token that a value of this kind has in the tables, see `orderhouse.vault.vault`."""
    text = value.lower() if kind == "email" else value
    return hmac.new(keys.token_key, f"{kind}:{text}".encode(), hashlib.sha256).hexdigest()[:TOKEN_CHARACTERS]
