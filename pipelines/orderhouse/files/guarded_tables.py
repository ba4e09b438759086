"""Guard of the texts of a whole table; the guard itself belongs to `formula_guard`, which starts without polars."""

from __future__ import annotations

import polars as pl

from orderhouse.files.formula_guard import FORMULA, GUARD

__all__ = ["guarded_columns", "unguarded_columns"]


def guarded_columns(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table whose texts are guarded."""
    text = pl.col(pl.String)
    return table.with_columns(
        pl.when(text.str.contains(FORMULA)).then(pl.lit(GUARD) + text).otherwise(text).name.keep()
    )


def unguarded_columns(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table of guarded texts as they were."""
    return table.with_columns(pl.col(pl.String).str.strip_prefix(GUARD))
