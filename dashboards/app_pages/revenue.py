"""Revenue page: the bridge from gross to total sales, by day, dimension and recognition clock."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st
from orderhouse import charts
from shared import address
from shared.access import Row, Version
from shared.formats import change, compact, count, label, money
from shared.layout import Figure, drawing, empty, figures, section, start
from shared.periods import Period, pick_period
from shared.tables import column, table

from app_pages.revenue_bridge import BESIDE, CLOCKS, DIMENSIONS, STEPS, Part, by_clock, columns_of, in_words, sums
from app_pages.revenue_contracts import contracts


def headline(version: Version, now: Row, before: Row) -> None:
    """Show the totals of the bridge, refunds, fees, cost and margin against the previous period."""
    orders = Figure("Orders recognised", compact(now["orders"]), "Orders recognised in the period on the chosen clock.")
    shown = [part for part in STEPS if part.sign in ("", "=")] + list(BESIDE)
    figures([_figure(version, part, now[part.column], before[part.column]) for part in shown] + [orders])
    if now["missing_rates"]:
        st.warning(f"Events without an exchange rate: {count(now['missing_rates'])}. Sums that contain them are empty.")
    if now["missing_costs"]:
        st.info(f"Sales of products without a known cost: {count(now['missing_costs'])}. Cost and margin are empty.")


def _figure(version: Version, part: Part, now: Decimal | None, before: Decimal | None) -> Figure:
    return Figure(
        part.name,
        money(now, version.currency),
        part.tip,
        change=f"{change(float(now / before - 1) * 100)} %" if now is not None and before else None,
        against="on the previous period",
        good="down" if part.is_less_better else "up",
    )


def bridge(version: Version, totals: Row) -> None:
    """Draw the bridge: gross − discounts − returns = net, + tax + shipping = total. It needs every step."""
    missing = [part.name for part in STEPS if totals[part.column] is None]
    if missing:
        empty(
            f"The bridge cannot be drawn: {', '.join(missing).lower()} cannot be summed in {version.currency}, because "
            "exchange rates are missing."
        )
        return
    steps = [
        (part.name, float(totals[part.column]) * (-1 if part.sign == "−" else 1), part.sign in ("", "="))
        for part in STEPS
    ]
    st.altair_chart(charts.bridge(steps, f"Amount ({version.currency})"))
    st.caption(in_words(totals, version.currency))


def by_day(version: Version, period: Period, clock: str) -> None:
    """Draw net sales per day above the bridge of each day."""
    daily = sums(version, period, clock, "business_date")
    title = f"Net sales ({version.currency})"
    chart = charts.columns_over_time(daily, "business_date", "net_sales_amount", title, height=220)
    drawing(daily, chart, "There is no revenue in this period.", value="net_sales_amount")
    table(
        daily.sort("business_date", descending=True),
        {
            "business_date": column("Day", "Business day of the recognising event."),
            **columns_of(version.currency, *STEPS, *BESIDE),
        },
        key="daily_bridge",
        nothing="There is no revenue in this period.",
    )


def by_dimension(version: Version, period: Period, clock: str) -> None:
    """Split the bridge by the chosen dimension."""
    by = address.segment("by", "Split by", DIMENSIONS, "channel")
    parts = sums(version, period, clock, by).sort("net_sales_amount", by, descending=[True, False], nulls_last=True)
    left, right = st.columns([2, 3])
    with left:
        largest = parts.head(12)
        chart = charts.ranked(largest, by, "net_sales_amount", f"Net sales ({version.currency})")
        drawing(largest, chart, "There is no revenue in this period.", value="net_sales_amount")
    with right:
        table(
            parts,
            {by: column(label(by)), **columns_of(version.currency, *STEPS)},
            key="by_dimension",
            nothing="There is no revenue in this period.",
        )


def clocks(version: Version, period: Period) -> None:
    """Show the bridge on each recognition clock."""
    table(
        by_clock(version, period),
        {
            "recognition_clock": column("Recognised when", "Event at which a sale counts."),
            **columns_of(version.currency, *STEPS),
        },
        key="clocks",
        nothing="There is no revenue in this period.",
        height="content",
    )


version = start(
    "Revenue", "What did we sell? The bridge from gross to total sales, to the cent. Cash is on the page Payments."
)
with st.container(horizontal=True, vertical_alignment="center"):
    period = pick_period(version)
    clock = address.segment("clock", "Recognised when", CLOCKS, "placed", hides_heading=True)
st.caption(
    f"{period}, against {period.previous}. Sales recognised when {clock}. "
    f"Amounts in {version.currency}, at the exchange rate of the day of the recognising event."
)
totals = sums(version, period, clock).row(0, named=True)
if totals["units"] is None:
    empty("No revenue was recognised in this period. Choose a longer period or another clock.")
else:
    headline(version, totals, sums(version, period.previous, clock).row(0, named=True))
    with section("Bridge", "Gross sales − discounts − returns = net sales. Net sales + tax + shipping = total sales."):
        bridge(version, totals)
    with section("By day"):
        by_day(version, period, clock)
    with section("By dimension", "The bridge by channel, country, category or currency."):
        by_dimension(version, period, clock)
    with section("By recognition clock", "The bridge on each recognition clock: placed, paid, shipped and delivered."):
        clocks(version, period)
    with section(
        "By contract",
        "Lines with an agreed price, by price list: whole months of the period, by the day of the order, in the "
        "currency of the contract. Lines off their contract are on the page Exceptions.",
    ):
        contracts(version, period)
