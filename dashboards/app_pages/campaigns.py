"""Campaigns page: whom a campaign would reach, its start and end, and what it sold."""

from __future__ import annotations

import streamlit as st
from orderhouse.errors import OrderhouseError
from shared import address
from shared.layout import section, start
from shared.people import signed_in

from app_pages import campaigns_builder, campaigns_list, campaigns_results

VIEWS = ("Campaigns", "Results")

version = start("Campaigns", "Messages to an audience, a part of which is held out, so that one sees what they sold.")
try:
    if signed_in().role.rows:
        st.info(
            "Campaigns look at all customers, and your role sees a part of them. Ask somebody whose role sees all.",
            icon=":material/lock:",
        )
    elif "campaign" in st.query_params:
        campaigns_builder.builder(version, st.query_params["campaign"])
    elif address.segment("campaigns_view", "View", VIEWS, VIEWS[0], hides_heading=True) == "Results":
        with section(
            "What did the campaigns sell?",
            "Every member counts, written to or not. The lift is the mean of treated less that of held-out members.",
        ):
            campaigns_results.results(version)
    else:
        with section("Which campaigns are there?", "In the order of `campaigns.yaml`. Open one to see its audience."):
            campaigns_list.campaigns(version)
except OrderhouseError as error:
    st.error(error.message, icon=":material/error:")
