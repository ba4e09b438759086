"""DuckDB files come into being whole.

DuckDB writes a new file's headers one by one: a process that ends in between, killed or on a full disk, leaves a file
that can never be opened again. So a new file is made under another name and renamed.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

__all__ = ["make_database"]


def make_database(path: Path) -> None:
    """Make an empty database file, unless there is one.

    Raises:
        duckdb.Error: It cannot be written.
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
