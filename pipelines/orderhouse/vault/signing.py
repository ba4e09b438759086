"""Signatures of manifests: an Ed25519 key pair that belongs to the keys of the vault.

The private key is derived from the token key, so it is sealed, backed up and restored with it and outlasts a rotation.
Who has the public key can check a manifest on any machine, and cannot sign one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from orderhouse.errors import OrderhouseError
from orderhouse.vault.keys import VaultKeys

__all__ = ["key_name", "public_key_of", "public_key_text", "read_public_key", "sign", "verifies"]

PURPOSE = b"orderhouse manifests"


def sign(keys: VaultKeys, content: bytes) -> str:
    """Return the signature of a content as hexadecimal text."""
    return _private_key(keys).sign(content).hex()


def verifies(key: Ed25519PublicKey, signature: str, content: bytes) -> bool:
    """Return whether a signature was made for a content by the private key that belongs to a public key."""
    try:
        key.verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key_of(keys: VaultKeys) -> Ed25519PublicKey:
    """Return the public key of a vault."""
    return _private_key(keys).public_key()


def public_key_text(keys: VaultKeys) -> str:
    """Return the public key of a vault as PEM, which is no secret."""
    return public_key_of(keys).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def key_name(key: Ed25519PublicKey) -> str:
    """Return 16 hexadecimal characters by which people tell public keys apart."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key from a file.

    Raises:
        OrderhouseError: The file cannot be read, or is no public key of a vault.
    """
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise OrderhouseError(f"The public key {path} cannot be read: {error.strerror}.") from None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise OrderhouseError(
            f"{path} is not a public key of a vault. Get it from the exporting home: `orderhouse vault public-key`."
        )
    return key


def _private_key(keys: VaultKeys) -> Ed25519PrivateKey:
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(keys.token_key)
    return Ed25519PrivateKey.from_private_bytes(seed)
