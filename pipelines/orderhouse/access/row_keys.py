"""Row keys: how the rows of each published table belong to a channel, country, warehouse, legal entity and source.

`row_keys.yaml` declares every published table once. Decisions about people belong to `roles`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["DIMENSIONS", "Joined", "RowKeys", "Through", "row_keys"]

DIMENSIONS = ("channel", "country", "warehouse", "legal_entity", "source")


class Through(BaseModel):
    """Another table that gives the dimension of a row: it has a row with the same key and one of the values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    key: str
    column: str


class Joined(BaseModel):
    """Declaration of a table of things, such as articles, that rows of other tables join.

    Attributes:
        key: Column that identifies a thing.
        by: Column that names the thing, by table. A role sees the things that rows which it sees name.
        columns: Columns that a role with row filters sees: properties, and no sums over rows that it does not see.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    by: dict[str, str] = Field(min_length=1)
    columns: tuple[str, ...] = Field(min_length=1)


class RowKeys(BaseModel):
    """Declaration of one table. A dimension that nothing gives makes the table refused to roles that filter by it.

    Attributes:
        columns: Column of the table that holds a dimension, by dimension.
        through: Another table that gives a dimension, by dimension.
        follows: Column that names a row of another table, by which the dimensions without a column are decided.
        joined: Rows and columns of a table that rows of other tables join.
        kpis: True for tables of figures with `dimension` and `dimension_value`.
        shared: Reason why all roles see all rows: they hold definitions only.
        refused: Reason why roles with row filters see nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str] = Field(default_factory=dict)
    through: dict[str, Through] = Field(default_factory=dict)
    follows: dict[str, str] = Field(default_factory=dict, max_length=1)
    joined: Joined | None = None
    kpis: bool = False
    shared: str = ""
    refused: str = ""

    @model_validator(mode="after")
    def _says_one_thing(self) -> RowKeys:
        gives = bool(self.columns or self.through or self.follows)
        if [gives, self.joined is not None, self.kpis, bool(self.shared), bool(self.refused)].count(True) != 1:
            raise ValueError("a table has columns, through and follows, or joined, or kpis, or shared, or refused")
        return self


@cache
def row_keys() -> dict[str, RowKeys]:
    """Return the declaration of every published table, by `schema.table`."""
    text = Path(__file__).with_name("row_keys.yaml").read_text(encoding="utf-8")
    return {table: RowKeys.model_validate(declared) for table, declared in yaml.safe_load(text).items()}
