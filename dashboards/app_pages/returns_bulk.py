"""Decisions on many returns of the list. A decision is about all returns of an order that wait for one."""

from __future__ import annotations

from collections.abc import Sequence

from shared import acting, bulk
from shared.access import Version
from shared.bulk import Kind
from shared.listing import Listed

__all__ = ["KINDS", "many"]

KINDS = {
    "approve_return": Kind("Approve returns", "assignment_return"),
    "decline_return": Kind("Decline returns", "assignment_late", needs_text=True),
    "note": Kind("Note", "edit_note", text="Note", needs_text=True),
}


def many(version: Version, sql: str, parameters: Sequence[object], listed: Listed) -> None:
    """Offer the decisions on the orders of the ticked returned lines, or of all that match.

    Args:
        version: The published version.
        sql: Query of the list.
        parameters: Its values.
        listed: The list as shown.
    """
    of_rows = dict(listed.rows.select("row_id", "order_id").iter_rows())
    ticked = [of_rows[row] for row in listed.ticked if of_rows[row] is not None]
    orders = f"select distinct order_id from ({sql}) where order_id is not null order by order_id"  # noqa: S608 - fixed
    bulk.offer(
        version, KINDS, ticked=ticked, total=listed.total, noun="orders",
        subjects=(orders, parameters), situations=acting.of_orders,
    )  # fmt: skip
