"""Sums on the pages: the parts as they are shown, rounded, add up to the total as it is shown, to the last digit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import Open, tables_of
from tests.dashboards.published_home import publish

Shown = dict[str, Decimal | None]


def _shown(cell: str | None) -> Decimal | None:
    return None if cell is None or re.fullmatch(r"-?[\d,]+(\.\d+)?", cell) is None else Decimal(cell.replace(",", ""))


def tables(app: AppTest, *names: str) -> list[list[Shown]]:
    """Return the numbers, as shown, of the tables that have all columns of an equation."""
    return [
        [{name: _shown(cell) for name, cell in row.items()} for row in table.rows]
        for table in tables_of(app)
        if set(names) <= set(table.headings)
    ]


# Page, with the total and its parts, each with its sign.
EQUATIONS: dict[str, tuple[str, dict[str, str], str, dict[str, int]]] = {
    "payout": (
        "payments",
        {"payments_view": "Payouts"},
        "payout_amount",
        {"captured_amount": 1, "refunded_amount": -1, "disputed_amount": -1, "fees_amount": -1, "movements_amount": 1},
    ),
    "difference by type": ("payments", {}, "difference", {"captured": 1, "refunded": -1, "due": -1}),
    "difference of an order": (
        "payments",
        {"break": "refunded"},
        "difference_amount",
        {"captured_amount": 1, "refunded_amount": -1, "due_amount": -1},
    ),
    "gap": ("payments", {}, "cash_amount", {"due_amount": 1, "gap_amount": 1}),
    "explained gap": ("payments", {}, "gap_amount", {"explained_amount": 1, "unexplained_amount": 1}),
    "journal by account": (
        "payments",
        {"payments_view": "Journal"},
        "balance_amount",
        {"debit_amount": 1, "credit_amount": -1},
    ),
    "journal by day": (
        "payments",
        {"payments_view": "Journal", "journal_by": "By day"},
        "balance_amount",
        {"debit_amount": 1, "credit_amount": -1},
    ),
    "bridge to the journal": (
        "payments",
        {"payments_view": "Journal", "journal_by": "Bridge to revenue"},
        "journal_amount",
        {
            **{"placed_amount": 1, "timing_amount": 1, "versions_amount": 1, "parcels_amount": 1, "rates_amount": 1},
            **{"gift_cards_amount": 1, "unexplained_amount": 1},
        },
    ),
    "net sales": (
        "revenue",
        {},
        "net_sales_amount",
        {"gross_sales_amount": 1, "discounts_amount": -1, "returns_amount": -1},
    ),
    "total sales": (
        "revenue",
        {},
        "total_sales_amount",
        {"net_sales_amount": 1, "tax_amount": 1, "shipping_amount": 1},
    ),
    "available": ("inventory", {}, "available_quantity", {"on_hand_quantity": 1, "allocated_quantity": -1}),
    "to promise": (
        "inventory",
        {},
        "available_to_promise_quantity",
        {"available_quantity": 1, "backordered_quantity": -1, "incoming_quantity": 1},
    ),
    "closing level": (
        "inventory",
        {"sku": "SKU-023"},
        "closing",
        {
            **{"opening": 1, "received": 1, "shipped": -1, "unshipped": 1, "restocked": 1, "adjusted": 1},
            **{"transferred": 1, "counted": 1},
        },
    ),
    "open units": (
        "fulfilment",
        {},
        "open",
        {"held": 1, "allocated": 1, "backordered": 1, "not_tracked": 1},
    ),
}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose payouts and orders are also in dinars of three digits and in yen of none."""
    home = tmp_path_factory.mktemp("mixed")
    path = publish(home)
    path.chmod(0o644)
    with duckdb.connect(str(path)) as connection:
        for table, amounts in (
            ("fct_payout_reconciliation", ("captured_amount", "refunded_amount", "fees_amount")),
            ("fct_payment_reconciliation", ("captured_amount", "refunded_amount", "due_amount")),
        ):
            step = ", ".join(f"{name} = {name} + 0.00{number}" for number, name in enumerate(amounts, 4))
            total = (
                "payout_amount = captured_amount - refunded_amount - disputed_amount - fees_amount "
                "+ adjustments_amount + provider_fees_amount"
            )
            if table == "fct_payment_reconciliation":
                total = (
                    "difference_amount = captured_amount - refunded_amount - due_amount, "
                    "cash_amount = captured_amount - refunded_amount - disputed_amount, "
                    "gap_amount = captured_amount - refunded_amount - disputed_amount - due_amount"
                )
            connection.execute(f"update marts.{table} set currency = 'KWD', {step}").fetchall()
            connection.execute(f"update marts.{table} set {total}").fetchall()
    return home


@pytest.mark.parametrize("equation", EQUATIONS)
def test_parts_add_up_as_they_are_shown(equation: str, mixed: Path, open_page: Open) -> None:
    check(equation, mixed, open_page)


def check(equation: str, home: Path, open_page: Open) -> None:
    """Add up every row of every table that shows an equation."""
    page, query, total, parts = EQUATIONS[equation]
    found = tables(open_page(home, page, **query), total, *parts)
    assert found
    for row in _rows(found):
        if row[total] is not None and None not in [row[name] for name in parts]:
            assert sum(sign * (row[name] or 0) for name, sign in parts.items()) == row[total], row


def _rows(found: Iterable[list[Shown]]) -> list[Shown]:
    rows = [row for table in found for row in table]
    assert rows
    return rows
