"""The revenue bridge: its steps with their definitions, and its sums over a period from `marts.fct_revenue_daily`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import polars as pl
from shared.access import Version
from shared.formats import money
from shared.layout import column
from shared.periods import Period

__all__ = ["BESIDE", "CLOCKS", "DIMENSIONS", "STEPS", "Part", "by_clock", "columns_of", "in_words", "sums"]

CLOCKS = ("placed", "paid", "shipped", "delivered")
Group = Literal["business_date", "channel", "country", "category", "currency"]
DIMENSIONS: tuple[Group, ...] = ("channel", "country", "category", "currency")


@dataclass(frozen=True)
class Part:
    """One amount of the bridge.

    Attributes:
        column: Its column in the mart, without ``_reporting``.
        name: What people call it.
        sign: What comes before it in the bridge: ``=`` for a total, ``+`` or ``−`` for a step,
            nothing at the start.
        tip: Its definition.
        is_less_better: Whether a fall is good news.
    """

    column: str
    name: str
    sign: Literal["", "=", "+", "−"]
    tip: str
    is_less_better: bool = False


STEPS = (
    Part("gross_sales_amount", "Gross sales", "", "Quantity times unit price of the units that are not cancelled."),
    Part("discounts_amount", "Discounts", "−", "What was taken off those lines.", is_less_better=True),
    Part(
        "returns_amount",
        "Returns",
        "−",
        "Net value of what came back, on the day received; never back-dated.",
        is_less_better=True,
    ),
    Part("net_sales_amount", "Net sales", "=", "Gross sales less discounts less returns."),
    Part("tax_amount", "Tax", "+", "Tax on the units that are not cancelled."),
    Part("shipping_amount", "Shipping", "+", "Shipping charged to customers."),
    Part("total_sales_amount", "Total sales", "=", "Net sales plus tax plus shipping."),
)
BESIDE = (
    Part("refunds_amount", "Refunds", "", "Cash paid back on the day, whatever the reason.", is_less_better=True),
    Part("fees_amount", "Fees", "", "What payment providers kept.", is_less_better=True),
    Part(
        "cost_of_goods_amount",
        "Cost of goods",
        "",
        "Cost of the units sold; open while a cost is missing.",
        is_less_better=True,
    ),
    Part("gross_margin_amount", "Gross margin", "", "Net sales less cost of goods; open while a cost is missing."),
)
# Nothing is summed in part: one amount without a rate or a cost leaves the sum open.
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
    """  # noqa: S608 - names are ours, values are parameters
    return version.rows(sql, (clock, period.first, period.last))


def by_clock(version: Version, period: Period) -> pl.DataFrame:
    """Sum the bridge over a period under each recognition clock, in the order in which sales pass them."""
    sql = f"""
        select recognition_clock, {COUNTS}, {SUMS}
        from marts.fct_revenue_daily where business_date between ? and ?
        group by recognition_clock order by array_position(?, recognition_clock)
    """  # noqa: S608 - as above
    return version.rows(sql, (period.first, period.last, list(CLOCKS)))


def columns_of(*parts: Part) -> dict[str, Any]:
    """Describe the table columns of a bridge: orders, units and the amounts."""
    counted = {"orders": column("Orders", digits=0), "units": column("Units", digits=0)}
    return {**counted, **{part.column: column(part.name, part.tip, digits=2) for part in parts}}


def in_words(totals: dict[str, Decimal | None], currency: str) -> str:
    """Write the bridge as one equation."""
    return " ".join(f"{part.sign} {money(totals[part.column], currency)} {part.name.lower()}" for part in STEPS).strip()
