"""JSON values that decode and still cannot be written again, for nesting without end."""

from __future__ import annotations

import json
from typing import Any

from orderhouse.sources.readers.records import Malformed

__all__ = ["RULE", "unwritable"]

RULE = "readable_record"


def unwritable(record: int, value: Any) -> Malformed | None:
    """What is wrong with a value that cannot be written as JSON again; None if it can."""
    try:
        json.dumps(value)
    except RecursionError:
        return Malformed(record, RULE, "the record is nested too deeply to be read", "")
    return None
