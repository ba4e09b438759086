"""Proposals that match the filters of the page Routing: a query of fixed SQL with parameters, and its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orderhouse.actions.pending import Pending
from shared import acting, address
from shared.access import Version
from shared.columns import column, word

__all__ = ["MOVE", "PROMISE", "SEPARATOR", "Matching", "ask", "of_order"]

# Separates the ids of an order, a line and a warehouse in the name of a proposal. No id has it.
SEPARATOR = "\x1f"
NOBODY = "not assigned"
STATES = {"accepted": "Accepted, pending", "overtaken": "Overtaken", "all": "All"}
PROMISES = {"in_time": "In time", "late": "Probably late", "none": "Not known"}
FILTERS = ("routing_warehouse", "routing_from", "routing_channel", "routing_promise")
# More units than any line has: an action without a quantity takes all that are left.
ALL_UNITS = 2**62
# Pending actions are in the landed files and not in the version, so that they come as parameters.
PROPOSALS = f"""
    with pending as (
        select unnest(?::varchar[]) as order_id, unnest(?::varchar[]) as line_id,
            unnest(?::varchar[]) as warehouse_id, unnest(?::bigint[]) as quantity, unnest(?::varchar[]) as actor
    ),
    accepted as (
        select order_id, line_id, warehouse_id, min(actor) as actor from pending
        where warehouse_id is not null group by all
    ),
    acted as (select order_id, line_id, sum(quantity) as quantity from pending group by all)
    select concat_ws(chr(31), proposals.order_id, proposals.line_id, proposals.warehouse_id) as row_id,
        proposals.order_id, proposals.line_id, proposals.sku, proposals.quantity, proposals.undecided_quantity,
        coalesce(lines.warehouse_id, '{NOBODY}') as from_warehouse, proposals.warehouse_id, proposals.parcels_count,
        case proposals.is_within_promise when true then 'in_time' when false then 'late' else 'none' end as promise,
        proposals.cost_amount_reporting, proposals.cover_days, proposals.reason, proposals.policy, proposals.gap_rate,
        proposals.hours_p90 / 24 as days_p90, proposals.hours_left / 24 as days_left, proposals.channel,
        proposals.ship_country, proposals.source, proposals.placed_at, proposals.origin_at,
        case when accepted.actor is not null then 'accepted'
            when proposals.quantity > proposals.undecided_quantity - coalesce(acted.quantity, 0) then 'overtaken'
            else 'open' end as state,
        accepted.actor as accepted_by
    from marts.fct_routing_proposals as proposals
    left join ops.order_lines as lines
        on lines.order_id = proposals.order_id and lines.line_id = proposals.line_id
    left join accepted on accepted.order_id = proposals.order_id and accepted.line_id = proposals.line_id
        and accepted.warehouse_id = proposals.warehouse_id
    left join acted on acted.order_id = proposals.order_id and acted.line_id = proposals.line_id
"""  # noqa: S608 - a fixed word
CHOSEN = f"""
    select * from ({PROPOSALS}) as found
    where (? = 'all' or state = ?) and (? is null or warehouse_id = ?) and (? is null or from_warehouse = ?)
        and (? is null or channel = ?) and (? is null or promise = ?)
        and (? = '' or upper(order_id) = upper(?) or upper(sku) = upper(?))
"""  # noqa: S608 - fixed
OF_ORDER = f"select * from ({PROPOSALS}) as found where order_id = ?"  # noqa: S608 - fixed
WORDS = f"""
    select distinct coalesce(lines.warehouse_id, '{NOBODY}') as from_warehouse, proposals.warehouse_id,
        proposals.channel
    from marts.fct_routing_proposals as proposals
    left join ops.order_lines as lines
        on lines.order_id = proposals.order_id and lines.line_id = proposals.line_id
"""  # noqa: S608 - a fixed word

# Columns that every list of proposals has.
MOVE = {
    "line_id": column("Line"),
    "sku": column("SKU"),
    "quantity": column("Units", "Units that are to leave from the proposed warehouse.", digits=0),
    "from_warehouse": column("Now at", "Warehouse of the line, where its units wait for stock."),
    "warehouse_id": column("Proposed", "Warehouse that the units are to leave from."),
    "state": word("State", "Accepted and overtaken proposals wait for the next run."),
}
PROMISE = {"promise": word("Promise", "Whether the parcel would keep the promise, if it left at the clock.")}


@dataclass(frozen=True)
class Matching:
    """The proposals that match: a query without order and limit, and its values."""

    sql: str
    parameters: tuple[object, ...]


def ask(version: Version) -> Matching:
    """Show the filters, and return what matches. Most of them are folded, so that a phone shows the list."""
    words = version.rows(WORDS)

    def known(name: str) -> list[str]:
        found: list[str] = words[name].drop_nulls().unique().sort().to_list()
        return found

    state = address.choice("routing_state", "Show", list(STATES), written=STATES.__getitem__, nothing="Open")
    search = address.text("routing_search", "Order or SKU", width=220)
    with address.filters(FILTERS):
        to = address.choice("routing_warehouse", "Proposed warehouse", known("warehouse_id"))
        left = address.choice("routing_from", "Warehouse of the line", known("from_warehouse"))
        channel = address.choice("routing_channel", "Channel", known("channel"))
        promise = address.choice("routing_promise", "Promise", list(PROMISES), written=PROMISES.__getitem__)
    chosen = [each for value in (state or "open", to, left, channel, promise) for each in (value, value)]
    pending = acting.pending_on_lines(version)
    return Matching(CHOSEN, (*_parameters(pending), *chosen, search, search, search))


def of_order(version: Version, order_id: str) -> Matching:
    """Return the proposals of an order."""
    return Matching(OF_ORDER, (*_parameters(acting.pending_on_lines(version)), order_id))


def _parameters(pending: Sequence[Pending]) -> tuple[object, ...]:
    return (
        [each.order_id for each in pending],
        [each.line_id for each in pending],
        [each.warehouse_id for each in pending],
        [each.quantity or ALL_UNITS for each in pending],
        [each.actor for each in pending],
    )
