"""Routes of operators: pending ones, and what became of those that a run has folded in."""

from __future__ import annotations

from shared import acting, address
from shared.access import Version
from shared.columns import column, word
from shared.listing import listing
from shared.people import open_page

__all__ = ["routes"]

STATES = ("pending", "waiting", "done", "rejected")
ROUTES = """
    with pending as (
        select unnest(?::varchar[]) as action_id, unnest(?::varchar[]) as order_id, unnest(?::varchar[]) as line_id,
            unnest(?::varchar[]) as warehouse_id, unnest(?::bigint[]) as quantity, unnest(?::varchar[]) as actor,
            unnest(?::varchar[]) as role, unnest(?::timestamp[]) as occurred_at
    ),
    taken as (
        select pending.*, 'pending' as state, null::varchar as rejection from pending
        join ops.orders on orders.order_id = pending.order_id
        union all
        select actions.action_id, actions.order_id, actions.line_id, actions.warehouse_id, actions.quantity,
            actions.actor, actions.role, actions.occurred_at,
            case when not actions.is_accepted then 'rejected' when lines.open_quantity > 0 then 'waiting'
                else 'done' end as state, actions.rejection
        from ops.actions as actions
        left join ops.order_lines as lines
            on lines.order_id = actions.order_id and lines.line_id = actions.line_id
        where actions.kind = 'route'
    )
    select taken.*, lines.sku, lines.open_quantity, lines.shipped_quantity from taken
    left join ops.order_lines as lines on lines.order_id = taken.order_id and lines.line_id = taken.line_id
    where (? is null or taken.state = ?)
        and (? = '' or upper(taken.order_id) = upper(?) or upper(lines.sku) = upper(?))
"""


def routes(version: Version) -> None:
    """List the routes. An opened row leads to its order."""
    state = address.choice("routes_state", "State", STATES, width=160)
    search = address.text("routes_search", "Order or SKU", width=220)
    pending = [each for each in acting.pending_on_lines(version) if each.kind == "route"]
    columns = ("action_id", "order_id", "line_id", "warehouse_id", "quantity", "actor", "role", "occurred_at")
    landed = [[getattr(each, name) for each in pending] for name in columns]
    listed = listing(
        version,
        ROUTES,
        (*landed, state, state, search, search, search),
        {
            "occurred_at": column("At"),
            "state": word("State", "Waiting: units of the line have still to leave. Done: none has."),
            "order_id": column("Order"),
            "line_id": column("Line"),
            "sku": column("SKU"),
            "quantity": column("Units", "Units of the route; empty for all that were left.", digits=0),
            "warehouse_id": column("Warehouse"),
            "actor": column("By"),
            "role": column("Role"),
            "rejection": column("Why rejected"),
            "open_quantity": column("Open", "Units of the line that have not left.", digits=0),
            "shipped_quantity": column("Shipped", digits=0),
        },
        key="routes_taken",
        unique="action_id",
        sort="-occurred_at",
        noun="routes",
        prefix="routes_",
        nothing="No route matches: operators accept proposals, or route lines on the page of an order.",
        opens="Open the order",
    )
    if listed.opened:
        open_page("orders", {"order": listed.opened["order_id"]})
