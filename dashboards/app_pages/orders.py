"""Orders page: search, filters, totals and the list of orders. A picked order opens in `orders_detail`."""

from __future__ import annotations

import streamlit as st
from shared.access import Version
from shared.formats import DASH, compact, money, short_money
from shared.layout import Figure, figures, start
from shared.tables import column, table, word

from app_pages import orders_detail, orders_filters
from app_pages.orders_filters import Conditions

LIMIT = 300
NEWEST = """
    select order_id, stage, order_status, payment_status, fulfilment_status, delivery_status, return_status, channel,
    ship_country, placed_at, current_promised_at, ordered_quantity, due_amount, owed_to_us_amount,
    owed_back_amount, currency, tracking_id
    from ops.orders where {where} order by placed_at desc, order_id limit ?
"""
# `where` is made of fixed fragments. Values are always parameters.
COUNTS = """
    select count(*) as orders, count(*) filter (is_backordered) as backordered,
        count(*) filter (order_status = 'on_hold') as held,
        count(*) filter (order_id in (select order_id from ops.exceptions where code = 'late')) as late
    from ops.orders where {where}
"""
COUNTED = (
    ("orders", "Orders", "Orders that match the search and the filters."),
    ("late", "Late", 'Orders with the open exception "late": they are past their deadline and not delivered.'),
    ("backordered", "Backordered", "Orders with at least one line without stock."),
    ("held", "On hold", "Orders whose latest hold or release is a hold."),
)
DUE = """
    select currency, sum(due_amount) as due from ops.orders where {where}
    group by currency order by due desc, currency
"""


def due(version: Version, conditions: Conditions) -> Figure:
    """Sum the amounts due on the found orders, per currency: converting a million amounts takes most of a second."""
    found = version.rows(DUE.format(where=conditions.where), conditions.parameters)
    sums = [(amount, currency) for currency, amount in found.iter_rows()]
    tip = "Net, tax and shipping of the units that are not cancelled, in the currency of the order."
    if len(sums) == 1:
        return Figure("Due", short_money(*sums[0]), tip)
    listed = ", ".join(money(*due) for due in sums)
    return Figure("Due", f"{len(sums)} currencies" if sums else DASH, f"{tip} {listed}")


def show_list(version: Version) -> None:
    """Show the totals of the found orders, and list the newest."""
    conditions = orders_filters.ask(version)
    totals = version.row(COUNTS.format(where=conditions.where), conditions.parameters)
    counts = [Figure(heading, compact(totals[name]), tip) for name, heading, tip in COUNTED]
    figures([*counts, due(version, conditions)])
    found = version.rows(NEWEST.format(where=conditions.where), [*conditions.parameters, LIMIT])
    picked = table(
        found,
        {
            "order_id": column("Order"),
            "stage": word("Stage", "One word that sums up the axes of the order."),
            "payment_status": column("Payment"),
            "fulfilment_status": column("Fulfilment"),
            "delivery_status": column("Delivery"),
            "return_status": column("Return"),
            "placed_at": column("Placed", "Instant in the earliest version of the order, in the business time zone."),
            "current_promised_at": column("Promised", "Current delivery promise."),
            "channel": column("Channel"),
            "ship_country": column("Country"),
            "ordered_quantity": column("Units", digits=0),
            "due_amount": column("Due", "Amount due in the currency of the order.", digits=2),
            "owed_to_us_amount": column(
                "Owed to us", "Amount that the customer still owes, in the currency of the order.", digits=2
            ),
            "owed_back_amount": column(
                "Owed back", "Amount that we still owe the customer, in the currency of the order.", digits=2
            ),
            "currency": column("Currency"),
            "tracking_id": column("Tracking id", "Id with which the customer tracks the order."),
        },
        key="orders_found",
        nothing="No order matches. Check the id, or remove a filter.",
        of=totals["orders"],
        select="Pick a row to open the order.",
        height=560,
    )
    if picked:
        st.query_params["order"] = picked["order_id"]
        st.rerun()


chosen = st.query_params.get("order")
if chosen:
    orders_detail.show(st.session_state["version"], chosen)
else:
    show_list(start("Orders", "Every order with its status on five axes, its amounts and its exceptions."))
