"""Orders page: search, filters, totals and the list of orders. A picked order opens in `orders_detail`."""

from __future__ import annotations

import streamlit as st
from shared import views
from shared.access import Version
from shared.formats import DASH, compact, money, short_money
from shared.layout import Figure, figures, start
from shared.listing import listing
from shared.tables import column, word

from app_pages import orders_bulk, orders_detail, orders_filters, orders_finding
from app_pages.orders_conditions import Conditions

FOUND = """
    select order_id, stage, order_status, payment_status, fulfilment_status, delivery_status, return_status, channel,
        ship_country, placed_at, current_promised_at, promise_is_date_only, ordered_quantity, due_amount,
        owed_to_us_amount, owed_back_amount, currency, tracking_id, due_amount_reporting, owed_to_us_amount_reporting,
        owed_back_amount_reporting
    from ops.orders where {where}
"""
# `where` is made of fixed fragments. Values are always parameters.
COUNTS = """
    select count(*) as orders, count(*) filter (is_backordered) as backordered,
        count(*) filter (order_status = 'on_hold') as held,
        count(*) filter (is_late) as late
    from ops.orders where {where}
"""
COUNTED = (
    ("orders", "Orders placed", "Orders that match the search and the filters, cancelled ones included."),
    ("late", "Late now", "Not delivered, not cancelled, and past the current promise at the clock of this version."),
    ("backordered", "Backordered", "Orders with at least one line without stock."),
    ("held", "On hold", "Orders whose latest hold or release is a hold."),
)
OWN = "In the currency of the order; sorted by the amount in the reporting currency."
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
    """List the found orders under their totals."""
    conditions = Conditions()
    search = orders_finding.ask(version, conditions)
    with st.container(horizontal=True, gap="small"):
        orders_filters.ask(version, conditions)
        views.offer("orders", count=lambda query: orders_filters.count(version, query))
    totals = version.row(COUNTS.format(where=conditions.where), conditions.parameters)
    if search:
        _answer(version, search, totals["orders"], conditions)
    counts = [Figure(heading, compact(totals[name]), tip) for name, heading, tip in COUNTED]
    figures([*counts, due(version, conditions)])
    found = listing(
        version,
        FOUND.format(where=conditions.where),
        conditions.parameters,
        {
            "order_id": column("Order"),
            "stage": word("Stage", "One word that sums up the axes of the order."),
            "payment_status": column("Payment"),
            "fulfilment_status": column("Fulfilment"),
            "delivery_status": column("Delivery"),
            "return_status": column("Return"),
            "placed_at": column("Placed", "Instant in the earliest version of the order, in the business time zone."),
            "current_promised_at": column("Promised", "Current delivery promise.", day_if="promise_is_date_only"),
            "channel": column("Channel"),
            "ship_country": column("Country"),
            "ordered_quantity": column("Units", digits=0),
            "due_amount": column("Due", f"Amount due. {OWN}", is_amount=True, sort="due_amount_reporting"),
            "owed_to_us_amount": column(
                "Owed to us",
                f"Amount that the customer still owes. {OWN}",
                is_amount=True,
                sort="owed_to_us_amount_reporting",
            ),
            "owed_back_amount": column(
                "Owed back",
                f"Amount that we still owe the customer. {OWN}",
                is_amount=True,
                sort="owed_back_amount_reporting",
            ),
            "currency": column("Currency"),
            "tracking_id": column("Tracking id", "Id with which the customer tracks the order."),
        },
        key="orders",
        unique="order_id",
        sort="-placed_at",
        nothing=_nothing(search),
        opens="Open the order",
        ticks=True,
        choosable=True,
    )
    if found.total:
        orders_bulk.many(version, conditions, found)
    if found.opened:
        _open(found.opened["order_id"])


def _answer(version: Version, search: str, found: int, conditions: Conditions) -> None:
    """Open the only hit of a new search; offer the SKU of this name."""
    if orders_finding.is_first_look(search) and found == 1:
        only = f"select order_id from ops.orders where {conditions.where}"  # noqa: S608 - fixed fragments
        _open(version.row(only, conditions.parameters)["order_id"])
    orders_finding.offer_sku(version, search, found)


def _open(order_id: str) -> None:
    st.query_params["order"] = order_id
    st.rerun()


def _nothing(search: str) -> str:
    """Return the sentence of an empty list, which says what was looked for."""
    if not search:
        return "No order matches the filters. Remove one."
    return f"Nothing is called “{search}” within the filters. Looked for: {orders_finding.LOOKED_FOR}."


chosen = st.query_params.get("order")
if chosen:
    orders_detail.show(st.session_state["version"], chosen)
else:
    show_list(start("Orders", "Every order with its status on five axes, its amounts and its exceptions."))
