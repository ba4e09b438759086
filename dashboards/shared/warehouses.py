"""Choice of the warehouse of a route."""

from __future__ import annotations

import streamlit as st

from shared.access import DataMissing, Version
from shared.formats import label

__all__ = ["ask"]


def ask(version: Version) -> str | None:
    """Ask for one of the warehouses that a feed names; a role that does not see them is asked for the id."""
    try:
        names = version.rows("select warehouse_id from ops.warehouses order by all")["warehouse_id"].to_list()
    except DataMissing:
        names = []
    if names:
        chosen: str | None = st.selectbox("Warehouse", names, format_func=label, key="warehouse_route")
        return chosen
    return st.text_input("Warehouse", key="warehouse_route").strip() or None
