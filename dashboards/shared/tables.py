"""Tables: all rows of a short result, sorted by their headings and opened by click or keyboard.

A result that can be long belongs in `listing`, which sorts and pages in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Literal

import polars as pl
import streamlit as st

from shared import grid
from shared.access import Row
from shared.columns import FILE, Column, column, word
from shared.formats import count
from shared.layout import empty

__all__ = ["FILE", "Column", "column", "table", "word"]

HEIGHT = 420


def table(
    frame: pl.DataFrame,
    columns: Mapping[str, Column],
    *,
    key: str,
    nothing: str,
    of: int | None = None,
    select: str | None = None,
    height: int | Literal["auto", "content"] = "auto",
) -> Row | None:
    """Show rows with readable words and local times.

    Args:
        frame: The rows, already limited by SQL.
        columns: Description of each column, in order. Other columns stay hidden.
        key: Widget key, unique on the page.
        nothing: Sentence to show if there are no rows.
        of: Number of rows without the limit, shown below the table.
        select: Sentence about the effect of opening a row. Without it no row can be opened.
        height: Most height in pixels; `content` for no limit.

    Returns:
        The row that the reader has just opened, as stored.
    """
    if frame.is_empty():
        empty(nothing)
        return None
    order: tuple[str, bool] | None = st.session_state.get(f"{key}.order")
    if order and order[0] in frame.columns:
        frame = frame.sort(order[0], descending=order[1], nulls_last=True, maintain_order=True)
    grid.show(
        frame,
        columns,
        key=key,
        ids=[str(position) for position in range(frame.height)],
        opens=select,
        order=order,
        on_sort=partial(_sort, key),
        height=height if isinstance(height, int) else HEIGHT if height == "auto" else None,
    )
    hints = []
    if of and of > frame.height:
        hints.append(f"First {count(frame.height)} of {count(of)} rows. Narrow the filters, or use Exports.")
    if select:
        hints.append(select)
    if hints:
        st.caption("  \n".join(hints))
    picked = grid.opened(key)
    return frame.row(int(picked), named=True) if picked is not None and int(picked) < frame.height else None


def _sort(key: str, name: str) -> None:
    """Sort by a column, or turn its order around."""
    before = st.session_state.get(f"{key}.order")
    st.session_state[f"{key}.order"] = (name, before is not None and before == (name, False))
