"""Routing page: proposals and their acceptance, routes that were taken, lane estimates, and simulation of policies.

Each view is a module `routing_…`. Proposals are made by each run; see `orderhouse.predict.routing`.
"""

from __future__ import annotations

import streamlit as st
from shared import address
from shared.layout import section, start

from app_pages import routing_estimates, routing_order, routing_proposals, routing_simulation, routing_taken

VIEWS = ("Proposals", "Routes taken", "Estimates", "Simulation")


def show() -> None:
    """Show the chosen view of the page."""
    version = start(
        "Routing", "From which warehouse open lines are to leave, and what another policy would have given."
    )
    view = address.segment("routing_view", "View", VIEWS, "Proposals", written=str, hides_heading=True)
    if view == "Routes taken":
        with section(
            "Routes taken",
            "Routes of operators, the latest first. The next run folds a pending one in, or rejects it.",
        ):
            routing_taken.routes(version)
    elif view == "Estimates":
        with section(
            "How good have the estimates been?",
            "Six periods of 28 days: the estimates of the first day against the parcels that left.",
        ):
            routing_estimates.accuracy(version)
        with section("Estimates now", "What routing expects of a further parcel, from the parcels of the last year."):
            routing_estimates.lanes(version)
    elif view == "Simulation":
        with section(
            "What would another policy have given?",
            "Past orders are decided on day by day against the stock as it was, once under each policy.",
        ):
            routing_simulation.simulation(version)
    else:
        with section(
            "Which proposals are open?",
            "One row per line and warehouse. Nothing changes until a proposal is accepted as a route.",
        ):
            routing_proposals.proposals(version)


chosen = st.query_params.get("proposals_of")
if chosen:
    routing_order.show(st.session_state["version"], chosen)
else:
    show()
