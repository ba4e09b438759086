"""Section of the Today page: what is due by the end of the business day, each line with the page that lists it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from shared.access import DataMissing, Version
from shared.people import open_page
from shared.periods import end_of_day
from shared.tables import column, table, word

__all__ = ["due"]

OPEN = "stage not in ('closed', 'delivered', 'cancelled', 'returned')"
# Each query returns a count, an amount in the reporting currency (null where there is none or a rate is missing) and
# the oldest instant, from which the age is measured.
PROMISES = f"""
    select count(*) as number,
        case when count(*) = count(due_amount_reporting) then sum(due_amount_reporting) end as amount_reporting,
        min(placed_at) as oldest_at
    from ops.orders where {OPEN} and delivered_at is null and late_at >= ? and late_at < ?
"""  # noqa: S608 - a fixed condition
TO_SHIP = """
    select count(*) as number,
        case when count(*) = count(due_amount_reporting) then sum(due_amount_reporting) end as amount_reporting,
        min(placed_at) as oldest_at
    from ops.orders
    where order_status = 'confirmed' and is_shipment_tracked and allocated_quantity > 0
"""
TO_INSPECT = """
    select count(distinct return_id) as number, null::decimal(18, 4) as amount_reporting, min(arrived_at) as oldest_at
    from marts.fct_returns where outcome = 'received'
"""
TO_REFUND = """
    select count(*) as number,
        case when count(amount_at_stake) = count(amount_at_stake_reporting) then sum(amount_at_stake_reporting) end
            as amount_reporting,
        min(opened_at) as oldest_at
    from ops.exceptions where code in ('received_not_refunded', 'cancelled_not_refunded') and is_in_worklist
"""
UNCONFIRMED = """
    select count(*) as number,
        case when count(amount_at_stake) = count(amount_at_stake_reporting) then sum(amount_at_stake_reporting) end
            as amount_reporting,
        min(opened_at) as oldest_at
    from ops.exceptions where code = 'action_unconfirmed' and is_in_worklist
"""
TO_CHASE = """
    select count(*) as number,
        case when count(*) = count(owed_to_us_amount_reporting) then sum(owed_to_us_amount_reporting) end
            as amount_reporting,
        min(unpaid_at) as oldest_at
    from ops.orders where is_unpaid
"""
TO_REORDER = """
    select count(*) as number,
        case when count(*) = count(average_cost_amount) and count(distinct currency) = 1 and min(currency) = ?
            then sum(reorder_quantity * average_cost_amount)::decimal(18, 4) end as amount_reporting,
        null::timestamp as oldest_at
    from marts.fct_reorder_proposals where position_level = 'network' and reorder_quantity > 0
"""


@dataclass(frozen=True)
class Duty:
    """One kind of work: its heading, meaning, owner, query with parameters, and the page with the list."""

    name: str
    tip: str
    owner: str
    sql: str
    parameters: Callable[[Version], tuple[object, ...]]
    page: str
    query: dict[str, str]


def _nothing(_: Version) -> tuple[object, ...]:
    return ()


DUTIES = (
    Duty(
        "Deliver what is promised for today",
        "Orders whose promise ends today and that have not arrived.",
        "fulfilment",
        PROMISES,
        lambda version: (version.as_of, end_of_day(version)),
        "shipments",
        {"shipments_view": "Promised today"},
    ),
    Duty(
        "Ship what is ready",
        "Confirmed orders with reserved stock.",
        "fulfilment",
        TO_SHIP,
        _nothing,
        "shipments",
        {"shipments_view": "To ship"},
    ),
    Duty(
        "Inspect returned goods",
        "Returns that were received, and neither restocked nor scrapped.",
        "fulfilment",
        TO_INSPECT,
        _nothing,
        "returns",
        {"return_state": "To inspect"},
    ),
    Duty(
        "Refund what is owed",
        "Returned or cancelled goods whose money has not been paid back.",
        "finance",
        TO_REFUND,
        _nothing,
        "returns",
        {"returns_view": "Refunds due"},
    ),
    Duty(
        "See to actions that nobody confirmed",
        "Actions that went back to the system of their order, and of which no feed says that they were done.",
        "operations",
        UNCONFIRMED,
        _nothing,
        "exceptions",
        {"code": "action_unconfirmed"},
    ),
    Duty(
        "Chase payments",
        "Orders that are unpaid after their term.",
        "finance",
        TO_CHASE,
        _nothing,
        "payments",
        {"payments_view": "Unpaid orders"},
    ),
    Duty(
        "Reorder stock",
        "SKUs at or below their reorder point. The amount is the quantity to order at average cost.",
        "inventory",
        TO_REORDER,
        lambda version: (version.currency,),
        "inventory",
        {"reorder": "true"},
    ),
)


def due(version: Version) -> None:
    """List the work that is due. An opened row leads to the page with its list. Work outside the role is left out."""
    found = pl.DataFrame(
        [row for duty in DUTIES if (row := _row(version, duty))],
        schema={
            "name": pl.String,
            "number": pl.Int64,
            "amount_reporting": pl.Decimal(38, 4),
            "oldest_days": pl.Float64,
            "meaning": pl.String,
            "owner": pl.String,
        },
    )
    picked = table(
        found,
        {
            "name": column("What"),
            "number": column("Number", digits=0),
            "amount_reporting": column(
                "Amount", "In the reporting currency. Empty where a rate is missing.", unit=version.currency,
                is_amount=True,
            ),
            "oldest_days": column("Oldest", "Age of the oldest one.", unit="days", digits=1),
            "meaning": column("Which"),
            "owner": word("Owner", "Team that does it."),
        },
        key="due_today",
        nothing="Nothing is due, or your role sees none of the tables that tell.",
        select="Open a row to see its list.",
        height="content",
    )  # fmt: skip
    if picked:
        duty = next(duty for duty in DUTIES if duty.name == picked["name"])
        open_page(duty.page, duty.query)


def _row(version: Version, duty: Duty) -> dict[str, object] | None:
    """Return the line of one kind of work; None if there is none, or the role lacks its table."""
    try:
        found = version.row(duty.sql, duty.parameters(version))
    except DataMissing:
        return None
    if not found["number"]:
        return None
    oldest = found["oldest_at"]
    return {
        "name": duty.name,
        "number": found["number"],
        "amount_reporting": found["amount_reporting"],
        "oldest_days": (version.as_of - oldest).total_seconds() / 86_400 if oldest else None,
        "meaning": duty.tip,
        "owner": duty.owner,
    }
