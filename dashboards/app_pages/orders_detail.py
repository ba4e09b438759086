"""One order: header, axes, money, lines, payments, shipments, returns, exceptions and timeline."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st
from shared import charts
from shared.access import Version
from shared.formats import hours, instant, label, money
from shared.layout import Figure, badge, column, empty, figures, section, table, word

__all__ = ["show"]

AXES = (
    ("order_status", "Order", "Where the order itself stands, from placed to closed."),
    ("payment_status", "Payment", "What was authorised, captured, refunded and disputed against what is due."),
    ("fulfilment_status", "Fulfilment", "How much of what requires shipping has left the building."),
    ("delivery_status", "Delivery", "The least advanced of the order's shipments."),
    ("return_status", "Return", "How far returns have come."),
)
QUANTITIES = (
    ("ordered_quantity", "Ordered", None),
    ("cancelled_quantity", "Cancelled", None),
    ("shipped_quantity", "Shipped", "Less what was lost, cancelled in transit or carried back."),
    ("lost_quantity", "Lost", "Lost by the carrier; the line opens again for them."),
    ("carrier_returned_quantity", "Carried back", "Returned by the carrier; the line opens again for them."),
    ("delivered_quantity", "Delivered", None),
    ("returned_quantity", "Returned", None),
    ("held_quantity", "Held", "Open, and the order is on hold."),
    ("allocated_quantity", "Allocated", "Open, and stock is set aside."),
    ("backordered_quantity", "Backordered", "Open, and there is no stock."),
    ("not_tracked_quantity", "Not tracked", "Open, and no feed tells the stock."),
)
ALWAYS = ("ordered_quantity", "shipped_quantity", "delivered_quantity")
DATES = (
    ("placed_at", "Placed"),
    ("confirmed_at", "Confirmed"),
    ("first_promised_at", "First promised"),
    ("current_promised_at", "Promised now"),
    ("first_shipped_at", "First shipped"),
    ("last_shipped_at", "Last shipped"),
    ("first_attempt_at", "First attempt"),
    ("delivered_at", "Delivered"),
    ("cancelled_at", "Cancelled"),
)
DURATIONS = (
    ("hours_to_ship", "Time to ship"),
    ("hours_in_transit", "Time in transit"),
    ("hours_to_deliver", "Time to deliver"),
)


def show(version: Version, order_id: str) -> None:
    """Show one order, or say that this version does not have it."""
    if st.button("All orders", icon=":material/arrow_back:", type="tertiary"):
        del st.query_params["order"]
        st.rerun()
    order = version.row("select * from ops.orders where order_id = ?", (order_id,))
    if order["order_id"] is None:
        st.title(f"Order {order_id}", anchor=False)
        empty(f"Version {version.number} has no order {order_id}. It may have come in since, or be a test order.")
        return
    _header(version, order)
    _exceptions(version, order_id)
    _money(order)
    _lines(version, order)
    left, right = st.columns(2)
    with left:
        _payments(version, order_id)
        _returns(version, order_id)
    with right:
        _shipments(version, order_id)
        _dates(version, order)
    _timeline(version, order_id)
    st.caption(
        f"Order record: file `{(order['_file_id'] or '')[:12]}`, record {order['_record']}, source {order['_source']}. "
        f"`orderhouse order {order_id}` shows the same."
    )


def _header(version: Version, order: dict[str, Any]) -> None:
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
        for flag, heading in (
            ("is_late", "Late"),
            ("is_backordered", "Backordered"),
            ("has_delivery_problem", "Delivery problem"),
        ):
            if order[flag]:
                st.badge(heading, icon=":material/flag:", color="red")


def _exceptions(version: Version, order_id: str) -> None:
    found = version.rows(
        "select code, severity, detail, what_to_do from ops.exceptions where order_id = ? order by opened_at, code",
        (order_id,),
    )
    for item in found.iter_rows(named=True):
        show_it = {"critical": st.error, "high": st.error, "medium": st.warning}.get(item["severity"], st.info)
        sentences = ". ".join(part.rstrip(".") for part in (item["detail"], item["what_to_do"]) if part)
        show_it(f"**{label(item['code'])}** · {sentences}.", icon=":material/report:")


def _money(order: dict[str, Any]) -> None:
    currency = order["currency"]
    tracked = order["payment_status"] != "not_tracked"
    figures(
        [
            Figure(
                "Ordered",
                money(order["ordered_due_amount"], currency),
                "Net, tax and shipping of everything ordered, cancelled units included.",
            ),
            Figure(
                "Due",
                money(order["due_amount"], currency),
                "Net, tax and shipping of the units that are not cancelled.",
            ),
            Figure(
                "Captured",
                money(order["captured_amount"], currency) if tracked else "Not tracked",
                "Paid in, in the order's currency.",
            ),
            Figure("Refunded", money(order["refunded_amount"], currency) if tracked else "Not tracked", "Paid back."),
            Figure(
                "Balance",
                money(order["balance_amount"], currency) if tracked else "Not tracked",
                "Due less captured plus refunded; what is still open.",
            ),
        ]
    )


def _lines(version: Version, order: dict[str, Any]) -> None:
    sql = """
        select lines.*, products.name as product
        from ops.order_lines as lines
        left join marts.dim_products as products on products.sku = lines.sku
        where lines.order_id = ? order by try_cast(lines.line_id as bigint) nulls last, lines.line_id
    """
    with section(
        "Lines",
        "Every ordered unit is cancelled, shipped, held, allocated, backordered or of stock that is not tracked.",
    ):
        found = version.rows(sql, (order["order_id"],))
        # Most lines use few of the places a unit can be in; the others would push the amounts off the page.
        used = {
            name: column(heading, tip, digits=0)
            for name, heading, tip in QUANTITIES
            if found[name].sum() or name in ALWAYS
        }
        table(
            found,
            {
                "line_id": column("Line"),
                "sku": column("SKU"),
                "product": column("Product"),
                "warehouse_id": column("Warehouse"),
                **used,
                "unit_price_amount": column("Unit price", unit=order["currency"], digits=2),
                "discount_amount": column("Discount", unit=order["currency"], digits=2),
                "tax_amount": column("Tax", unit=order["currency"], digits=2),
                "net_amount": column("Net", "Of the units that are not cancelled.", unit=order["currency"], digits=2),
            },
            key="lines",
            nothing="No line of this order has come in.",
            height="content",
        )


def _payments(version: Version, order_id: str) -> None:
    with section("Payments"):
        table(
            version.rows("select * from ops.payments where order_id = ? order by occurred_at, payment_id", (order_id,)),
            {
                "occurred_at": column("At"),
                "kind": column("Event"),
                "amount": column("Amount", digits=2),
                "currency": column("Currency"),
                "method": column("Method"),
                "provider": column("Provider"),
                "payment_id": column("Payment"),
                "payout_id": column("Payout"),
            },
            key="payments",
            nothing="No payment of this order has come in.",
            height="content",
        )


def _shipments(version: Version, order_id: str) -> None:
    with section("Shipments"):
        table(
            version.rows(
                "select * from ops.shipments where order_id = ? order by shipped_at, shipment_id", (order_id,)
            ),
            {
                "shipment_id": column("Shipment"),
                "delivery_status": word("Furthest scan"),
                "carrier": column("Carrier"),
                "tracking_number": column("Tracking number"),
                "warehouse_id": column("From"),
                "shipped_at": column("Shipped"),
                "last_scan_at": column("Last scan"),
                "delivered_at": column("Delivered"),
            },
            key="shipments",
            nothing="Nothing of this order has been shipped.",
            height="content",
        )


def _returns(version: Version, order_id: str) -> None:
    with section("Returns"):
        table(
            version.rows("select * from ops.returns where order_id = ? order by return_id, line_id", (order_id,)),
            {
                "return_id": column("Return"),
                "line_id": column("Line"),
                "sku": column("SKU"),
                "return_status": column("Status"),
                "requested_quantity": column("Requested", digits=0),
                "received_quantity": column("Received", digits=0),
                "restocked_quantity": column("Restocked", digits=0),
                "scrapped_quantity": column("Scrapped", digits=0),
            },
            key="returns",
            nothing="Nothing of this order is coming back.",
            height="content",
        )


def _dates(version: Version, order: dict[str, Any]) -> None:
    with section("Dates", "Durations count from the time placed."):
        facts = [
            (heading, instant(order[name], version.time_zone)) for name, heading in DATES if order[name] is not None
        ]
        facts += [(heading, hours(order[name])) for name, heading in DURATIONS if order[name] is not None]
        table(
            pl.DataFrame(facts, schema=["what", "when"], orient="row"),
            {"what": column("What"), "when": column("When")},
            key="dates",
            nothing="No date is known.",
            height="content",
        )


def _timeline(version: Version, order_id: str) -> None:
    sql = "select * from ops.order_timeline where order_id = ? order by occurred_at, event_number"
    with section(
        "Timeline", "Every event of every feed about this order; each row names the file and record it came from."
    ):
        found = version.rows(sql, (order_id,))
        if found.height > 1:
            st.altair_chart(charts.timeline(found, "occurred_at", "feed", "event"))
        table(
            found.with_columns(file=found["_file_id"].str.head(12)),
            {
                "occurred_at": column("At"),
                "feed": column("Feed"),
                "event": column("Event"),
                "axis": column("Axis"),
                "from_status": column("From"),
                "to_status": column("To"),
                "quantity": column("Units", digits=0),
                "amount": column("Amount", digits=2),
                "currency": column("Currency"),
                "detail": column("Detail"),
                "actor": column("Actor"),
                "_source": column("Source"),
                "file": column("File", "Start of the file's SHA-256."),
                "_record": column("Record", "Line or record number in the file."),
            },
            key="timeline",
            nothing="No event of this order has come in.",
            height="content",
        )
