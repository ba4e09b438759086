"""Open proposals: how they were made, and their list. Their reasons are in `routing_order`."""

from __future__ import annotations

import streamlit as st
from orderhouse.predict.routing.limits import DECISION_SECONDS
from shared import acting
from shared.access import Row, Version
from shared.columns import column
from shared.formats import count, instant, per_cent
from shared.layout import Figure, empty, figures
from shared.listing import Listed, listing

from app_pages import routing_accepting, routing_filters
from app_pages.routing_filters import MOVE, PROMISE, Matching

__all__ = ["proposals"]

TOTALS = """
    select count(*) as proposals, count(distinct order_id) as orders, sum(quantity) as units,
        count(distinct (order_id, warehouse_id)) as parcels,
        count(*) filter (promise = 'in_time') as in_time, count(*) filter (promise <> 'none') as promised
    from ({sql}) as matching
"""
LATEST = """
    select model, origin_at, compute_seconds,
        (select max(gap_rate) from marts.fct_routing_proposals) as gap_rate,
        (select count(*) from marts.fct_routing_proposals) as proposals
    from marts.fct_prediction_runs where predictor = 'routing' and is_latest
"""


def proposals(version: Version) -> None:
    """Show the proposals that match, and offer to accept them. An opened row leads to those of its order."""
    latest = version.row(LATEST)
    if not latest["proposals"]:
        acting.show_answers()
        empty(
            "No proposal is open: no open line waits for a warehouse that has its stock."
            if latest["model"]
            else "No proposal has been made: no open line has waited for a warehouse that has its stock."
        )
        return
    _made(version, latest)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        matching = routing_filters.ask(version)
    _figures(version, matching)
    listed = _listed(version, matching)
    if listed.total:
        routing_accepting.many(version, matching, listed)
    else:
        acting.show_answers()
    if listed.opened:
        st.query_params["proposals_of"] = listed.opened["order_id"]
        st.rerun()


def _made(version: Version, latest: Row) -> None:
    """Say when, how and how well the proposals were made."""
    gap, (solver, _, policy) = latest["gap_rate"], latest["model"].rpartition(", ")
    quality = f"the first aim could be at most {per_cent(gap)} better" if gap else "the plan is proved to be the best"
    st.caption(
        f"Solved for the clock {instant(latest['origin_at'], version.time_zone)}, under the policy {policy}, by "
        f"{solver} in {latest['compute_seconds']:.1f} s: {quality}. The solver may work {DECISION_SECONDS:g} "
        "deterministic seconds. Each run solves anew."
    )


def _figures(version: Version, matching: Matching) -> None:
    totals = version.row(TOTALS.format(sql=matching.sql), matching.parameters)
    promised = totals["promised"]
    figures(
        [
            Figure("Proposals", count(totals["proposals"]), "Proposals that match the filters."),
            Figure("Orders", count(totals["orders"]), "Orders with a matching proposal."),
            Figure("Units", count(totals["units"] or 0), "Units of the matching proposals."),
            Figure("Parcels", count(totals["parcels"]), "Orders by proposed warehouse: one parcel each."),
            Figure(
                "In time",
                per_cent(totals["in_time"] / promised if promised else None),
                "Share of the proposals with a promise and a known time that would probably keep it.",
            ),
        ]
    )


def _listed(version: Version, matching: Matching) -> Listed:
    return listing(
        version,
        matching.sql,
        matching.parameters,
        {
            "order_id": column("Order"),
            **MOVE,
            "parcels_count": column("Parcels", "Parcels of the order, with those that leave anyway.", digits=0),
            **PROMISE,
            "cost_amount_reporting": column(
                "Cost", "Mean cost of a parcel of the lane.", unit=version.currency, is_amount=True
            ),
            "cover_days": column(
                "Cover", "Days that the free stock of the warehouse lasts. Empty without demand.", unit="days", digits=0
            ),
            "placed_at": column("Placed"),
            "channel": column("Channel"),
            "ship_country": column("Country"),
            "policy": column("Policy"),
            "gap_rate": column("Gap", "How much better the first aim could at most be.", per_cent=True),
            "origin_at": column("Solved for"),
            "accepted_by": column("Accepted by"),
        },
        key="routing_proposals",
        unique="row_id",
        sort="placed_at",
        ties="order_id, line_id, warehouse_id",
        noun="proposals",
        nothing="No proposal matches the filters.",
        opens="See why, and all proposals of the order",
        ticks=True,
        choosable=True,
    )
