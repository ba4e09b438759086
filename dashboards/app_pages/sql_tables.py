"""Browser of the tables that the role reads: columns with types and descriptions."""

from __future__ import annotations

import polars as pl
import streamlit as st
from orderhouse.serve.descriptions import TableText, table_texts
from shared.access import Version
from shared.formats import counted
from shared.tables import column, table

__all__ = ["browse"]

NONE = TableText("", {})


def browse(version: Version) -> None:
    """Show the columns of the chosen table, or the tables whose columns or descriptions have a word."""
    tables = version.tables()
    if not tables:
        st.caption("Your role reads no table.")
        return
    word = st.text_input(
        "Find", key="sql_find", icon=":material/search:", placeholder="Part of a name or description",
        label_visibility="collapsed",
    ).strip()  # fmt: skip
    if word:
        _found(version, tables, word.casefold())
        return
    chosen = st.selectbox("Table", tables, key="sql_table", label_visibility="collapsed")
    texts = table_texts().get(chosen, NONE)
    st.caption(texts.description)
    _list([(name, kind, texts.columns.get(name, "")) for name, kind in version.columns(chosen).items()])


def _found(version: Version, tables: list[str], word: str) -> None:
    """List the columns of all tables that have a word in their name or description."""
    rows = [
        (f"{table}.{name}", kind, table_texts().get(table, NONE).columns.get(name, ""))
        for table in tables
        for name, kind in version.columns(table).items()
    ]
    found = [row for row in rows if word in row[0].casefold() or word in row[2].casefold()]
    if found:
        st.caption(f"{counted(len(found), 'column')}.")
        _list(found)
    else:
        st.caption("No column of your tables has this word.")


def _list(rows: list[tuple[str, str, str]]) -> None:
    table(
        pl.DataFrame(rows, schema=["name", "type", "meaning"], orient="row"),
        {"name": column("Column"), "type": column("Type"), "meaning": column("Meaning")},
        key="sql_columns",
        nothing="No column.",
        height=300,
    )
