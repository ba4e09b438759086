"""Payments page: reconciliation of sales with cash, unpaid orders, payouts, the journal, and closed months."""

from __future__ import annotations

import streamlit as st
from shared import address
from shared.layout import section, start
from shared.periods import pick_period

from app_pages import (
    payments_closing,
    payments_journal,
    payments_payouts,
    payments_reconciliation,
    payments_unpaid,
)

VIEWS = ("Reconciliation", "Unpaid orders", "Payouts", "Journal", "Closed months")

version = start("Payments", "Does the money match the sales? Received against due, payouts, journal and closed months.")
view = address.segment("payments_view", "View", VIEWS, "Reconciliation", written=str, hides_heading=True)
if view == "Unpaid orders":
    with section("Who owes us money, and for how long?", "Orders that are unpaid after their term, by days past it."):
        payments_unpaid.ageing(version)
elif view == "Payouts":
    with section("Do the payouts consist of what they should?", "Payouts of providers and their parts, newest first."):
        payments_payouts.payouts(version)
elif view == "Journal":
    period = pick_period(version)
    st.caption(f"{period}, by business day of the posting.")
    with section(
        "Do debits equal credits?",
        "Double entry of orders, money and goods. The bridge leads from what was placed on these days to what was "
        "posted: placed + timing + versions + parcels + rates + gift cards = journal.",
    ):
        payments_journal.journal(version, period)
elif view == "Closed months":
    with section("What changed since a month was closed?", "Figures of a closed month stay as they were known then."):
        payments_closing.closed_months(version)
    with section("Close a month", "Its figures are those known now. Later changes become restatements."):
        payments_closing.close(version)
else:
    with section(
        "What explains the gap between sales and cash?",
        "Over all orders, in their own currency: due + gap = cash, and the breaks explain the whole gap.",
    ):
        payments_reconciliation.gap(version)
    with section("Which breaks are there?", "Orders by type of the difference between received and due amounts."):
        payments_reconciliation.breaks(version)
    period = pick_period(version)
    with section("What did providers report?", f"Payment events {period}, in their own currency."):
        payments_reconciliation.payments(version, period)
