"""Equations that pages state: in the columns of their tables, in their sentences, and in the tips of their figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from tests.dashboards.conftest import Table

__all__ = ["QUOTIENTS", "SUMS", "unequal"]

# Total, and its parts with their signs.
SUMS: tuple[tuple[str, dict[str, int]], ...] = (
    (
        "payout_amount",
        {"captured_amount": 1, "refunded_amount": -1, "disputed_amount": -1, "fees_amount": -1, "movements_amount": 1},
    ),
    ("difference", {"captured": 1, "refunded": -1, "due": -1}),
    ("difference_amount", {"captured_amount": 1, "refunded_amount": -1, "due_amount": -1}),
    ("cash_amount", {"due_amount": 1, "gap_amount": 1}),
    ("gap_amount", {"explained_amount": 1, "unexplained_amount": 1}),
    ("balance_amount", {"debit_amount": 1, "credit_amount": -1}),
    (
        "journal_amount",
        {
            **{"placed_amount": 1, "timing_amount": 1, "versions_amount": 1, "parcels_amount": 1, "rates_amount": 1},
            **{"gift_cards_amount": 1, "unexplained_amount": 1},
        },
    ),
    ("net_sales_amount", {"gross_sales_amount": 1, "discounts_amount": -1, "returns_amount": -1}),
    ("total_sales_amount", {"net_sales_amount": 1, "tax_amount": 1, "shipping_amount": 1}),
    ("gross_margin_amount", {"net_sales_amount": 1, "cost_of_goods_amount": -1}),
    ("available_quantity", {"on_hand_quantity": 1, "allocated_quantity": -1}),
    (
        "available_to_promise_quantity",
        {"available_quantity": 1, "backordered_quantity": -1, "incoming_quantity": 1},
    ),
    (
        "closing",
        {
            **{"opening": 1, "received": 1, "shipped": -1, "unshipped": 1, "restocked": 1, "adjusted": 1},
            **{"transferred": 1, "counted": 1},
        },
    ),
    ("open", {"held": 1, "allocated": 1, "backordered": 1, "not_tracked": 1}),
    ("rows_in", {"accepted": 1, "duplicate": 1, "quarantined": 1, "missing": 1}),
    ("difference_amount", {"current_amount": 1, "closed_amount": -1}),
)
# Quotient, and its numerator and denominator.
QUOTIENTS: tuple[tuple[str, str, str], ...] = (
    ("score_rate", "points", "best_points"),
    ("score_rate", "score", "scale_max"),
    ("rate", "returned", "shipped"),
    ("order_value", "spend", "orders"),
    ("cost_per_parcel", "cost", "parcels"),
    ("lost_rate", "lost", "parcels"),
)
AMOUNT = re.compile(r"(?P<sign>[+−]|^)[^=+−]*?[A-Z]{3} (?P<number>-?\d[\d,]*(?:\.\d+)?)")
EQUATION = re.compile(r"[A-Z]{3} -?[\d,.]+\d [^=]*= .*?[A-Z]{3} -?[\d,.]+\d")
NUMBER = re.compile(r"-?\d{1,3}(,\d{3})*(\.\d+)?")


def number(cell: str | None) -> Decimal | None:
    """Return the number of a cell, and None for other text."""
    return Decimal(cell.replace(",", "")) if cell is not None and NUMBER.fullmatch(cell) else None


def unequal(tables: Iterable[Table], texts: Iterable[str]) -> list[str]:
    """List the rows and sentences that do not add up as they are shown."""
    found = [fault for table in tables for fault in _of_table(table)]
    return found + [f"does not add up: {text}" for text in texts if EQUATION.search(text) and not is_true(text)]


def _of_table(table: Table) -> Iterator[str]:
    names = set(table.headings)
    for total, parts in SUMS:
        if {total, *parts} <= names:
            for row in table.rows:
                shown = {name: number(row[name]) for name in (total, *parts)}
                added = sum(sign * (shown[name] or 0) for name, sign in parts.items())
                if None not in shown.values() and added != shown[total]:
                    yield f"{table.name}: {total} is not {parts} in {row}"
    for quotient, numerator, denominator in QUOTIENTS:
        if {quotient, numerator, denominator} <= names:
            for row in table.rows:
                if not _is_quotient(row[quotient], number(row[numerator]), number(row[denominator])):
                    yield f"{table.name}: {quotient} is not {numerator} ÷ {denominator} in {row}"


def _is_quotient(shown: str | None, numerator: Decimal | None, denominator: Decimal | None) -> bool:
    if shown is None or numerator is None or denominator is None:
        return shown is None or not denominator
    is_share = shown.endswith(" %")
    value = number(shown.removesuffix(" %"))
    if value is None or not denominator:
        return False
    exponent = value.as_tuple().exponent
    last = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
    return abs(numerator / denominator * (100 if is_share else 1) - value) <= last / 2


def is_true(text: str) -> bool:
    """Tell if a sentence such as "a − b = c + d = e" is true for the amounts in it."""
    sums = []
    for side in text.split("="):
        found = [(each["sign"], Decimal(each["number"].replace(",", ""))) for each in AMOUNT.finditer(side.strip())]
        sums.append((found[0][1] if found else None, sum((-n if sign == "−" else n) for sign, n in found)))
    return all(sums[place][1] == sums[place + 1][0] for place in range(len(sums) - 1))
