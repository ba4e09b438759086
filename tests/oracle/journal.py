"""Journal: what every order leaves on the accounts of sales, and what its payments move into transit.

Sales, discounts, returns, tax and shipping are those of the clock `shipped`, whatever the days of their entries.
Gift cards, disputes, payouts, fees, cost of goods and stock are not written here.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.state import State
from tests.oracle.takebacks import order_events

__all__ = ["journal_balances", "order_balances"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
# Account by amount of the revenue events, and the side on which it grows: debits are positive.
OF_SALES = {
    "gross_sales": ("sales", -1),
    "discounts": ("discounts", 1),
    "returns": ("returns", 1),
    "tax": ("tax_payable", -1),
    "shipping": ("shipping_income", -1),
}
MOVED = ("captured", "refunded")
ACCOUNTS = tuple(account for account, _ in OF_SALES.values())


def order_balances(state: State) -> Cells:
    """Return the balances of every order by account and currency; those of zero are left out."""
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(lambda: ZERO)
    for order in state.orders.values():
        for event in order_events(state, order, "shipped"):
            for name, (account, side) in OF_SALES.items():
                sums[(order.order_id, account, event.currency)] += side * event.amounts.get(name, ZERO)
    for money in [*(order.money for order in state.orders.values()), *state.orphan_money.values()]:
        for payment in money.payments:
            row = payment.row
            sign = {"captured": 1, "refunded": -1}.get(payment.kind, 0)
            sums[(payment.order_id, "cash_in_transit", row["currency"])] += sign * row["amount"]
    return {key: {"balance_amount": amount} for key, amount in sums.items() if amount}


def journal_balances(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the balances of a journal by order, account and currency; those of zero are left out."""
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        account = row["account"]
        is_moved = account == "cash_in_transit" and row["entry_kind"] in MOVED
        if row["order_id"] and row["entry_kind"] != "gift_card" and (is_moved or account in ACCOUNTS):
            sums[(row["order_id"], account, row["currency"])] += row["debit_amount"] - row["credit_amount"]
    names = ("order_id", "account", "currency")
    return [dict(zip(names, key, strict=True)) | {"balance_amount": amount} for key, amount in sums.items() if amount]
