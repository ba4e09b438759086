"""Realised differences of rates: what the rates of several days left of an order of which nothing is open.

Every entry balances in the reporting currency. Once deferred revenue and receivable of an order are empty, its
differences are what all its other accounts lack.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.journal import BALANCING, journal_lines
from tests.oracle.state import State
from tests.oracle.versions import grouped

__all__ = ["realised_differences", "realised_rows"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
POSITIONS = ("deferred_revenue", "accounts_receivable")


def realised_differences(state: State) -> Cells:
    """Return the realised differences of orders of which nothing is open; those of zero are left out."""
    orders = {*state.orders, *state.orphan_money}
    cells: Cells = {}
    for subject, lines in grouped(journal_lines(state), lambda line: line.subject).items():
        open_amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for line in lines:
            if line.account in POSITIONS:
                open_amounts[(line.account, line.currency)] += line.amount
        others = [line.reported for line in lines if line.account not in BALANCING and (line.amount or line.reported)]
        if subject not in orders or any(open_amounts.values()) or None in others:
            continue
        difference = -sum((each for each in others if each is not None), ZERO)
        if difference:
            cells[(subject,)] = {"fx_difference_amount_reporting": difference}
    return cells


def realised_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the realised differences of a journal by order, for the orders that the oracle has."""
    found = []
    for order_id, members in grouped((row for row in rows if row["order_id"]), lambda row: row["order_id"]).items():
        open_amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in members:
            if row["account"] in POSITIONS:
                open_amounts[(row["account"], row["currency"])] += row["debit_amount"] - row["credit_amount"]
        if any(open_amounts.values()) or any(row["debit_amount_reporting"] is None for row in members):
            continue
        own = [row for row in members if row["account"] == "fx_difference"]
        difference = sum((row["debit_amount_reporting"] - row["credit_amount_reporting"] for row in own), ZERO)
        if difference:
            found.append({"order_id": order_id, "fx_difference_amount_reporting": difference})
    return found
