"""Orders that can leave now, and orders whose promise ends today."""

from __future__ import annotations

from shared.access import Version
from shared.columns import column, word
from shared.listing import listing
from shared.people import open_page
from shared.periods import end_of_day

__all__ = ["promised_today", "to_ship"]

COLUMNS = """
    order_id, stage, channel, ship_country, placed_at, current_promised_at, promise_is_date_only, open_quantity,
    allocated_quantity, backordered_quantity, due_amount, due_amount_reporting, currency, source
"""
TO_SHIP = "order_status = 'confirmed' and is_shipment_tracked and allocated_quantity > 0"
PROMISED = """
    stage not in ('closed', 'delivered', 'cancelled', 'returned') and delivered_at is null
    and late_at >= ? and late_at < ?
"""


def to_ship(version: Version) -> None:
    """List the confirmed orders with reserved stock, the oldest promise first."""
    _list(version, TO_SHIP, [], "orders_to_ship", "No order can leave: none is confirmed with reserved stock.")


def promised_today(version: Version) -> None:
    """List the orders whose promise ends between the clock of the version and the end of its business day."""
    bounds: list[object] = [version.as_of, end_of_day(version)]
    _list(version, PROMISED, bounds, "promised_today", "Nothing that is promised for today is still missing.")


def _list(version: Version, condition: str, parameters: list[object], key: str, nothing: str) -> None:
    sql = f"""
        select {COLUMNS} from ops.orders where {condition}
    """  # noqa: S608 - fixed conditions
    listed = listing(
        version,
        sql,
        parameters,
        {
            "order_id": column("Order"),
            "stage": word("Stage"),
            "current_promised_at": column("Promised", day_if="promise_is_date_only"),
            "placed_at": column("Placed"),
            "allocated_quantity": column("Ready", unit="units", digits=0),
            "backordered_quantity": column("Backordered", unit="units", digits=0),
            "open_quantity": column("Open", unit="units", digits=0),
            "ship_country": column("Country"),
            "due_amount": column("Due", is_amount=True, sort="due_amount_reporting"),
            "currency": column("Currency"),
            "channel": column("Channel"),
            "source": column("Source"),
        },
        key=key,
        noun="orders",
        unique="order_id",
        sort="current_promised_at",
        ties="placed_at",
        nothing=nothing,
        opens="Open the order",
    )
    if listed.opened:
        open_page("orders", {"order": listed.opened["order_id"]})
