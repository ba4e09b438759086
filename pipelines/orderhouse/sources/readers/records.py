"""Records as a file holds them: text by the file's own column names, and where in the file each one stands.

What the columns mean belongs in the format modules; types belong in `orderhouse.contracts.parsing`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

__all__ = ["RECORD", "Malformed", "Records"]

RECORD = "_record"


@dataclass(frozen=True)
class Malformed:
    """A record that is none: its place, what is wrong with it, and its text, which may be personal."""

    record: int
    rule: str
    reason: str
    text: str


@dataclass(frozen=True)
class Records:
    """Some records of a file.

    Attributes:
        frame: Text columns by the file's names, and `_record`: the line a record starts on in a line format, else its
            number.
        malformed: What stands between them and cannot be read.
        is_trimmed: Whether it is certain that no text begins or ends with white space or is empty.
    """

    frame: pl.DataFrame
    malformed: list[Malformed] = field(default_factory=list)
    is_trimmed: bool = False
