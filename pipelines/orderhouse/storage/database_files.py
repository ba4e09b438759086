"""Creation of DuckDB files, each whole or not at all.

DuckDB writes the headers of a new file one by one. A process that is killed in between, or meets a full disk, leaves
a file that can never be opened again. So a new file is made under another name and renamed.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

__all__ = ["make_database"]


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
