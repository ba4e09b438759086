"""Grid: an HTML table whose rows open by click, Enter or Space, whose headings sort, and whose rows can be ticked.

Streamlit's own table is a canvas: it cuts numbers that are wider than their column, its rows do not open by keyboard,
and screen readers and Ctrl-F do not find its text. The grid knows nothing of queries: `tables` shows short tables
with it, and `listing` pages of long lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import polars as pl
import streamlit as st

from shared.columns import Column, is_number, written

__all__ = ["opened", "show"]

_GRID = st.components.v2.component(
    "orderhouse_grid",
    html="<div class='scroll' role='region'>\n</div>",
    css=Path(__file__).with_name("grid.css").read_text(encoding="utf-8"),
    js=Path(__file__).with_name("grid.js").read_text(encoding="utf-8"),
)


def show(
    frame: pl.DataFrame,
    columns: Mapping[str, Column],
    *,
    key: str,
    ids: Sequence[str],
    opens: str | None = None,
    ticks: bool = False,
    order: tuple[str, bool] | None = None,
    on_sort: Callable[[str], None] | None = None,
    height: int | None = None,
) -> list[str]:
    """Show rows, and return the ids of the ticked ones.

    Args:
        frame: The rows.
        columns: Description of each column, in order. Other columns stay hidden.
        key: Widget key, unique in the app. With spaces for `_`, it names the table for screen readers.
        ids: Id of each row, unique in the table.
        opens: Effect of a click on a row, such as "Open the order". Without it rows do not open.
        ticks: True to offer a box to tick for each row.
        order: The column that the rows are sorted by, and True if it descends.
        on_sort: Called with the column whose heading was clicked. Without it headings do not sort.
        height: Most height in pixels; rows beyond it scroll.
    """
    component = f"{key}.grid"
    before = st.session_state.get(component) or {}
    state = _GRID(
        key=component,
        data={
            "caption": key.replace("_", " "),
            "columns": [
                _described(name, each, frame.schema[name], order, is_sortable=on_sort is not None)
                for name, each in columns.items()
            ],
            "rows": list(zip(*(written(frame, name, each) for name, each in columns.items()), strict=True)),
            "ids": list(ids),
            "opens": opens,
            "ticks": ticks,
            "ticked": before.get("ticked") or [],
            "height": height,
        },
        on_opened_change=lambda: _remember(key),
        on_sorted_change=lambda: on_sort(st.session_state[component]["sorted"]) if on_sort else None,
        on_ticked_change=lambda: None,
    )
    shown = set(ids)
    return [each for each in state.get("ticked") or [] if each in shown]


def opened(key: str) -> str | None:
    """Return the id of the row that the reader has just opened, once."""
    found: str | None = st.session_state.pop(f"{key}.opened", None)
    return found


def _remember(key: str) -> None:
    st.session_state[f"{key}.opened"] = st.session_state[f"{key}.grid"]["opened"]


def _described(
    name: str, described: Column, kind: pl.DataType, order: tuple[str, bool] | None, *, is_sortable: bool
) -> dict[str, object]:
    is_sorted = order is not None and order[0] == name
    return {
        "name": name,
        "heading": described.heading,
        "tip": described.tip,
        "align": "right" if is_number(described, kind) else "",
        "sortable": is_sortable,
        "sorted": ("desc" if order and order[1] else "asc") if is_sorted else None,
    }
