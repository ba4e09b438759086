"""Answer of a query: its first rows, a chart of them, and the whole answer as CSV."""

from __future__ import annotations

from typing import Literal

import altair as alt
import polars as pl
import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.serve.apart import Shown, answer_apart, csv_apart
from shared.access import Version
from shared.formats import count, decimal, label
from shared.layout import empty
from shared.people import signed_in

__all__ = ["limits", "show"]

MOST_ROWS = 5_000
MOST_MARKS = 1_000
Kind = Literal["temporal", "quantitative", "nominal"]
KINDS = ("Table", "Columns", "Line", "Points")
# What this browser asked last: statement, version and answer or sentence.
ASKED = "sql_asked"


def limits(version: Version) -> None:
    """Say what a query may use."""
    settings = version.settings
    st.caption(
        f"A query may take {count(settings.query_seconds)} seconds, {settings.query_memory_limit} of memory and "
        f"{settings.query_spill_limit} of disk, and sees what your role, {version.role.name}, sees of version "
        f"{version.number}. Instants are in UTC. The page shows {count(MOST_ROWS)} rows; the CSV has up to "
        f"{count(settings.query_rows)}."
    )


def show(version: Version, query: str, *, is_asked: bool) -> None:
    """Run a query when it is asked, and show the answer to the last one."""
    if is_asked:
        st.session_state[ASKED] = (query, version.number, _ask(version, query))
    query, number, answer = st.session_state.get(ASKED, (query, version.number, None))
    if answer is None:
        empty("Write a statement and press Run.")
    elif isinstance(answer, str):
        st.error(answer, icon=":material/error:")
    else:
        if number != version.number:
            st.warning(f"This answer is of version {number}. Run the query again to ask version {version.number}.")
        _show(version, query, answer)


def _ask(version: Version, query: str) -> Shown | str:
    """Return the first rows, or the sentence that says why there are none. People who sign in are recorded."""
    person = signed_in()
    try:
        if person.signs_in:
            person.record("query", query)
        with st.spinner("Running the query…", show_time=True):
            return answer_apart(
                version.settings, query, role=version.role, version=version.number, rows=MOST_ROWS
            )  # fmt: skip
    except OrderhouseError as error:
        return error.message


def _show(version: Version, query: str, answer: Shown) -> None:
    found = answer.rows
    more = "" if answer.is_whole else f" The page shows the first {count(MOST_ROWS)} only."
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = st.segmented_control(
            "Show", KINDS, default="Table", required=True, key="sql_kind", label_visibility="collapsed"
        )
        if signed_in().role.exports:
            st.download_button(
                "Whole answer as CSV",
                data=lambda: _csv(version, query),
                file_name="answer.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
            )
    rows = "1 row" if found.height == 1 else f"{count(found.height)} rows"
    st.caption(f"{rows} in {decimal(answer.seconds, 1)} seconds.{more}")
    if kind == "Table":
        st.dataframe(found, hide_index=True, placeholder="–", key="sql_answer", alt="answer of the query")
    else:
        _chart(found, kind or "Columns")


def _csv(version: Version, query: str) -> bytes:
    """Return the whole answer as CSV, and record that it was exported."""
    signed_in().record("export", "query", query=query, format="csv")
    return csv_apart(version.settings, query, role=version.role, version=version.number)


def _chart(found: pl.DataFrame, kind: str) -> None:
    """Draw two chosen columns of the answer. The vertical one is a number."""
    numbers = [name for name, dtype in found.schema.items() if dtype.is_numeric()]
    if not numbers or found.width < 2:
        empty("A chart needs a column of numbers and one more column.")
        return
    others = [name for name in found.columns if name not in numbers] or found.columns
    with st.container(horizontal=True):
        x = st.selectbox("Across", found.columns, index=found.columns.index(others[0]), key="sql_x", width=220)
        y = st.selectbox("Up", numbers, index=len(numbers) - 1, key="sql_y", width=220)
        colour = st.selectbox("Colour", found.columns, index=None, key="sql_colour", placeholder="One", width=220)
    names = list(dict.fromkeys(name for name in (x, y, colour) if name))
    drawn = (
        found.select(names).head(MOST_MARKS).drop_nulls([x, y]).with_columns(pl.selectors.decimal().cast(pl.Float64))
    )
    if found.height > MOST_MARKS:
        st.caption(f"The chart shows the first {count(MOST_MARKS)} rows.")
    base = alt.Chart(drawn)
    marks = {"Columns": base.mark_bar(), "Line": base.mark_line(point=True), "Points": base.mark_circle(size=60)}
    encoding = {
        "x": alt.X(_named(x), type=_type(drawn.schema[x]), sort=None, title=label(x)),
        "y": alt.Y(_named(y), type="quantitative", title=label(y)),
        "tooltip": [alt.Tooltip(_named(name), type=_type(drawn.schema[name]), title=label(name)) for name in names],
    }
    if colour:
        encoding["color"] = alt.Color(_named(colour), type="nominal", title=label(colour))
    st.altair_chart(marks[kind].encode(**encoding).properties(height=340))


def _named(column: str) -> str:
    """Return a column's name so that Vega reads it as one name: dots, brackets and colons are no syntax in it."""
    return column.replace("\\", "\\\\").replace(".", "\\.").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def _type(dtype: pl.DataType) -> Kind:
    if dtype.is_temporal():
        return "temporal"
    return "quantitative" if dtype.is_numeric() else "nominal"
