"""Declarations of sources whose rows another program puts into a table of a database.

Each check raises ValueError with a clause; `sources_file` makes a sentence of it, with file and line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orderhouse.errors import OrderhouseError

__all__ = ["DatabaseTable", "require_table"]

PATTERN = re.compile(r"[*?\[]|://")


class DatabaseTable(BaseModel):
    """A table of a DuckDB file or a PostgreSQL database.

    Attributes:
        database: Path of the DuckDB file, from the folder of the sources file.
        database_env: Environment variable with the address of the PostgreSQL database, or with a path.
        name: Name of the table, with its schema or without.
        cursor: Column that grows with every row that is added or changed, such as an instant of loading or a serial
            number.
        overlap: Seconds, or units of a whole number, from which rows before the last cursor are read again: rows of
            transactions that ended late.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: str | None = None
    database_env: str | None = None
    name: Annotated[str, Field(min_length=1)]
    cursor: Annotated[str, Field(min_length=1)]
    overlap: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.database is None) == (self.database_env is None):
            raise ValueError(
                "give `database`, the path of a DuckDB file, or `database_env`, a variable with an address"
            )
        if self.database and "://" in self.database:
            raise ValueError("an address may hold a password; name an environment variable that has it: `database_env`")
        return self

    def address(self, base: Path) -> str:
        """Return the path of the file, or the address of the database.

        Args:
            base: Folder from which a relative path is meant.

        Raises:
            OrderhouseError: The environment variable is not set.
        """
        found = self.database or os.environ.get(self.database_env or "")
        if not found:
            raise OrderhouseError(f"The variable {self.database_env}, with the database of {self.name}, is not set.")
        return found if "://" in found else str(base / Path(found).expanduser())


def require_table(name: str, feed: str | None, table: DatabaseTable | None, path: Sequence[str]) -> None:
    """Require the keys of a table for the format `table`, and refuse them for others."""
    if name != "table":
        if table is not None:
            raise ValueError(f"`table` is for `format: table`, and this source has the format {name}")
        return
    for key, value in (("feed", feed), ("table", table)):
        if not value:
            raise ValueError(f"the format table needs the key {key!r}")
    if len(path) != 1 or PATTERN.search(path[0]):
        raise ValueError("the format table needs one folder as `path`, in which each batch of rows becomes a file")
