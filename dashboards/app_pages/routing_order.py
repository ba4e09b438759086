"""Proposals of one order with their reasons, and their acceptance."""

from __future__ import annotations

import streamlit as st
from shared import acting
from shared.access import Version
from shared.columns import column
from shared.formats import counted, instant, per_cent
from shared.layout import back
from shared.listing import Listed, listing
from shared.people import open_page

from app_pages import routing_accepting, routing_filters
from app_pages.routing_filters import MOVE, PROMISE, Matching

__all__ = ["show"]


def show(version: Version, order_id: str) -> None:
    """Show the proposals of an order, what is pending on it, and offer to accept them."""
    back("All proposals", "proposals_of")
    st.title(f"Routing of order {order_id}", anchor=False)
    matching = routing_filters.of_order(version, order_id)
    _summary(version, matching)
    _pending(version, order_id)
    listed = _listed(version, matching)
    if listed.total:
        routing_accepting.many(version, matching, listed)
    else:
        acting.show_answers()
    if st.button("Open the order", icon=":material/receipt_long:"):
        open_page("orders", {"order": order_id})


def _summary(version: Version, matching: Matching) -> None:
    sql = f"""
        select count(*) as proposals, count(distinct warehouse_id) as warehouses, max(gap_rate) as gap_rate,
            min(policy) as policy, min(placed_at) as placed_at, min(ship_country) as country,
            min(origin_at) as origin_at
        from ({matching.sql}) as matching
    """  # noqa: S608 - a fixed query
    found = version.row(sql, matching.parameters)
    if not found["proposals"]:
        return
    gap = f"at most {per_cent(found['gap_rate'])} from the best" if found["gap_rate"] else "proved to be the best"
    zone = version.time_zone
    st.caption(
        f"Placed {instant(found['placed_at'], zone)} to {found['country'] or 'an unknown country'} · "
        f"{counted(found['warehouses'], 'warehouse')} · policy {found['policy']}, {gap} · "
        f"solved for {instant(found['origin_at'], zone)}"
    )


def _pending(version: Version, order_id: str) -> None:
    situation = acting.of_orders(version, [order_id]).get(order_id)
    if situation is not None and situation.state.pending:
        lines = "\n".join(f"- {acting.pending_line(version, each)}" for each in situation.state.pending)
        st.warning(f"Pending until the next run:\n\n{lines}", icon=":material/schedule:")


def _listed(version: Version, matching: Matching) -> Listed:
    return listing(
        version,
        matching.sql,
        matching.parameters,
        {
            **MOVE,
            "reason": column("Why"),
            **PROMISE,
            "days_left": column("Days left", "From the clock to the end of the promise.", digits=1),
            "days_p90": column("Takes at most", "Nine of ten parcels of the lane.", unit="days", digits=1),
            "cost_amount_reporting": column(
                "Cost", "Mean cost of a parcel of the lane.", unit=version.currency, is_amount=True
            ),
            "cover_days": column("Cover", "Days that the free stock of the warehouse lasts.", unit="days", digits=0),
            "undecided_quantity": column("To route", "Units of the line that no warehouse is decided for.", digits=0),
            "accepted_by": column("Accepted by"),
        },
        key="proposals_of_order",
        unique="row_id",
        sort="line_id",
        ties="warehouse_id",
        noun="proposals",
        prefix="order_",
        nothing="No unit of this order waits for a warehouse that has its stock.",
        ticks=True,
    )
