"""Reading of built tables as frames, for predictors."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import polars as pl

__all__ = ["frame_of"]


def frame_of(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None
) -> pl.DataFrame:
    """Return the result of a query as a frame."""
    relation = connection.sql(query, params=dict(parameters)) if parameters else connection.sql(query)
    return pl.DataFrame(pl.from_arrow(relation.to_arrow_table()))
