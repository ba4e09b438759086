"""List of erased tokens outside the vault, so that it applies to a vault that is restored."""

from __future__ import annotations

import re
from pathlib import Path

from orderhouse.errors import OrderhouseError

__all__ = ["read_erased"]

TOKEN = re.compile(r"[0-9a-f]{32}")


def read_erased(path: Path) -> set[str]:
    """Return the tokens in a list of erased tokens; none if there is no list.

    Raises:
        OrderhouseError: The file is damaged.
    """
    if not path.exists():
        return set()
    tokens = path.read_bytes().decode("ascii", errors="replace").split()
    if not all(TOKEN.fullmatch(token) for token in tokens):
        raise OrderhouseError(
            f"{path} is damaged: it is no list of erased tokens. Restore it from a backup. Unless the vault was "
            "restored since the last erasure, it may be removed: the vault has the same list, and the next erasure "
            "writes it."
        )
    return set(tokens)
