"""SQL page: an editor, its answer as table, chart and file, and the tables with their descriptions.

A query runs in the sandbox of `orderhouse sql`, in a process of its own, with the role of the person.
"""

from __future__ import annotations

import streamlit as st
from shared import views
from shared.layout import section, start

from app_pages import sql_answer, sql_tables

EXAMPLE = "select stage, count(*) as orders from ops.orders group by stage order by orders desc"


def keep() -> None:
    """Keep the statement in the address, so that reload, Back and saved queries show it."""
    st.query_params["sql"] = st.session_state["sql"]


version = start("SQL", "Which question has no page? Ask it of the published tables. Nothing can be changed here.")
left, right = st.columns([3, 2])
with left, section("Query", "One statement that reads. Control + Enter runs it."):
    asked = st.query_params.get("sql", EXAMPLE)
    # Set only if it differs: what is typed and not run stays.
    if st.session_state.get("sql") != asked:
        st.session_state["sql"] = asked
    with st.form("sql_form", border=False, enter_to_submit=True):
        query = st.text_area("Statement", key="sql", height=200, label_visibility="collapsed")
        is_asked = st.form_submit_button("Run", icon=":material/play_arrow:", type="primary", on_click=keep)
    views.offer("sql")
    sql_answer.limits(version)
with right, section("Tables", "The tables and columns that your role reads, with their meaning."):
    sql_tables.browse(version)
with section("Answer"):
    sql_answer.show(version, query.strip(), is_asked=is_asked)
