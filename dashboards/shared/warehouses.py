"""Choice of the warehouse of a route."""

from __future__ import annotations

import streamlit as st

from shared.access import DataMissing, Version
from shared.formats import label

__all__ = ["ask"]


def ask(version: Version) -> str | None:
    """Ask for one of the warehouses that hold stock; without them, for its id."""
    try:
        known = version.rows("select distinct warehouse_id from marts.fct_inventory_positions order by all")
        names = [each for each in known["warehouse_id"].drop_nulls().to_list() if each != "unassigned"]
    except DataMissing:
        names = []
    if names:
        chosen: str | None = st.selectbox("Warehouse", names, format_func=label, key="warehouse_route")
        return chosen
    return st.text_input("Warehouse", key="warehouse_route").strip() or None
