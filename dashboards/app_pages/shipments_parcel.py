"""One parcel: its state, its scans, its legs and the orders in it."""

from __future__ import annotations

import streamlit as st
from shared.access import Version
from shared.formats import DASH, hours, instant, label, money
from shared.layout import Figure, back, badge, empty, figures, section
from shared.people import open_page
from shared.tables import column, table

__all__ = ["show"]

PARCEL = """
    select * from marts.fct_shipments where shipment_id = ? order by order_id
"""
SCANS = """
    select occurred_at, event, to_status, detail, actor, order_id
    from ops.order_timeline
    where feed = 'tracking' and reference = ?
        and order_id = (select min(order_id) from marts.fct_shipments where shipment_id = ?)
    order by occurred_at desc, event_number desc
"""
LEGS = (
    ("hours_to_ship", "Order to departure"),
    ("hours_to_pick_up", "Departure to first scan"),
    ("hours_between_depots", "Between depots"),
    ("hours_on_last_mile", "Last mile"),
    ("hours_in_transit", "In transit"),
)


def show(version: Version, shipment: str) -> None:
    """Show one parcel."""
    back("All parcels", "parcel")
    st.title(f"Parcel {shipment}", anchor=False)
    found = version.rows(PARCEL, (shipment,))
    if found.is_empty():
        empty(f"This version has no parcel {shipment}. Check the number, or look at All parcels.")
        return
    parcel = found.row(0, named=True)
    with st.container(horizontal=True):
        badge(parcel["outcome"], "Outcome")
        badge(parcel["latest_scan_status"], "Latest scan")
        if parcel["is_orphan"]:
            badge("orphan_shipment", tip="The order of this parcel has not been received.")
    st.caption(
        f"{label(parcel['carrier'])} {label(parcel['service'])}, number {parcel['tracking_number'] or DASH}, "
        f"{parcel['lane']}. Promised by {instant(parcel['promise_ends_at'], version.time_zone)}, "
        f"estimated {instant(parcel.get('estimate_ends_at'), version.time_zone)}, "
        f"delivered {instant(parcel['delivered_at'], version.time_zone)}."
    )
    costs = Figure("Cost", money(parcel["cost_amount"], parcel["cost_currency"] or ""), "Cost of the whole parcel.")
    figures([Figure(heading, hours(parcel[name])) for name, heading in LEGS] + [costs])
    with section("What did the carrier say?", "Scans, the newest first."):
        table(
            version.rows(SCANS, (shipment, shipment)),
            {
                "occurred_at": column("When"),
                "event": column("Scan"),
                "to_status": column("Parcel then"),
                "detail": column("Detail"),
                "actor": column("By"),
            },
            key="scans",
            nothing="No scan of this parcel has been received.",
            height="content",
        )
    with section("Which orders are in it?"):
        picked = table(
            found,
            {
                "order_id": column("Order"),
                "quantity": column("Units", digits=0),
                "is_on_time": column("On time", "First attempt by the end of the first promise."),
                "hours_past_promise": column("Past the promise", unit="hours", digits=1),
                "source": column("Source"),
            },
            key="orders_of_parcel",
            nothing="No order.",
            select="Open a row to see the order.",
            height="content",
        )
    if picked:
        open_page("orders", {"order": picked["order_id"]})
