"""One return: its lines, and the refunds that name it."""

from __future__ import annotations

import streamlit as st
from shared.access import Version
from shared.formats import DASH, count, hours, instant, label
from shared.layout import Figure, back, badge, empty, figures, section
from shared.people import open_page
from shared.tables import column, table, word

__all__ = ["show"]

LINES = """
    select line_id, order_id, sku, outcome, return_status, requested_quantity, approved_quantity, declined_quantity,
        received_quantity, restocked_quantity, scrapped_quantity, returned_quantity, returned_net_amount,
        returned_tax_amount, credit_amount, currency, opened_at, arrived_at, refunded_at, hours_to_receive,
        hours_to_refund
    from marts.fct_returns where return_id = ? order by line_id
"""
REFUNDS = """
    select payment_id, kind, method, provider, amount, currency, occurred_at, payout_id
    from ops.payments where return_id = ? order by occurred_at, payment_id
"""


def show(version: Version, return_id: str) -> None:
    """Show one return."""
    with st.container(horizontal=True):
        back("All returns", "return")
        st.title(f"Return {return_id}", anchor=False)
    found = version.rows(LINES, (return_id,))
    if found.is_empty():
        empty(f"This version has no return {return_id}. Check the number, or look at All returns.")
        return
    first = found.row(0, named=True)
    with st.container(horizontal=True):
        for outcome in found["outcome"].unique(maintain_order=True):
            badge(outcome)
    figures(
        [
            Figure("Asked for", count(found["requested_quantity"].sum()), "Units."),
            Figure("Back", count(found["returned_quantity"].sum()), "Units."),
            Figure("To arrival", hours(first["hours_to_receive"]), "From the first event to the arrival of the goods."),
            Figure("To refund", hours(first["hours_to_refund"]), "From the arrival of the goods to the refund."),
        ]
    )
    st.caption(
        f"Opened {instant(first['opened_at'], version.time_zone)}, "
        f"arrived {instant(first['arrived_at'], version.time_zone)}, "
        f"refunded {instant(first['refunded_at'], version.time_zone)}. Order {first['order_id'] or DASH}."
    )
    if first["order_id"] and st.button("Open the order", icon=":material/receipt_long:"):
        open_page("orders", {"order": first["order_id"]})
    with section("What came back?"):
        table(
            found,
            {
                "line_id": column("Line"),
                "sku": column("SKU"),
                "outcome": word("Outcome"),
                **{
                    f"{name}_quantity": column(label(name), digits=0)
                    for name in ("requested", "approved", "declined", "received", "restocked", "scrapped", "returned")
                },
                "returned_net_amount": column("Net value", is_amount=True),
                "returned_tax_amount": column("Tax", is_amount=True),
                "credit_amount": column("Credit", "Amount of a credit note line.", is_amount=True),
                "currency": column("Currency"),
            },
            key="lines_of_return",
            nothing="No line.",
            height="content",
        )
    with section("What was paid back?", "Payment events that name this return."):
        table(
            version.rows(REFUNDS, (return_id,)),
            {
                "payment_id": column("Payment"),
                "kind": column("Event"),
                "amount": column("Amount", is_amount=True),
                "currency": column("Currency"),
                "method": column("Method"),
                "provider": column("Provider"),
                "occurred_at": column("When"),
                "payout_id": column("Payout"),
            },
            key="refunds_of_return",
            nothing="No payment event names this return. A refund may name only the order.",
            height="content",
        )
