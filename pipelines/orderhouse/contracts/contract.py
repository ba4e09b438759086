"""Contract: the base class of every feed's contract, with its shape, its key and its row rules.

Columns and rules of one feed belong in the module of that feed. Parsing of text into types belongs in `parsing`.
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
    """A rule over several columns, with the sentence that people read when a row breaks it."""

    def __init__(self, validation_fn: Callable[[Any], pl.Expr], sentence: str, columns: tuple[str, ...]) -> None:
        super().__init__(validation_fn)
        self.sentence = sentence
        self.columns = columns


def rule(sentence: str, *columns: str) -> Callable[[Callable[[Any], pl.Expr]], SentenceRule]:
    """Mark a method as a row rule.

    Args:
        sentence: Description of the violation, without values.
        columns: Columns whose values are shown beside the sentence.
    """
    return lambda validation_fn: SentenceRule(validation_fn, sentence, columns)


@cache
def _fields(contract: type[Contract]) -> dict[str, Column]:
    """Return the feed's columns. Cached, because collecting them again took a tenth of the time of a small file."""
    return {name: column for name, column in contract.columns().items() if not name.startswith("_")}


class Contract(dy.Schema):
    """The columns and row rules of one feed.

    Attributes:
        shape: ``versioned`` (the whole record is sent again) or ``event`` (append-only).
    """

    shape: ClassVar[Shape]

    record = dy.Int64(alias="_record", description="Line or record number of the row in its file.")
    row = dy.Int64(alias="_row", description="Position of the row in the frame that is screened.")

    @classmethod
    def feed(cls) -> str:
        """Return the name of the feed, which is the name of its module."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def fields(cls) -> dict[str, Column]:
        """Return the columns of the feed in order."""
        return _fields(cls)

    @classmethod
    def required(cls) -> list[str]:
        """Return the columns without which a row, or a file, is not accepted."""
        return [name for name, column in cls.fields().items() if not column.nullable]

    @classmethod
    def key(cls) -> list[str]:
        """Return the columns that identify one record or event."""
        return [name for name, column in cls.fields().items() if (column.metadata or {})["key"]]

    @classmethod
    def personal(cls) -> dict[str, str]:
        """Return the personal columns with the kind of value of each."""
        kinds = {name: (column.metadata or {})["pii"] for name, column in cls.fields().items()}
        return {name: kind for name, kind in kinds.items() if kind}

    @classmethod
    def promises(cls) -> dict[str, str]:
        """Return the instants that may be given as calendar days, each with the column that says so."""
        days = {name: (column.metadata or {})["days"] for name, column in cls.fields().items()}
        return {name: each for name, each in days.items() if each}

    @classmethod
    def ids(cls) -> dict[str, str]:
        """Return the id columns that take a source's prefix, each with ``order`` or ``other``."""
        whose = {name: (column.metadata or {})["id_of"] for name, column in cls.fields().items()}
        return {name: each for name, each in whose.items() if each}

    @classmethod
    def enumerated(cls) -> list[str]:
        """Return the columns whose values a vocabulary maps."""
        return [name for name, column in cls.fields().items() if (column.metadata or {})["enumerated"]]

    @classmethod
    def mapped(cls) -> list[str]:
        """Return the columns that a source's vocabulary may name: enumerated columns, and labels such as a carrier."""
        return [name for name, column in cls.fields().items() if (column.metadata or {})["is_label"]] + cls.enumerated()

    @classmethod
    def row_rules(cls) -> dict[str, SentenceRule]:
        """Return the rules over several columns, by name."""
        return {name: value for name, value in vars(cls).items() if isinstance(value, SentenceRule)}

    @classmethod
    def stored_columns(cls) -> dict[str, str]:
        """Return the contract columns as stored, with SQL types; a personal column is stored as its token."""
        personal = cls.personal()
        return {
            f"{name}_token" if name in personal else name: SQL_TYPES[kind_of(column)]
            for name, column in cls.fields().items()
        }
