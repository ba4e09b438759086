"""Records of one order: lines, payments, shipments, returns, dates and timeline."""

from __future__ import annotations

import polars as pl
import streamlit as st
from orderhouse import charts
from orderhouse.messages.instants import instant_of
from orderhouse.messages.whereabouts import sendings_of, whereabouts
from orderhouse.operations.store import open_store
from shared import received
from shared.access import Row, Version
from shared.formats import hours, promise
from shared.layout import section
from shared.tables import column, table, word

__all__ = ["actions", "dates", "lines", "payments", "returns", "shipments", "timeline"]

QUANTITIES = (
    ("ordered_quantity", "Ordered", None),
    ("cancelled_quantity", "Cancelled", None),
    ("shipped_quantity", "Shipped", "Units shipped, less those lost, cancelled in transit or returned by the carrier."),
    ("lost_quantity", "Lost", "Units that the carrier lost. The line is open again for them."),
    (
        "carrier_returned_quantity",
        "Returned by carrier",
        "Units that the carrier brought back. The line is open again for them.",
    ),
    ("delivered_quantity", "Delivered", None),
    ("returned_quantity", "Returned", None),
    ("held_quantity", "Held", "Open units of an order on hold."),
    ("allocated_quantity", "Allocated", "Open units with stock assigned to them."),
    ("backordered_quantity", "Backordered", "Open units without stock."),
    ("not_tracked_quantity", "Not tracked", "Open units of which no feed reports the stock."),
)
ALWAYS = ("ordered_quantity", "shipped_quantity", "delivered_quantity")
DATES = (
    ("placed_at", "Placed"),
    ("confirmed_at", "Confirmed"),
    ("first_promise_ends_at", "First promised"),
    ("current_promised_at", "Promised now"),
    ("first_shipped_at", "First shipped"),
    ("last_shipped_at", "Last shipped"),
    ("first_attempt_at", "First attempt"),
    ("delivered_at", "Delivered"),
    ("cancelled_at", "Cancelled"),
)
# Flag that is true where a promise is a day.
PROMISES = {"current_promised_at": "promise_is_date_only"}
DURATIONS = (
    ("hours_to_ship", "Time to ship"),
    ("hours_in_transit", "Time in transit"),
    ("hours_to_deliver", "Time to deliver"),
)


def lines(version: Version, order: Row) -> None:
    """Show the lines of the order, with the quantities that its lines use."""
    sql = """
        select lines.*, products.name as product
        from ops.order_lines as lines
        left join marts.dim_products as products on products.sku = lines.sku
        where lines.order_id = ? order by try_cast(lines.line_id as bigint) nulls last, lines.line_id
    """
    with section(
        "Lines",
        "Every ordered unit is cancelled, shipped, held, allocated, backordered or not tracked.",
    ):
        found = version.rows(sql, (order["order_id"],))
        # Most orders use few of these quantities. Columns of zeros would push the amounts off the page.
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
                "unit_price_amount": column("Unit price", unit=order["currency"], is_amount=True),
                "discount_amount": column("Discount", unit=order["currency"], is_amount=True),
                "tax_amount": column("Tax", unit=order["currency"], is_amount=True),
                "net_amount": column(
                    "Net", "Net amount of the units that are not cancelled.", unit=order["currency"], is_amount=True
                ),
            },
            key="lines",
            nothing="No line of this order has been received.",
            height="content",
        )


def payments(version: Version, order_id: str) -> None:
    """Show the payments of the order."""
    with section("Payments"):
        table(
            version.rows("select * from ops.payments where order_id = ? order by occurred_at, payment_id", (order_id,)),
            {
                "occurred_at": column("At"),
                "kind": column("Event"),
                "amount": column("Amount", is_amount=True),
                "currency": column("Currency"),
                "method": column("Method"),
                "provider": column("Provider"),
                "payment_id": column("Payment"),
                "payout_id": column("Payout"),
            },
            key="payments",
            nothing="No payment of this order has been received.",
            height="content",
        )


def shipments(version: Version, order_id: str) -> None:
    """Show the shipments of the order."""
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
            nothing="No unit of this order has been shipped.",
            height="content",
        )


def returns(version: Version, order_id: str) -> None:
    """Show the returns of the order, by line."""
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
            nothing="This order has no returns.",
            height="content",
        )


def dates(version: Version, order: Row) -> None:
    """Show the dates and durations that are known."""
    with section(
        "Dates", "Time to ship and time to deliver count from the time placed, time in transit from the first shipment."
    ):
        facts = [
            (heading, promise(order[name], order.get(PROMISES.get(name, "")), version.time_zone))
            for name, heading in DATES
            if order.get(name) is not None
        ]
        facts += [(heading, hours(order[name])) for name, heading in DURATIONS if order[name] is not None]
        table(
            pl.DataFrame(facts, schema=["what", "when"], orient="row"),
            {"what": column("What"), "when": column("When")},
            key="dates",
            nothing="No date is known.",
            height="content",
        )


def actions(version: Version, order_id: str) -> None:
    """Show what operators did to the order, and how far each action has come on its way to the owner of the order."""
    sql = "select * from ops.actions where order_id = ? order by occurred_at desc, action_id"
    found = version.rows(sql, (order_id,))
    sendings = sendings_of(open_store(version.settings), order_id) if found.height else {}
    received.show(
        version,
        found.with_columns(pl.Series("way_back", whereabouts(found.rows(named=True), sendings), pl.String)),
        "Nobody has acted on this order.",
        {
            "line_id": column("Line"),
            "quantity": column("Units", digits=0),
            "warehouse_id": column("Warehouse"),
            "promised_at": column("Promise", day_if="promise_is_date_only"),
            "way_back": column(
                "At the owner",
                "How far the action has come on its way to the owner of the order, and whether a feed confirms it.",
            ),
            "subject_kind": column("About"),
        },
    )


def timeline(version: Version, order_id: str) -> None:
    """Show all events of the order, as a chart and as rows."""
    sql = "select * from ops.order_timeline where order_id = ? order by occurred_at, event_number"
    with section("Timeline", "Every event of every feed about this order. Each row names its file and record."):
        found = _with_sendings(version, order_id, version.rows(sql, (order_id,)))
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
                "amount": column("Amount", is_amount=True),
                "currency": column("Currency"),
                "detail": column("Detail"),
                "actor": column("Actor"),
                "_source": column("Source"),
                "file": column("File", "First characters of the SHA-256 of the file."),
                "_record": column("Record", "Number of the line or record in the file."),
            },
            key="timeline",
            nothing="No event of this order has been received.",
            height="content",
        )


def _with_sendings(version: Version, order_id: str, events: pl.DataFrame) -> pl.DataFrame:
    """Return the timeline with what went to the owner of the order, and what a feed confirmed."""
    sent = [
        {"occurred_at": instant_of(each.sent_at).replace(tzinfo=None), "feed": "outbox",
         "event": f"{each.kind.partition('.')[2]} sent", "detail": f"to {each.endpoint}"}
        for each in sendings_of(open_store(version.settings), order_id).values()
        if each.sent_at is not None
    ]  # fmt: skip
    acted = version.rows("select * from ops.actions where order_id = ?", (order_id,))
    confirmed = [
        {"occurred_at": each["confirmed_at"], "feed": "confirmation", "event": f"{each['kind']} confirmed",
         "detail": f"by {each.get('order_source')}"}
        for each in acted.iter_rows(named=True)
        if each.get("confirmed_at") is not None
    ]  # fmt: skip
    if not sent and not confirmed:
        return events
    schema = {name: events.schema[name] for name in ("occurred_at", "feed", "event", "detail")}
    added = pl.DataFrame([*sent, *confirmed], schema=schema)
    return pl.concat([events, added], how="diagonal").sort("occurred_at", maintain_order=True)
