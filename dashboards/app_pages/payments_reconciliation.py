"""Reconciliation of sales with cash: the whole gap, the breaks that explain it, and the payment events."""

from __future__ import annotations

import polars as pl
from shared import address
from shared.access import Version, quoted
from shared.layout import empty
from shared.listing import listing
from shared.people import open_page
from shared.periods import Period
from shared.tables import Column, column, table

__all__ = ["breaks", "gap", "payments"]

SETTLED = ("exact", "within_tolerance", "not_tracked")
PAYMENTS = """
    select kind, method, currency, count(*) as events, sum(amount) as amount, sum(fee_amount) as fees,
        sum(signed_amount) as cash
    from marts.fct_payment_ledger where occurred_date between ? and ?
    group by kind, method, currency order by events desc, kind, method, currency
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
"""
GAP = """
    select currency, sum(due_amount) as due_amount, sum(gap_amount) as gap_amount, sum(cash_amount) as cash_amount,
        sum(gap_amount) - sum(unexplained_amount) as explained_amount, sum(unexplained_amount) as unexplained_amount,
        sum(open_amount) as open_amount
    from marts.fct_payment_reconciliation group by currency order by currency
"""
RECONCILIATION = "marts.fct_payment_reconciliation"
BREAK_AMOUNT = "_break_amount"
MONEY: dict[str, Column] = {
    "due": column("Due", "Amount due for the units that are not cancelled.", is_amount=True),
    "captured": column("Captured", "Amount that the payment provider has collected.", is_amount=True),
    "refunded": column("Refunded", "Amount paid back to customers.", is_amount=True),
}


def gap(version: Version) -> None:
    """Show due, gap and cash per currency, and the parts of the gap by kind of break."""
    found = version.rows(GAP)
    if found.is_empty():
        empty("No order is reconciled yet.")
        return
    table(
        found,
        {
            "currency": column("Currency"),
            "due_amount": MONEY["due"],
            "gap_amount": column("Gap", "Cash less due.", is_amount=True),
            "cash_amount": column("Cash", "Captured less refunded less disputed.", is_amount=True),
            "explained_amount": column("Explained", "Sum of the breaks below.", is_amount=True),
            "unexplained_amount": column("Unexplained", "Gap without a break. Always zero.", is_amount=True),
            "open_amount": column("Still open", "Amount owed either way by open breaks.", is_amount=True),
        },
        key="gap",
        nothing="No order is reconciled yet.",
        height="content",
    )
    table(
        _parts(version),
        {
            "break_type": column("Break", "Kind of the break that explains this part of the gap."),
            "part_amount": column("Part of the gap", "Above zero: cash without sales. Below: sales without cash.",
                                  is_amount=True),
            "currency": column("Currency"),
        },
        key="gap_parts",
        nothing="There is no gap: cash equals what is due.",
    )  # fmt: skip


def _parts(version: Version) -> pl.DataFrame:
    """Return the sum of every kind of break that is not zero, per currency, the greatest first."""
    kinds = [name for name in version.columns(RECONCILIATION) if name.endswith(BREAK_AMOUNT)]
    sums = ", ".join(f"sum({quoted(name)}) as {quoted(name)}" for name in kinds)
    found = version.rows(f"select currency, {sums} from {RECONCILIATION} group by currency order by currency")  # noqa: S608 - names of columns
    parts = found.unpivot(kinds, index="currency", variable_name="break_type", value_name="part_amount")
    named = parts.with_columns(pl.col("break_type").str.strip_suffix(BREAK_AMOUNT)).filter(pl.col("part_amount") != 0)
    return named.sort("currency", pl.col("part_amount").abs(), "break_type", descending=[False, True, False])


def payments(version: Version, period: Period) -> None:
    """Show the payment events of the period by kind, method and currency."""
    table(
        version.rows(PAYMENTS, (period.first, period.last)),
        {
            "kind": column("Event"),
            "method": column("Method"),
            "currency": column("Currency"),
            "events": column("Events", digits=0),
            "amount": column("Amount", "Sum of the amounts as received.", is_amount=True),
            "cash": column(
                "Cash",
                "Received amounts are positive, paid amounts negative. Authorisations count as zero.",
                is_amount=True,
            ),
            "fees": column("Fees", "Fees of the provider.", is_amount=True),
        },
        key="payments_by_kind",
        nothing="There is no payment in this period.",
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
            "difference": column("Difference", "Captured less refunded less due.", is_amount=True),
            "unexplained": column("Unexplained", "Difference without a type. Always zero.", is_amount=True),
        },
        key="breaks",
        nothing="No order is reconciled yet.",
        height="content",
    )
    kinds = [kind for kind in dict.fromkeys(found["break_type"]) if kind not in SETTLED]
    kind = address.choice("break", "Orders with a break", kinds, nothing="Pick a break to see its orders", width=320)
    if kind:
        _orders_of(version, kind)


def _orders_of(version: Version, kind: str) -> None:
    """List the orders with a break, the largest difference first. An opened row leads to the order."""
    listed = listing(
        version,
        ORDERS,
        (kind,),
        {
            "order_id": column("Order"),
            "placed_date": column("Placed"),
            "age_days": column("Open for", "Age of the break.", unit="days", digits=1),
            "due_amount": MONEY["due"],
            "captured_amount": MONEY["captured"],
            "refunded_amount": MONEY["refunded"],
            "disputed_amount": column("Disputed", is_amount=True),
            "fee_amount": column("Fees", is_amount=True),
            "difference_amount": column("Difference", "Captured less refunded less due.", is_amount=True),
            "currency": column("Currency"),
            "source": column("Source"),
        },
        key="orders_of_break",
        noun="orders",
        unique="order_id",
        sort="-age_days",
        nothing="No order has this break.",
        opens="Open the order",
    )
    if listed.opened:
        open_page("orders", {"order": listed.opened["order_id"]})
