"""Declarations of sources whose records a query computes: the tables that it reads, and the checks of both.

Each check raises ValueError with a clause; `sources_file` makes a sentence of it, with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from orderhouse.sources.config.validation import Delimiter, Encoding

__all__ = ["Table", "checked_tables", "require_query", "statement_of"]

TABLE_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Table(BaseModel):
    """A table that the query of a source reads.

    Attributes:
        file: Pattern of the names of its files; files of other tables with the same text in place of the stars load
            together with it.
        columns: Names of its columns in order, for files without header.
        delimiter: Delimiter of CSV files; detected by default.
        encoding: Encoding of text files; by default UTF-8, or UTF-16 with a byte order mark.
        header: False if the files have no header.
        widths: Characters of each field, for files of lines without delimiters.
        sheet: Name of the sheet of workbooks; by default the first.
        header_row: Row of the header in a sheet; by default the first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[str, Field(min_length=1)]
    columns: list[str] = Field(default_factory=list)
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None
    header: bool = True
    widths: list[Annotated[int, Field(ge=1)]] = Field(default_factory=list)
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1)] = 1

    @field_validator("file")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if "/" in value or "\\" in value:
            raise ValueError(f"{value} is a path; write the name of the file, and its folder under `path`")
        return value


def checked_tables(value: dict[str, Table]) -> dict[str, Table]:
    """Check the names of tables, and that a table without header has names of columns."""
    for name, table in value.items():
        if not TABLE_NAME.fullmatch(name):
            raise ValueError(f"{name}: a table's name has small letters, digits and underscores, such as order_lines")
        if not table.header and not table.columns:
            raise ValueError(f"{name}: a file without header needs its `columns` in order, with `_` for one to skip")
    return value


def require_query(name: str, feed: str | None, query: str | None, tables: Mapping[str, Table]) -> None:
    """Require the keys of a query for the format `sql`, and refuse them for others."""
    given = {"feed": feed, "query": query, "tables": tables}
    if name == "sql":
        for key, value in given.items():
            if not value:
                raise ValueError(f"the format sql needs the key {key!r}")
    elif query or tables:
        raise ValueError(f"`query` and `tables` are for `format: sql`, and this source has the format {name}")


def statement_of(path: Path) -> str:
    """Return the text of the file of a query.

    Raises:
        ValueError: The file cannot be read or is empty.
    """
    try:
        text = path.read_text(encoding="utf-8-sig").strip().rstrip(";")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    if not text:
        raise ValueError(f"{path} is empty")
    return text
