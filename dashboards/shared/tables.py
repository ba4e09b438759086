"""Tables: descriptions of columns, and rows that can be sorted, searched, downloaded and picked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

import polars as pl
import streamlit as st
from streamlit.typing import DataframeState

from shared.access import Row, Version
from shared.colours import WORD_COLOURS
from shared.formats import compact, label
from shared.layout import empty

if TYPE_CHECKING:
    # Streamlit has no public name for the type that its column functions return.
    from streamlit.elements.lib.column_types import ColumnConfig

__all__ = ["FILE", "Column", "column", "table", "word"]

Column: TypeAlias = "ColumnConfig"

# Text columns whose words `label` writes, besides those that end in `status` or `_class`.
WORD_COLUMNS = (
    "stage",
    "severity",
    "code",
    "kind",
    "axis",
    "feed",
    "event",
    "lifecycle",
    "segment",
    "category",
    "channel",
    "break_type",
    "stockout_risk",
    "method",
    "recognition_clock",
    "clock_or_account",
    "measure",
    "preferred_channel",
    "owner",
    "status",
)


def column(
    name: str, tip: str | None = None, *, unit: str | None = None, per_cent: bool = False, digits: int | None = None
) -> Column:
    """Describe a table column by its heading with the unit, its definition and, for numbers, its decimal digits."""
    heading = f"{name} ({unit})" if unit else name
    if per_cent:
        return st.column_config.NumberColumn(heading, help=tip, format="percent", step=0.001)
    if digits is not None:
        return st.column_config.NumberColumn(heading, help=tip, format=f"%,.{digits}f")
    return st.column_config.Column(heading, help=tip)


def word(name: str, tip: str | None = None) -> Column:
    """Describe a column of stored words that are shown as coloured labels."""
    return st.column_config.MultiselectColumn(
        name, help=tip, options=[label(known) for known in WORD_COLOURS], color=list(WORD_COLOURS.values())
    )


# A table shows the path last: paths are long, and the file name already tells files apart.
FILE = {
    "file_name": column("File", "File name. The folder is in the last column."),
    "path": column("Path", "Path where the file was found. Double-click a cell to see it in full."),
}


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
        select: Sentence about the effect of picking a row. Without it no row can be picked.
        height: Height in pixels, or a sizing word of Streamlit.

    Returns:
        The picked row, as stored.
    """
    if frame.is_empty():
        empty(nothing)
        return None
    picked = _show(frame, columns, key, height, can_pick=select is not None)
    hints = []
    if of and of > frame.height:
        hints.append(
            f"First {frame.height:,} of {compact(of)} rows. Narrow the filters, or download all rows from Exports."
        )
    if select:
        hints.append(select)
    if hints:
        st.caption("  \n".join(hints))
    # The selection can outlive the rows: it keeps its position when a filter shortens the table.
    return frame.row(picked, named=True) if picked is not None and picked < frame.height else None


def _show(
    frame: pl.DataFrame,
    columns: Mapping[str, Column],
    key: str,
    height: int | Literal["auto", "content"],
    *,
    can_pick: bool,
) -> int | None:
    """Show the rows, and return the position of the picked one."""
    shown = _readable(frame.select(list(columns)), [name for name in columns if _is_coloured(columns[name])])
    settings = {name: _with_date_format(described, shown.schema[name]) for name, described in columns.items()}
    on_select: Literal["rerun", "ignore"] = "rerun" if can_pick else "ignore"
    state = st.dataframe(
        shown,
        hide_index=True,
        column_config=settings,
        key=key,
        height=height,
        placeholder="–",
        on_select=on_select,
        selection_mode="single-row",
        alt=key.replace("_", " "),
    )
    if not isinstance(state, DataframeState):
        return None
    return next(iter(state.selection.rows), None)


def _readable(frame: pl.DataFrame, coloured: list[str]) -> pl.DataFrame:
    """Return the frame with local times, words as `label` writes them, and lists in the coloured columns."""
    version: Version = st.session_state["version"]
    local = pl.selectors.datetime().dt.replace_time_zone("UTC").dt.convert_time_zone(version.time_zone)
    words = [_labelled(frame[name]) for name in frame.columns if name in coloured or _is_word(frame, name)]
    chips = [pl.when(pl.col(name).is_not_null()).then(pl.concat_list(name)).alias(name) for name in coloured]
    return frame.with_columns(local.dt.replace_time_zone(None), *words).with_columns(chips)


def _with_date_format(described: Column, kind: pl.DataType) -> Column:
    """Return the description of a column, with a format if it holds instants or days."""
    if isinstance(kind, pl.Datetime):
        return st.column_config.DatetimeColumn(
            described.get("label"), help=described.get("help"), format="D MMM YYYY, HH:mm"
        )
    if kind == pl.Date:
        return st.column_config.DateColumn(described.get("label"), help=described.get("help"), format="D MMM YYYY")
    return described


def _is_coloured(described: Column) -> bool:
    settings = described.get("type_config")
    return settings is not None and settings["type"] == "multiselect"


def _is_word(frame: pl.DataFrame, name: str) -> bool:
    return frame.schema[name] == pl.String and (name.endswith(("status", "_class")) or name in WORD_COLUMNS)


def _labelled(words: pl.Series) -> pl.Series:
    known = words.drop_nulls().unique().to_list()
    return words.replace_strict(known, [label(word) for word in known], default=None, return_dtype=pl.String)
