"""Tracking ids as they come in addresses: unguessable, of twelve characters, in any case.

The id is made by the dbt macro `tracking_id` from a keyed hash of the order.
"""

from __future__ import annotations

import re

__all__ = ["UNKNOWN", "normal_id"]

FORM = re.compile(r"[A-Z0-9]{12}")
# Stands for everything that cannot be an id; no order has it, since ids have no character outside of FORM.
UNKNOWN = b"~" * 12


def normal_id(text: str) -> bytes:
    """Return the id in capitals, or `UNKNOWN` for a text that cannot be an id."""
    if len(text) > 32:
        return UNKNOWN
    found = text.strip().upper()
    return found.encode("ascii") if found.isascii() and FORM.fullmatch(found) else UNKNOWN
