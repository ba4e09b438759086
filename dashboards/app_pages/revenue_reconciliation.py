"""Cash sections of the revenue page: payments, payouts, and breaks between received and due amounts."""

from __future__ import annotations

import streamlit as st
from shared.access import Version
from shared.formats import label
from shared.periods import Period
from shared.tables import Column, column, table

__all__ = ["breaks", "payments", "payouts"]

LIMIT = 300
SETTLED = ("exact", "within_tolerance", "not_tracked")
PAYMENTS = """
    select kind, method, currency, count(*) as events, sum(amount) as amount, sum(fee_amount) as fees,
        sum(signed_amount) as cash
    from marts.fct_payment_ledger where occurred_date between ? and ?
    group by kind, method, currency order by events desc, kind, method, currency
"""
PAYOUTS = """
    select payout_id, provider, currency, payout_status, payout_at, payments_count, captured_amount, refunded_amount,
        disputed_amount, fees_amount,
        payout_amount - captured_amount + refunded_amount + disputed_amount + fees_amount as movements_amount,
        payout_amount, stated_amount, residual_amount
    from marts.fct_payout_reconciliation order by payout_at desc nulls last, payout_id limit ?
"""
BREAKS = """
    select break_type, currency, count(*) as orders, count(*) filter (is_open) as open, sum(due_amount) as due,
        sum(captured_amount) as captured, sum(refunded_amount) as refunded, sum(difference_amount) as difference,
        sum(unexplained_amount) as unexplained
    from marts.fct_payment_reconciliation
    group by break_type, currency
    order by break_type in ('exact', 'within_tolerance', 'not_tracked'), orders desc, break_type, currency
"""
ORDERS = """
    select order_id, source, currency, due_amount, captured_amount, refunded_amount, disputed_amount, fee_amount,
        difference_amount, age_hours / 24 as age_days, placed_date
    from marts.fct_payment_reconciliation where break_type = ?
    order by abs(difference_amount) desc, order_id limit ?
"""
COUNT = "select count(*) as n from marts.fct_payment_reconciliation where break_type = ?"
MONEY: dict[str, Column] = {
    "due": column("Due", "Amount due for the units that are not cancelled.", digits=2),
    "captured": column("Captured", "Amount that the payment provider has collected.", digits=2),
    "refunded": column("Refunded", "Amount paid back to customers.", digits=2),
}


def payments(version: Version, period: Period) -> None:
    """Show the payment events of the period by kind, method and currency."""
    table(
        version.rows(PAYMENTS, (period.first, period.last)),
        {
            "kind": column("Event"),
            "method": column("Method"),
            "currency": column("Currency"),
            "events": column("Events", digits=0),
            "amount": column("Amount", "Sum of the amounts as received.", digits=2),
            "cash": column(
                "Cash", "Received amounts are positive, paid amounts negative. Authorisations count as zero.", digits=2
            ),
            "fees": column("Fees", "Fees of the provider.", digits=2),
        },
        key="payments_by_kind",
        nothing="There is no payment in this period.",
    )


def payouts(version: Version) -> None:
    """Show the newest payouts with their parts."""
    table(
        version.rows(PAYOUTS, (LIMIT,)),
        {
            "payout_id": column("Payout"),
            "provider": column("Provider"),
            "payout_status": column("Status", "What the provider says about it."),
            "payout_at": column("Paid out"),
            "payments_count": column("Events", digits=0),
            "captured_amount": column("Captured", digits=2),
            "refunded_amount": column("Refunded", digits=2),
            "disputed_amount": column("Disputed", digits=2),
            "fees_amount": column("Fees", digits=2),
            "movements_amount": column(
                "Other movements", "Fees of the provider, adjustments, reserves and failed payouts.", digits=2
            ),
            "payout_amount": column(
                "Payout", "Captured less refunded, disputed and fees, with other movements.", digits=2
            ),
            "stated_amount": column("Stated", "Amount that the provider states.", digits=2),
            "residual_amount": column("Residual", "Stated less the parts. Of a failed payout 0 is stated.", digits=2),
            "currency": column("Currency"),
        },
        key="payouts",
        nothing="No payment belongs to a payout.",
    )


def breaks(version: Version) -> None:
    """Show the number of orders by type of break, and the orders of the chosen type."""
    found = version.rows(BREAKS)
    table(
        found,
        {
            "break_type": column(
                "Break", "Type of the difference between received and due amounts. Exact: no difference."
            ),
            "currency": column("Currency"),
            "orders": column("Orders", "Orders, and order ids that only a payment has.", digits=0),
            "open": column("Open", "Breaks that are open at the clock of this version.", digits=0),
            **MONEY,
            "difference": column("Difference", "Captured less refunded less due.", digits=2),
            "unexplained": column("Unexplained", "Difference without a type. Always zero.", digits=2),
        },
        key="breaks",
        nothing="No order is reconciled yet.",
        height="content",
    )
    kinds = [kind for kind in dict.fromkeys(found["break_type"]) if kind not in SETTLED]
    kind = st.selectbox(
        "Orders with a break",
        kinds,
        index=None,
        format_func=label,
        key="break",
        bind="query-params",
        placeholder="Pick a break to see its orders",
        width=320,
    )
    if kind:
        _orders_of(version, kind)


def _orders_of(version: Version, kind: str) -> None:
    """List the orders with a break, the largest difference first. A picked row opens the order."""
    picked = table(
        version.rows(ORDERS, (kind, LIMIT)),
        {
            "order_id": column("Order"),
            "placed_date": column("Placed"),
            "age_days": column("Open for", "Age of the break.", unit="days", digits=1),
            "due_amount": MONEY["due"],
            "captured_amount": MONEY["captured"],
            "refunded_amount": MONEY["refunded"],
            "disputed_amount": column("Disputed", digits=2),
            "fee_amount": column("Fees", digits=2),
            "difference_amount": column("Difference", "Captured less refunded less due.", digits=2),
            "currency": column("Currency"),
            "source": column("Source"),
        },
        key="orders_of_break",
        nothing="No order has this break.",
        of=version.row(COUNT, (kind,))["n"],
        select="Largest difference first. Pick a row to open the order.",
    )
    if picked:
        st.switch_page("app_pages/orders.py", query_params={"order": picked["order_id"]})
