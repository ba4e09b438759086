"""Prefixes of ids, so that equal ids of two sources or shops stay apart.

The contracts declare which columns hold ids, the sources declare the prefixes. This module applies them.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from orderhouse.contracts.parsing import as_text
from orderhouse.vault.vault import TOKEN_MARK

__all__ = ["with_prefixes"]

ORDER = "order_id"
PARENT = "parent_payment_id"


def with_prefixes(frame: pl.DataFrame, prefixes: Mapping[str, str]) -> pl.DataFrame:
    """Return the frame with prefixed ids, as text. Empty ids stay empty.

    A payment's parent id that stands in `order_id` gets the prefix of parent ids. The mark of an erased value gets no
    prefix, since it could not be recognised with one.

    Args:
        frame: Columns of one feed; text must be trimmed, and null where empty.
        prefixes: The prefix of each id column, from `Source.id_prefixes`; without any the frame is returned unchanged.
    """
    names = [name for name in prefixes if name in frame.columns]
    if not names:
        return frame
    texts = frame.with_columns(as_text(frame[name]) for name in names)
    return texts.with_columns(_prefixed(name, prefixes, texts) for name in names)


def _prefixed(name: str, prefixes: Mapping[str, str], frame: pl.DataFrame) -> pl.Expr:
    column = pl.col(name)
    prefix = pl.lit(prefixes[name])
    if name == ORDER and PARENT in frame.columns:
        prefix = pl.when(column == pl.col(PARENT)).then(pl.lit(prefixes[PARENT])).otherwise(prefix)
    return pl.when(column.str.contains(f"^{TOKEN_MARK}$")).then(column).otherwise(prefix + column).alias(name)
