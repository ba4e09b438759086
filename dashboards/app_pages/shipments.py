"""Shipments page: parcels and their scans, orders to ship, promises of today, and the scorecard of carriers."""

from __future__ import annotations

import streamlit as st
from shared import address, views
from shared.layout import section, start
from shared.periods import pick_period

from app_pages import shipments_carriers, shipments_orders, shipments_parcel, shipments_parcels

VIEWS = ("Parcels", "To ship", "Promised today", "Carriers")


def show_view() -> None:
    """Show the chosen view of the page."""
    version = start("Shipments", "Where are the parcels, which are late or silent, and which carriers keep their word?")
    view = address.segment("shipments_view", "View", VIEWS, "Parcels", written=str, hides_heading=True)
    if view == "To ship":
        with section("Which orders can leave now?", "Confirmed orders with reserved stock, the oldest first."):
            shipments_orders.to_ship(version)
    elif view == "Promised today":
        with section("What must arrive today?", "Orders whose promise ends today and that have not arrived."):
            shipments_orders.promised_today(version)
    elif view == "Carriers":
        period = pick_period(version, default=90)
        st.caption(f"Parcels that left {period}. Those of the newest days may still be on their way.")
        with section(
            "Which carrier keeps its word?", "By carrier, service or lane. A lane is a warehouse and a country."
        ):
            shipments_carriers.scorecard(version, period)
        with section("How long are parcels on their way?", "Delivered parcels by whole hours from departure."):
            shipments_carriers.hours(version, period)
        with section(
            "Does it get better?", "Share of the attempted parcels that kept the first promise, by departure."
        ):
            shipments_carriers.on_time(version, period)
    else:
        with section("Which parcels match?", "One row per parcel and order in it, the newest departure first."):
            views.offer("shipments")
            shipments_parcels.parcels(version)


chosen = st.query_params.get("parcel")
if chosen:
    shipments_parcel.show(st.session_state["version"], chosen)
else:
    show_view()
