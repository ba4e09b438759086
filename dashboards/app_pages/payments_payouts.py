"""Payouts of providers: the list, and the parts and payment events of one payout."""

from __future__ import annotations

import polars as pl
import streamlit as st
from shared.access import Row, Version
from shared.formats import money
from shared.layout import empty
from shared.listing import listing
from shared.people import open_page
from shared.tables import column, table

__all__ = ["payouts"]

PAYOUTS = """
    select payout_id || ' ' || coalesce(provider, '') || ' ' || currency as row_id, payout_id, provider, currency,
        payout_status, break_type, payout_at, payments_count, captured_amount,
        refunded_amount, disputed_amount, fees_amount,
        payout_amount - captured_amount + refunded_amount + disputed_amount + fees_amount as movements_amount,
        payout_amount, stated_amount, residual_amount
    from marts.fct_payout_reconciliation
"""
ONE = """
    select * from marts.fct_payout_reconciliation where payout_id = ? order by provider, currency
"""
EVENTS = """
    select payment_id, order_id, kind, method, amount, amount_reporting, fee_amount, currency, occurred_at
    from marts.fct_payment_ledger where payout_id = ?
"""
# Parts of a payout with the sign with which they enter it, as `payout_amount` is described in the data dictionary.
PARTS = (
    ("captured_amount", 1, "Captured"),
    ("refunded_amount", -1, "Refunded"),
    ("disputed_amount", -1, "Disputed"),
    ("fees_amount", -1, "Fees of payments"),
    ("adjustments_amount", 1, "Adjustments"),
    ("reserves_amount", 1, "Reserves"),
    ("provider_fees_amount", 1, "Fees of the provider"),
    ("dispute_fees_amount", 1, "Fees of disputes"),
    ("transfers_amount", 1, "Transfers"),
    ("failed_payouts_amount", 1, "Failed payouts"),
    ("unexplained_payments_amount", 1, "Payments without an event"),
    ("unknown_movements_amount", 1, "Unknown movements"),
)


def payouts(version: Version) -> None:
    """List the payouts, and show the parts of the picked one."""
    listed = listing(
        version,
        PAYOUTS,
        (),
        {
            "payout_id": column("Payout"),
            "provider": column("Provider"),
            "payout_status": column("Status", "What the provider says about it."),
            "break_type": column("Result", "Stated amount against the parts."),
            "payout_at": column("Paid out"),
            "payments_count": column("Events", digits=0),
            "captured_amount": column("Captured", is_amount=True),
            "refunded_amount": column("Refunded", is_amount=True),
            "disputed_amount": column("Disputed", is_amount=True),
            "fees_amount": column("Fees", is_amount=True),
            "movements_amount": column(
                "Other movements", "Fees of the provider, adjustments, reserves and failed payouts.", is_amount=True
            ),
            "payout_amount": column(
                "Payout", "Captured less refunded, disputed and fees, with other movements.", is_amount=True
            ),
            "stated_amount": column("Stated", "Amount that the provider states.", is_amount=True),
            "residual_amount": column(
                "Residual", "Stated less the parts. Of a failed payout 0 is stated.", is_amount=True
            ),
            "currency": column("Currency"),
        },
        key="payouts",
        unique="row_id",
        sort="-payout_at",
        nothing="No payment belongs to a payout.",
        opens="See its parts and payment events",
        height=480,
    )
    if listed.opened:
        st.query_params["payout"] = listed.opened["payout_id"]
    chosen = st.query_params.get("payout")
    if chosen:
        _one(version, chosen)


def _one(version: Version, payout: str) -> None:
    """Show the parts of a payout, their sum, and its payment events. An opened event opens its order."""
    found = version.rows(ONE, (payout,))
    if found.is_empty():
        empty(f"This version has no payout {payout}.")
        return
    st.subheader(f"Payout {payout}", anchor=False)
    for number, row in enumerate(found.iter_rows(named=True)):
        _parts(row, f"payout_parts_{number}")
    listed = listing(
        version,
        EVENTS,
        (payout,),
        {
            "payment_id": column("Payment"),
            "order_id": column("Order"),
            "kind": column("Event"),
            "method": column("Method"),
            "amount": column("Amount", is_amount=True, sort="amount_reporting"),
            "fee_amount": column("Fee", is_amount=True),
            "currency": column("Currency"),
            "occurred_at": column("When"),
        },
        key="payout_events",
        noun="payment events",
        unique="payment_id",
        sort="occurred_at",
        nothing="No payment event names this payout.",
        prefix="event_",
        opens="Open the order",
    )
    if listed.opened and listed.opened["order_id"]:
        open_page("orders", {"order": listed.opened["order_id"]})


def _parts(payout: Row, key: str) -> None:
    """Show the parts of a payout in one currency, and that they add up to what is stated."""
    currency = payout["currency"]
    parts = pl.DataFrame(
        [
            {"part": heading, "part_amount": sign * payout[name], "currency": currency}
            for name, sign, heading in PARTS
            if payout[name]
        ],
        schema={"part": pl.String, "part_amount": pl.Decimal(38, 4), "currency": pl.String},
    )
    table(
        parts,
        {"part": column("Part"), "part_amount": column("Amount", is_amount=True), "currency": column("Currency")},
        key=key,
        nothing="No part of this payout is known.",
        height="content",
    )
    st.caption(
        f"{payout['provider'] or 'Provider'}: sum of the parts {money(payout['payout_amount'], currency)} + "
        f"residual {money(payout['residual_amount'], currency)} = stated {money(payout['stated_amount'], currency)}."
    )
