"""Cash beside sales: payment events, payouts, and orders whose cash is not what is due."""

from __future__ import annotations

from typing import Any

import streamlit as st
from shared.access import Version
from shared.formats import label
from shared.layout import column, table
from shared.periods import Period

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
    select payout_id, provider, currency, payout_at, payments_count, captured_amount, refunded_amount,
        disputed_amount, fees_amount,
        payout_amount
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
MONEY: dict[str, Any] = {
    "due": column("Due", "What customers owe for the units that are not cancelled.", digits=2),
    "captured": column("Captured", "Paid in.", digits=2),
    "refunded": column("Refunded", "Paid back.", digits=2),
}


def payments(version: Version, period: Period) -> None:
    """Show the period's payment events by kind, method and currency."""
    table(
        version.rows(PAYMENTS, (period.first, period.last)),
        {
            "kind": column("Event"),
            "method": column("Method"),
            "currency": column("Currency"),
            "events": column("Events", digits=0),
            "amount": column("Amount", "Sum of the amounts as sent.", digits=2),
            "cash": column("Cash", "In positive, out negative; authorisations move none.", digits=2),
            "fees": column("Fees", "What the provider kept.", digits=2),
        },
        key="payments_by_kind",
        nothing="No payment in this period.",
    )


def payouts(version: Version) -> None:
    """Show the newest payouts with the parts they are made of."""
    table(
        version.rows(PAYOUTS, (LIMIT,)),
        {
            "payout_id": column("Payout"),
            "provider": column("Provider"),
            "payout_at": column("Paid out"),
            "payments_count": column("Events", digits=0),
            "captured_amount": column("Captured", digits=2),
            "refunded_amount": column("Refunded", digits=2),
            "disputed_amount": column("Disputed", digits=2),
            "fees_amount": column("Fees", digits=2),
            "payout_amount": column("Payout", "Captured less refunded, disputed and fees.", digits=2),
            "currency": column("Currency"),
        },
        key="payouts",
        nothing="No payment names a payout.",
    )


def breaks(version: Version) -> None:
    """Show orders by how their cash compares with what is due, and those of one break."""
    found = version.rows(BREAKS)
    table(
        found,
        {
            "break_type": column("Break", "Why cash and due differ; exact where they do not."),
            "currency": column("Currency"),
            "orders": column("Orders", "Orders, and order ids that only a payment names.", digits=0),
            "open": column("Open", "Breaks that stand at the clock of this version.", digits=0),
            **MONEY,
            "difference": column("Difference", "Captured less refunded less due.", digits=2),
            "unexplained": column("Unexplained", "What no break explains; always zero.", digits=2),
        },
        key="breaks",
        nothing="No order has been reconciled.",
        height="content",
    )
    kinds = [kind for kind in dict.fromkeys(found["break_type"]) if kind not in SETTLED]
    kind = st.selectbox(
        "Orders of one break",
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
    picked = table(
        version.rows(ORDERS, (kind, LIMIT)),
        {
            "order_id": column("Order"),
            "placed_date": column("Placed"),
            "age_days": column("Open for", "Since when the break stands.", unit="days", digits=1),
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
