"""Contracts of the revenue page: what the lines of each price list brought, and what they would have at its prices."""

from __future__ import annotations

import streamlit as st
from shared.access import Version
from shared.layout import empty
from shared.periods import Period
from shared.tables import Column, column, table

__all__ = ["contracts"]

SUMMED = ("lines_count", "off_contract_lines_count", "units_quantity", "missing_costs_count")
AMOUNTS: dict[str, Column] = {
    "net_sales_before_returns_amount": column(
        "Net sales before returns",
        "Units that are not cancelled at the price charged, without tax.",
        is_amount=True,
    ),
    "contract_sales_amount": column("At contract price", "The same units at the agreed price.", is_amount=True),
    "difference_amount": column("Difference", "Charged less agreed: of sales and of margin.", is_amount=True),
    "cost_of_goods_amount": column("Cost", "Empty while a cost is missing.", is_amount=True),
    "gross_margin_amount": column("Margin", "Net sales before returns less cost.", is_amount=True),
    "contract_margin_amount": column(
        "Margin at contract price", "Sales at the agreed price less cost.", is_amount=True
    ),
}
# An amount that is missing in one month leaves its sum empty: no partial sums.
SUMS = ", ".join(
    [f"sum({name})::bigint as {name}" for name in SUMMED]
    + [f"case when count({name}) = count(*) then sum({name}) end as {name}" for name in AMOUNTS]
)
SQL = f"""
    with summed as (
        select price_list_id, currency, {SUMS} from marts.fct_contract_margin
        where month_date between date_trunc('month', ?::date) and ?
        group by price_list_id, currency
    )
    select * from summed order by abs(difference_amount) desc, price_list_id, currency
"""  # noqa: S608 - fixed names, values are parameters
NEEDS_FEED = (
    "No agreed price counts for any order line. Agreed prices come with the feed `price_lists`: declare it for a "
    "source in sources.yaml."
)


def contracts(version: Version, period: Period) -> None:
    """List price lists by month of the order, in the currency of the contract, the largest difference first."""
    found = version.rows(SQL, (period.first, period.last))
    if found.is_empty() and not version.row("select count(*) as n from marts.fct_contract_margin")["n"]:
        empty(NEEDS_FEED)
        return
    table(
        found,
        {
            "price_list_id": column("Price list"),
            "currency": column("Currency"),
            "lines_count": column("Lines", "Order lines that a price of the list counts for.", digits=0),
            "off_contract_lines_count": column("Off contract", "Lines charged at another price.", digits=0),
            "units_quantity": column("Units", digits=0),
            **AMOUNTS,
        },
        key="contracts",
        nothing="No agreed price counts for a line of an order placed in these months. Choose a longer period.",
    )
    if missing := int(found["missing_costs_count"].sum() or 0):
        st.caption(f"Lines without a known cost: {missing}. Cost and margins of their contracts are empty.")
