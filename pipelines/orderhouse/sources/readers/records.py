"""Records of a file: text by the file's own column names, with the position of each record in the file.

The meaning of columns belongs in the format modules, types in `orderhouse.contracts.parsing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

__all__ = ["RECORD", "Malformed", "Records"]

RECORD = "_record"


@dataclass(frozen=True)
class Malformed:
    """A record that cannot be read.

    Attributes:
        record: Its line or number in the file.
        rule: Name of the broken rule.
        reason: The reason, as a sentence that is published.
        text: Its text, which may be personal.
    """

    record: int
    rule: str
    reason: str
    text: str


@dataclass(frozen=True)
class Records:
    """Some records of a file.

    Attributes:
        frame: Text columns by the file's names, and `_record`: the line on which a record starts in a line format, else
            its number.
        malformed: Records between them that cannot be read.
        is_trimmed: True if it is certain that no text is empty or begins or ends with white space.
        unusable: By column whose values are left out because of their type, the reason as the end of a sentence.
    """

    frame: pl.DataFrame
    malformed: list[Malformed] = field(default_factory=list)
    is_trimmed: bool = False
    unusable: Mapping[str, str] = field(default_factory=dict)
