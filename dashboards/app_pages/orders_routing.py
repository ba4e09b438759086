"""Routing proposals of one order, below its lines: what is proposed, and the way to accept it."""

from __future__ import annotations

import streamlit as st
from shared.access import DataMissing, Version
from shared.formats import counted
from shared.people import open_page, signed_in

__all__ = ["show"]

PROPOSED = """
    select line_id, warehouse_id, quantity from marts.fct_routing_proposals where order_id = ?
    order by try_cast(line_id as bigint) nulls last, line_id, warehouse_id
"""


def show(version: Version, order_id: str) -> None:
    """Say from which warehouses units of the order are proposed to leave."""
    try:
        found = version.rows(PROPOSED, (order_id,))
    except DataMissing:  # a role that does not see them, or a version of an earlier release
        return
    if found.is_empty():
        return
    said = [f"{counted(units, 'unit')} of line {line} from {place}" for line, place, units in found.iter_rows()]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/alt_route: Routing proposes {', '.join(said)}.", width="content")
        is_open = signed_in().role.opens("routing")
        if is_open and st.button("See why", key="proposals_of_order", icon=":material/alt_route:", type="tertiary"):
            open_page("routing", {"proposals_of": order_id})
