"""What every feed's contract has in common: its shape, its key, its rules in plain sentences.

Columns and rules of one feed belong in the module of its name; parsing text into them belongs in `parsing`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, Literal

import polars as pl

from orderhouse.contracts.columns import SQL_TYPES, kind_of
from orderhouse.contracts.dataframely_alone import Column, RuleFactory, dy

__all__ = ["LINEAGE", "Contract", "SentenceRule", "rule"]

Shape = Literal["versioned", "event"]

LINEAGE: dict[str, str] = {
    "_file_id": "VARCHAR",
    "_record": "BIGINT",
    "_received_at": "TIMESTAMP",
    "_batch_id": "BIGINT",
    "_source": "VARCHAR",
    "_mapping_version": "VARCHAR",
    "_is_duplicate": "BOOLEAN",
}


class SentenceRule(RuleFactory):
    """A rule over several columns, with the sentence that people read when it is broken."""

    def __init__(self, validation_fn: Callable[[Any], pl.Expr], sentence: str, columns: tuple[str, ...]) -> None:
        super().__init__(validation_fn)
        self.sentence = sentence
        self.columns = columns


def rule(sentence: str, *columns: str) -> Callable[[Callable[[Any], pl.Expr]], SentenceRule]:
    """Mark a method as a row rule.

    Args:
        sentence: What is wrong when the rule is broken, without the values.
        columns: The columns whose values are shown beside the sentence.
    """
    return lambda validation_fn: SentenceRule(validation_fn, sentence, columns)


@cache
def _fields(contract: type[Contract]) -> dict[str, Column]:
    """Kept, because making them anew for every small file took a tenth of its time."""
    return {name: column for name, column in contract.columns().items() if not name.startswith("_")}


class Contract(dy.Schema):
    """The columns and row rules of one feed.

    Attributes:
        shape: ``versioned`` (the whole record is sent again) or ``event`` (append-only).
    """

    shape: ClassVar[Shape]

    record = dy.Int64(alias="_record", description="Where in its file the row stands.")
    row = dy.Int64(alias="_row", description="The row's place in the frame being screened.")

    @classmethod
    def feed(cls) -> str:
        """The feed's name, which is the name of its module."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def fields(cls) -> dict[str, Column]:
        """The feed's columns in order."""
        return _fields(cls)

    @classmethod
    def required(cls) -> list[str]:
        """Columns without which a row, and a file, cannot be accepted."""
        return [name for name, column in cls.fields().items() if not column.nullable]

    @classmethod
    def key(cls) -> list[str]:
        """The columns that name one record or event."""
        return [name for name, column in cls.fields().items() if (column.metadata or {})["key"]]

    @classmethod
    def personal(cls) -> dict[str, str]:
        """Personal columns and the kind of value each holds."""
        kinds = {name: (column.metadata or {})["pii"] for name, column in cls.fields().items()}
        return {name: kind for name, kind in kinds.items() if kind}

    @classmethod
    def ids(cls) -> dict[str, str]:
        """Columns of ids that may be another system's too, and whose they are: ``order`` or ``other``."""
        whose = {name: (column.metadata or {})["id_of"] for name, column in cls.fields().items()}
        return {name: each for name, each in whose.items() if each}

    @classmethod
    def enumerated(cls) -> list[str]:
        """Columns whose words are mapped to ours by tables."""
        return [name for name, column in cls.fields().items() if (column.metadata or {})["enumerated"]]

    @classmethod
    def mapped(cls) -> list[str]:
        """Columns that a source's table of words may speak of: the enumerated ones, and labels such as a carrier's."""
        return [name for name, column in cls.fields().items() if (column.metadata or {})["is_label"]] + cls.enumerated()

    @classmethod
    def row_rules(cls) -> dict[str, SentenceRule]:
        """The rules over several columns, by name."""
        return {name: value for name, value in vars(cls).items() if isinstance(value, SentenceRule)}

    @classmethod
    def stored_columns(cls) -> dict[str, str]:
        """The contract columns as stored, with their SQL types: a personal column is its token."""
        personal = cls.personal()
        return {
            f"{name}_token" if name in personal else name: SQL_TYPES[kind_of(column)]
            for name, column in cls.fields().items()
        }
