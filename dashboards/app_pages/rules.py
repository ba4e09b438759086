"""Rules page: what is done by itself, decisions that rules wait for, and what fired."""

from __future__ import annotations

import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.rules.approvals import waiting_approvals
from shared import address
from shared.formats import count
from shared.layout import section, start
from shared.people import signed_in

from app_pages import rules_approvals, rules_builder, rules_fired, rules_list

VIEWS = ("Rules", "Approvals", "Fired")
# Rules look at all rows. A role that sees a part of them decides what it is asked for, and sees no more.
PARTIAL = ("Approvals",)

version = start("Rules", "What is done by itself about rows that meet a condition, after each run.")
try:
    role = signed_in().role
    waiting = len(waiting_approvals(version.settings, role=role))
    views = VIEWS if role.sees_everything else PARTIAL
    view = address.segment(
        "rules_view", "View", views, views[0], hides_heading=True,
        written=lambda word: f"{word} · {count(waiting)}" if word == "Approvals" and waiting else word,
    )  # fmt: skip
    if view == "Approvals":
        with section("What waits for a decision?", "Steps of rules that a person of a role has to approve."):
            rules_approvals.approvals(version)
    elif view == "Fired":
        with section("What did the rules do?", "Each firing with what became of its steps, the newest first."):
            rules_fired.fired(version)
    elif "rule" in st.query_params:
        rules_builder.builder(version, st.query_params["rule"])
    else:
        with section("Which rules are there?", "In their order. Open one to see or change it."):
            rules_list.rules(version)
except OrderhouseError as error:
    st.error(error.message, icon=":material/error:")
