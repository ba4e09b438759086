"""Creation and copying of DuckDB files, each whole or not at all.

DuckDB writes the headers of a new file one by one. A process that is killed in between, or meets a full disk, leaves
a file that can never be opened again. So a new file is made under another name and renamed.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import duckdb

__all__ = ["compact", "make_database"]


def make_database(path: Path) -> None:
    """Create an empty database file, unless it exists.

    Raises:
        duckdb.Error: The file cannot be written.
    """
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    try:
        duckdb.connect(str(draft)).close()
    except duckdb.Error:
        draft.unlink(missing_ok=True)
        raise
    draft.replace(path)


def compact(path: Path, *, row_group: int = 122_880) -> None:
    """Copy a database into a new file in its place, because a database file keeps the bytes of deleted rows.

    No other process may have it open. A kill at any moment leaves the old file or the new one.

    Args:
        path: The database.
        row_group: Rows of a row group of the new file.
    """
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    mode = path.stat().st_mode & 0o777
    with contextlib.closing(duckdb.connect(":memory:")) as connection:
        location, new = (str(each).replace("'", "''") for each in (path, draft))
        connection.execute(f"attach '{location}' as old")
        connection.execute("checkpoint old")  # so that no log of the old file is left beside the new one
        connection.execute(f"attach '{new}' as copied (row_group_size {row_group})")
        draft.chmod(mode)
        connection.execute("copy from database old to copied")
        connection.execute("detach copied")
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
