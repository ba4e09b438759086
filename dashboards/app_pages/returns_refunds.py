"""Refunds due: goods that came back or were cancelled and not paid back, by the exceptions in the worklist."""

from __future__ import annotations

from shared.access import Version
from shared.columns import column, word
from shared.formats import count, days, money
from shared.layout import Figure, figures
from shared.listing import listing
from shared.people import open_page

__all__ = ["due"]

CODES = "code in ('received_not_refunded', 'cancelled_not_refunded') and is_in_worklist"
TOTALS = f"""
    select count(*) as total, max(age_hours) / 24 as oldest,
        case when count(amount_at_stake) = count(amount_at_stake_reporting) then sum(amount_at_stake_reporting) end
            as amount
    from ops.exceptions where {CODES}
"""  # noqa: S608 - a fixed condition
DUE = f"""
    select exception_id, severity, code, order_id, amount_at_stake, currency, amount_at_stake_reporting, opened_at,
        age_hours / 24 as age_days, detail, what_to_do, owner
    from ops.exceptions where {CODES}
"""  # noqa: S608 - a fixed condition


def due(version: Version) -> None:
    """List the refunds that are due, the greatest amount first. An opened row leads to the order."""
    totals = version.row(TOTALS)
    figures(
        [
            Figure("Refunds due", count(totals["total"]), "Orders with such an exception."),
            Figure(
                "Owed back",
                money(totals["amount"], version.currency),
                "In the reporting currency. Empty where a rate is missing.",
            ),
            Figure("Oldest", days(totals["oldest"])),
        ]
    )
    listed = listing(
        version,
        DUE,
        (),
        {
            "order_id": column("Order"),
            "severity": word("Severity"),
            "code": column("Why"),
            "amount_at_stake": column("Owed back", is_amount=True, sort="amount_at_stake_reporting"),
            "currency": column("Currency"),
            "amount_at_stake_reporting": column("Owed back", unit=version.currency, is_amount=True),
            "opened_at": column("Since"),
            "age_days": column("Age", unit="days", digits=1),
            "detail": column("Detail"),
            "what_to_do": column("What to do"),
            "owner": column("Owner"),
        },
        key="refunds_due",
        unique="exception_id",
        sort="-amount_at_stake_reporting",
        ties="opened_at",
        nothing="No refund is due.",
        opens="Open the order",
    )
    if listed.opened:
        open_page("orders", {"order": listed.opened["order_id"]})
