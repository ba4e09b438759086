"""Header of one order: its axes, open exceptions and money, above its records."""

from __future__ import annotations

import streamlit as st
from orderhouse.invocation import command_here
from shared.access import DataMissing, Row, Version
from shared.formats import instant, label, money, per_cent
from shared.layout import Figure, back, badge, empty, figures
from shared.presence import show_readers

from app_pages import orders_acting, orders_records, orders_revealing, orders_routing

__all__ = ["show"]

AXES = (
    ("order_status", "Order", "Status of the order itself, from placed to closed."),
    ("payment_status", "Payment", "Authorised, captured, refunded and disputed amounts against the amount due."),
    ("fulfilment_status", "Fulfilment", "Share of the units to ship that has left the warehouse."),
    ("delivery_status", "Delivery", "Status of the least advanced shipment of the order."),
    ("return_status", "Return", "Status of the returns of the order."),
)
RISK = """
    select shipment_id, late_probability, base_rate, reason from marts.fct_delivery_risk
    where order_id = ? and late_probability is not null order by late_probability desc, shipment_id
"""
FLAGS = (
    ("is_late", "Late now"),
    ("was_late", "Delivered late"),
    ("is_backordered", "Backordered"),
    ("has_delivery_problem", "Delivery problem"),
)


def show(version: Version, order_id: str) -> None:
    """Show one order, or a sentence if the version does not have it."""
    back("All orders", "order")
    order = version.row("select * from ops.orders where order_id = ?", (order_id,))
    if order["order_id"] is None:
        st.title(f"Order {order_id}", anchor=False)
        empty(
            f"Version {version.number} has no order {order_id}. "
            "The order may be newer than this version, or a test order."
        )
        return
    _header(version, order)
    show_readers(f"order {order_id}")
    orders_revealing.offer(version, order)
    orders_acting.offer(version, order)
    _exceptions(version, order_id)
    _risk(version, order_id)
    _money(order)
    orders_records.lines(version, order)
    orders_routing.show(version, order_id)
    left, right = st.columns(2)
    with left:
        orders_records.payments(version, order_id)
        orders_records.returns(version, order_id)
    with right:
        orders_records.shipments(version, order_id)
        orders_records.dates(version, order)
    orders_records.actions(version, order_id)
    orders_records.timeline(version, order_id)
    st.caption(
        f"Order record: file `{(order['_file_id'] or '')[:12]}`, record {order['_record']}, source {order['_source']}. "
        f"`{command_here()} order {order_id}` shows the same on the command line."
    )


def _header(version: Version, order: Row) -> None:
    """Show the title, the facts about the order, its axes and its flags."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(f"Order {order['order_id']}", anchor=False, width="content")
        badge(order["stage"])
    place = ", ".join(part for part in (order["ship_postcode"], order["ship_city"], order["ship_country"]) if part)
    who = order["customer_id"] or (f"token {order['customer_token'][:12]}" if order["customer_token"] else "guest")
    facts = [
        f"Placed {instant(order['placed_at'], version.time_zone)}",
        f"{label(order['channel'])} ({order['source']})",
        f"Customer {who}",
        f"Ships to {place}" if place else "No destination",
        f"Terms {label(order['payment_terms']).lower()}",
        f"Tracking id {order['tracking_id']}",
    ]
    st.caption(" · ".join(facts))
    with st.container(horizontal=True):
        for name, heading, about in AXES:
            badge(order[name], heading, about)
        for flag, heading in FLAGS:
            if order[flag]:
                st.badge(heading, icon=":material/flag:", color="red")


def _exceptions(version: Version, order_id: str) -> None:
    """Show each open exception of the order with the advice for it."""
    found = version.rows(
        "select code, severity, detail, what_to_do from ops.exceptions where order_id = ? "
        "order by amount_at_stake_reporting desc nulls last, opened_at, code",
        (order_id,),
    )
    for item in found.iter_rows(named=True):
        show_it = {"critical": st.error, "high": st.error, "medium": st.warning}.get(item["severity"], st.info)
        sentences = ". ".join(part.rstrip(".") for part in (item["detail"], item["what_to_do"]) if part)
        show_it(f"**{label(item['code'])}** · {sentences}.", icon=":material/report:")


def _risk(version: Version, order_id: str) -> None:
    """Show the probability that a promise which can still be kept is broken, and why."""
    try:
        found = version.rows(RISK, (order_id,))
    except DataMissing:  # a role that does not see it, or a version of an earlier release
        return
    for risk in found.iter_rows(named=True):
        what = f"Parcel {risk['shipment_id']}" if risk["shipment_id"] else "What has not left"
        st.caption(
            f":material/schedule: {what} may become late: **{per_cent(risk['late_probability'])}**, predicted. "
            f"{risk['reason']} Of all deliveries open at this age {per_cent(risk['base_rate'])} were late."
        )


def _money(order: Row) -> None:
    """Show the amounts of the order in its own currency."""
    currency = order["currency"]
    tracked = order["payment_status"] != "not_tracked"
    figures(
        [
            Figure(
                "Ordered",
                money(order["ordered_due_amount"], currency),
                "Net, tax and shipping of all ordered units, cancelled units included.",
            ),
            Figure(
                "Due",
                money(order["due_amount"], currency),
                "Net, tax and shipping of the units that are not cancelled.",
            ),
            Figure(
                "Captured",
                money(order["captured_amount"], currency) if tracked else "Not tracked",
                "Amount that the payment provider has collected, in the currency of the order.",
            ),
            Figure(
                "Refunded",
                money(order["refunded_amount"], currency) if tracked else "Not tracked",
                "Amount paid back to the customer.",
            ),
            Figure(
                "Owed to us",
                money(order["owed_to_us_amount"], currency) if tracked else "Not tracked",
                "Amount that the customer still owes: due, less what came back and what was paid, plus refunds.",
            ),
            Figure(
                "Owed back",
                money(order["owed_back_amount"], currency) if tracked else "Not tracked",
                "Amount that we still owe the customer: paid, less refunds and what is due for the kept units.",
            ),
        ],
        wraps=True,
    )
