"""Actions on many orders of the list: confirm, hold, release, cancel and note."""

from __future__ import annotations

from shared import acting, bulk
from shared.access import Version
from shared.bulk import Kind
from shared.listing import Listed

from app_pages.orders_conditions import Conditions

__all__ = ["many"]

KINDS = {
    "confirm": Kind("Confirm", "task_alt"),
    "hold": Kind("Hold", "pause_circle"),
    "release": Kind("Release", "play_circle"),
    "cancel": Kind("Cancel", "cancel", needs_text=True),
    "note": Kind("Note", "edit_note", text="Note"),
}


def many(version: Version, conditions: Conditions, listed: Listed) -> None:
    """Offer the actions on the ticked orders, or on all that match the search and the filters."""
    sql = f"select order_id from ops.orders where {conditions.where} order by order_id"  # noqa: S608 - fixed fragments
    bulk.offer(
        version, KINDS, ticked=listed.ticked, total=listed.total, noun="orders",
        subjects=(sql, conditions.parameters), situations=acting.of_orders,
    )  # fmt: skip
