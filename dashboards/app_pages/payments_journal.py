"""Journal of a period: balances by account, the entries of one account, and the bridge to revenue."""

from __future__ import annotations

import polars as pl
import streamlit as st
from shared import address
from shared.access import Row, Version
from shared.columns import Column, column
from shared.formats import label, money
from shared.layout import empty
from shared.listing import listing
from shared.people import open_page
from shared.periods import Period
from shared.tables import table

__all__ = ["journal"]

BY = ("By account", "By day", "Bridge to revenue")

# All sums come from one reading. A row without an account is of a day, one without a day of an account, one without
# either of the whole period.
SUMS = """
    select currency, account, business_date, sum(debit_amount) as debit_amount, sum(credit_amount) as credit_amount,
        sum(debit_amount) - sum(credit_amount) as balance_amount, count(distinct entry_id) as entries
    from marts.fct_journal where business_date between ? and ?
    group by grouping sets ((currency), (currency, account), (currency, business_date))
    order by currency, account nulls last, business_date desc nulls first
"""
# Rows of one entry on one account are told apart by their number.
ENTRIES = """
    select business_date, entry_kind, order_id, payment_id, payout_id, return_id, sku, debit_amount, credit_amount,
        currency, entry_id,
        concat_ws(' ', entry_id, row_number() over (
            partition by entry_id order by debit_amount desc, credit_amount desc, sku nulls last
        )) as row_id
    from marts.fct_journal where currency = ? and business_date between ? and ? and account = ?
"""
BRIDGE = """
    select measure, currency, sum(placed_amount) as placed_amount, sum(timing_amount) as timing_amount,
        sum(versions_amount) as versions_amount, sum(parcels_amount) as parcels_amount,
        sum(rates_amount) as rates_amount, sum(gift_cards_amount) as gift_cards_amount,
        sum(journal_amount) as journal_amount, sum(unexplained_amount) as unexplained_amount
    from marts.fct_journal_bridge where business_date between ? and ?
    group by measure, currency order by currency, measure
"""
SIDES: dict[str, Column] = {
    "debit_amount": column("Debit", is_amount=True),
    "credit_amount": column("Credit", is_amount=True),
    "balance_amount": column("Balance", "Debits less credits.", is_amount=True),
    "currency": column("Currency"),
    "entries": column("Entries", digits=0),
}


def journal(version: Version, period: Period) -> None:
    """Show debits, credits and balance by account or by day with their totals, or the bridge to revenue."""
    by = address.segment("journal_by", "Show", BY, "By account", written=str, hides_heading=True)
    with st.spinner("Adding up the journal…"):
        if by == "Bridge to revenue":
            _bridge(version, period)
        else:
            _sums(version, period, by_day=by == "By day")


def _sums(version: Version, period: Period, *, by_day: bool) -> None:
    found = version.rows(SUMS, (period.first, period.last))
    totals = found.filter(pl.col("account").is_null() & pl.col("business_date").is_null())
    if totals.is_empty():
        empty("Nothing was posted in this period.")
        return
    currencies = totals.sort("entries", "currency", descending=[True, False])["currency"].to_list()
    currency = address.one("journal_currency", "Currency", currencies, currencies[0], written=str, width=160)
    of_currency = found.filter(currency=currency)
    _balance(totals.filter(currency=currency).row(0, named=True), currency)
    if by_day:
        days = of_currency.drop_nulls("business_date")
        table(days, {"business_date": column("Day"), **SIDES}, key="journal_days", nothing="Nothing was posted.")
        return
    picked = table(
        of_currency.drop_nulls("account"),
        {"account": column("Account"), **SIDES},
        key="journal_accounts",
        nothing="Nothing was posted in this period.",
        select="Open a row to see the entries of the account.",
        height="content",
    )
    if picked:
        st.query_params["account"] = picked["account"]
    account = st.query_params.get("account")
    if account:
        _entries(version, (currency, period.first, period.last), account)


def _balance(totals: Row, currency: str) -> None:
    """Say that debits equal credits, or that they do not."""
    debit, credit = totals["debit_amount"], totals["credit_amount"]
    written = f"Debits {money(debit, currency)}, credits {money(credit, currency)}"
    if debit == credit:
        st.success(f"{written}: equal.", icon=":material/balance:")
    else:
        st.error(f"{written}: NOT equal. Tell whoever runs this Orderhouse.", icon=":material/error:")


def _entries(version: Version, chosen: tuple[object, ...], account: str) -> None:
    """List the entries of an account, the newest first. An opened row leads to its order."""
    st.subheader(f"Entries of {label(account).lower()}", anchor=False)
    entry = listing(
        version,
        ENTRIES,
        (*chosen, account),
        {
            "business_date": column("Day"),
            "entry_kind": column("Entry"),
            "order_id": column("Order"),
            "debit_amount": SIDES["debit_amount"],
            "credit_amount": SIDES["credit_amount"],
            "currency": SIDES["currency"],
            "payment_id": column("Payment"),
            "payout_id": column("Payout"),
            "return_id": column("Return"),
            "sku": column("SKU"),
            "entry_id": column("Entry id"),
        },
        key="journal_entries",
        noun="entries",
        unique="row_id",
        sort="-business_date",
        prefix="entries_",
        nothing="The account has no entry in this period.",
        opens="Open the order",
        height=420,
    ).opened
    if entry and entry["order_id"]:
        open_page("orders", {"order": entry["order_id"]})


def _bridge(version: Version, period: Period) -> None:
    """Show the bridge from revenue on the placed clock to what the journal posted, by measure and currency."""
    found = version.rows(BRIDGE, (period.first, period.last))
    table(
        found,
        {
            "measure": column("Measure"),
            "currency": column("Currency"),
            "placed_amount": column("Placed", "Placed clock of the revenue page.", is_amount=True),
            "timing_amount": column("Timing", "Less what was placed, plus what was shipped.", is_amount=True),
            "versions_amount": column("Versions", "Later versions of orders and lines.", is_amount=True),
            "parcels_amount": column("Parcels", "Lost, cancelled and carrier-returned parcels.", is_amount=True),
            "rates_amount": column("Rates", "Costs at the rate of another day.", is_amount=True),
            "gift_cards_amount": column("Gift cards", "Tax of gift cards.", is_amount=True),
            "journal_amount": column("Journal", "What the journal posted.", is_amount=True),
            "unexplained_amount": column("Unexplained", "Always zero.", is_amount=True),
        },
        key="journal_bridge",
        nothing="Nothing was placed or posted in this period.",
        height="content",
    )
