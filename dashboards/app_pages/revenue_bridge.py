"""Bridge of the revenue page: its steps with their definitions, and its sums from `marts.fct_revenue_daily`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import polars as pl
from shared.access import Version
from shared.formats import minor_digits, money
from shared.periods import Period
from shared.tables import Column, column

__all__ = ["BESIDE", "CLOCKS", "DIMENSIONS", "STEPS", "Part", "by_clock", "columns_of", "in_words", "sums"]

CLOCKS = ("placed", "paid", "shipped", "delivered")
Group = Literal["business_date", "channel", "country", "category", "currency"]
DIMENSIONS: tuple[Group, ...] = ("channel", "country", "category", "currency")


@dataclass(frozen=True)
class Part:
    """Amount of the bridge, or beside it.

    Attributes:
        column: Column of the mart, without ``_reporting``.
        name: Heading.
        sign: Sign in the bridge: ``=`` for a total, ``+`` or ``−`` for a step, empty for the first amount.
        tip: Definition.
        is_less_better: True if a fall is an improvement.
    """

    column: str
    name: str
    sign: Literal["", "=", "+", "−"]
    tip: str
    is_less_better: bool = False


STEPS = (
    Part("gross_sales_amount", "Gross sales", "", "Quantity times unit price of the units that are not cancelled."),
    Part("discounts_amount", "Discounts", "−", "Discounts on the same units.", is_less_better=True),
    Part(
        "returns_amount",
        "Returns",
        "−",
        "Net value of returned units, on the day of their receipt.",
        is_less_better=True,
    ),
    Part("net_sales_amount", "Net sales", "=", "Gross sales less discounts less returns."),
    Part("tax_amount", "Tax", "+", "Tax on the units that are not cancelled."),
    Part("shipping_amount", "Shipping", "+", "Shipping charged to customers."),
    Part("total_sales_amount", "Total sales", "=", "Net sales plus tax plus shipping."),
)
BESIDE = (
    Part("refunds_amount", "Refunds", "", "Amounts paid back on the day, for any reason.", is_less_better=True),
    Part("fees_amount", "Fees", "", "Fees of payment providers.", is_less_better=True),
    Part(
        "cost_of_goods_amount",
        "Cost of goods",
        "",
        "Cost of the units sold. Empty while a cost is missing.",
        is_less_better=True,
    ),
    Part("gross_margin_amount", "Gross margin", "", "Net sales less cost of goods. Empty while a cost is missing."),
)
# An amount without an exchange rate or a cost leaves its sum empty: no partial sums.
SUMS = ", ".join(
    f"case when count({part.column}_reporting) = count(*) then sum({part.column}_reporting) end as {part.column}"
    for part in (*STEPS, *BESIDE)
)
COUNTS = """
    sum(orders_count) as orders, sum(units_quantity) as units,
    sum(missing_rates_count) as missing_rates, sum(missing_costs_count) as missing_costs
"""


def sums(version: Version, period: Period, clock: str, by: Group | None = None) -> pl.DataFrame:
    """Sum the bridge over a period in the reporting currency: one row, or one per day or word of a dimension."""
    key, group = (f"{by}, ", f"group by {by} order by {by}") if by else ("", "")
    sql = f"""
        select {key}{COUNTS}, {SUMS} from marts.fct_revenue_daily
        where recognition_clock = ? and business_date between ? and ? {group}
    """  # noqa: S608 - fixed names, values are parameters
    return version.rows(sql, (clock, period.first, period.last))


def by_clock(version: Version, period: Period) -> pl.DataFrame:
    """Sum the bridge over a period on each recognition clock, in the order of `CLOCKS`."""
    sql = f"""
        select recognition_clock, {COUNTS}, {SUMS}
        from marts.fct_revenue_daily where business_date between ? and ?
        group by recognition_clock order by array_position(?, recognition_clock)
    """  # noqa: S608 - as above
    return version.rows(sql, (period.first, period.last, list(CLOCKS)))


def columns_of(currency: str, *parts: Part) -> dict[str, Column]:
    """Describe the table columns of orders, units and the given amounts, to the currency's minor unit."""
    counted = {"orders": column("Orders", digits=0), "units": column("Units", digits=0)}
    return {**counted, **{part.column: column(part.name, part.tip, digits=minor_digits(currency)) for part in parts}}


def in_words(totals: dict[str, Decimal | None], currency: str) -> str:
    """Return the bridge as one equation."""
    return " ".join(f"{part.sign} {money(totals[part.column], currency)} {part.name.lower()}" for part in STEPS).strip()
