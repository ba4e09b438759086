"""Links by which a person unsubscribes from a purpose. They are signed and never expire (RFC 8058).

A link has the token of the address and the purpose. Who has it can end messages of that purpose, and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from orderhouse.vault.keys import VaultKeys

__all__ = ["PATH", "mark_of", "person_of"]

PATH = "/unsubscribe"
PURPOSE_OF_KEY = b"orderhouse unsubscribe links"
MARK = re.compile(r"([0-9a-f]{32})\.([a-z][a-z0-9_]{0,59})\.([0-9a-f]{32})")


def mark_of(keys: VaultKeys, recipient: str, purpose: str) -> str:
    """Return the last part of the address of the page on which a person unsubscribes.

    Args:
        keys: Keys of the vault.
        recipient: Token of the address.
        purpose: The purpose.
    """
    return f"{recipient}.{purpose}.{_signature(keys, recipient, purpose)}"


def person_of(keys: VaultKeys, mark: str) -> tuple[str, str] | None:
    """Return token and purpose of a link; None if it is not ours."""
    match = MARK.fullmatch(mark)
    if match is None:
        return None
    recipient, purpose, signature = match.groups()
    return (recipient, purpose) if hmac.compare_digest(signature, _signature(keys, recipient, purpose)) else None


def _signature(keys: VaultKeys, recipient: str, purpose: str) -> str:
    key = hmac.new(keys.token_key, PURPOSE_OF_KEY, hashlib.sha256).digest()
    return hmac.new(key, f"{recipient}\n{purpose}".encode(), hashlib.sha256).hexdigest()[:32]
