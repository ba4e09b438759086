"""Contents of exported files: rows compared in any order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

__all__ = ["content_of"]


def content_of(format: str, paths: Sequence[Path]) -> object:
    """Return the number of rows in CSV or Parquet files, and a hash of them that does not depend on their order."""
    reader = "read_parquet(?, hive_partitioning = false)"
    if format == "csv":
        reader = "read_csv(?, header = true, all_varchar = true, hive_partitioning = false, allow_quoted_nulls = false)"
    with duckdb.connect() as connection:
        return connection.execute(
            f"select count(*), sum(hash(content)::hugeint), bit_xor(hash(content)) from {reader} as content",  # noqa: S608
            [[str(path) for path in paths]],
        ).fetchone()
