"""Check of JSON values that decode but cannot be encoded again, because they are nested too deeply."""

from __future__ import annotations

import json
from typing import Any

from orderhouse.sources.readers.records import Malformed

__all__ = ["RULE", "unwritable"]

RULE = "readable_record"


def unwritable(record: int, value: Any) -> Malformed | None:
    """Return a malformed record for a value that cannot be encoded as JSON; None if it can."""
    try:
        json.dumps(value)
    except RecursionError:
        return Malformed(record, RULE, "the record is nested too deeply to be read", "")
    return None
