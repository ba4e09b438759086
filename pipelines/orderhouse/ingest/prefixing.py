"""Ids of two sources do not meet: what a source puts before the ids that it, or its shop, gave out.

Which columns hold ids is said by the contracts, what goes before them by the source; here the two are put together.
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
    """The frame with prefixed ids, as text; what is empty stays empty.

    What stands in for an order, a payment's parent, is no order number and gets the prefix of the parent. The mark of
    an erased value gets none, for it would no longer be read as one.

    Args:
        frame: Columns of one feed; text must be clean.
        prefixes: Id columns to their prefix, as `Source.id_prefixes` gives them; nothing happens if there are none.
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
