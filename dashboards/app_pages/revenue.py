"""Revenue: the bridge from gross to total sales, its parts by dimension, and cash beside sales."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import streamlit as st
from shared import charts
from shared.access import Version
from shared.formats import compact, count, label, short_money
from shared.layout import Figure, column, empty, figures, section, start, table
from shared.periods import Period, pick_period

from app_pages import revenue_reconciliation as reconciliation
from app_pages.revenue_bridge import BESIDE, CLOCKS, DIMENSIONS, STEPS, Part, by_clock, columns_of, in_words, sums


def headline(version: Version, now: dict[str, Any], before: dict[str, Any]) -> None:
    """Show the bridge's totals and what stands beside it, against the period before."""
    orders = Figure("Orders", compact(now["orders"]), "Orders that this clock recognises in the period.")
    shown = [part for part in STEPS if part.sign in ("", "=")] + list(BESIDE)
    figures([_figure(version, part, now[part.column], before[part.column]) for part in shown] + [orders])
    if now["missing_rates"]:
        st.warning(f"{count(now['missing_rates'])} events have no exchange rate; what they are part of is left open.")
    if now["missing_costs"]:
        st.info(
            f"{count(now['missing_costs'])} sales are of products without a known cost; cost and margin are left open."
        )


def _figure(version: Version, part: Part, now: Decimal | None, before: Decimal | None) -> Figure:
    return Figure(
        part.name,
        short_money(now, version.currency),
        part.tip,
        change=f"{(now / before - 1) * 100:+.1f} %" if now is not None and before else None,
        against="on the period before",
        good="down" if part.is_less_better else "up",
    )


def bridge(version: Version, totals: dict[str, Any]) -> None:
    """Draw gross − discounts − returns = net, + tax + shipping = total."""
    steps = [
        (part.name, float(totals[part.column] or 0) * (-1 if part.sign == "−" else 1), part.sign in ("", "="))
        for part in STEPS
    ]
    st.altair_chart(charts.bridge(steps, f"Amount ({version.currency})"))
    st.caption(in_words(totals, version.currency))


def by_day(version: Version, period: Period, clock: str) -> None:
    """Draw net sales per day, and list the daily bridge."""
    daily = sums(version, period, clock, "business_date")
    title = f"Net sales ({version.currency})"
    st.altair_chart(charts.columns_over_time(daily, "business_date", "net_sales_amount", title, height=220))
    table(
        daily.sort("business_date", descending=True),
        {"business_date": column("Day", "Business day of the recognition clock."), **columns_of(*STEPS, *BESIDE)},
        key="daily_bridge",
        nothing="No revenue in this period.",
    )


def by_dimension(version: Version, period: Period, clock: str) -> None:
    """Split the bridge by the dimension that the reader picks."""
    by = st.segmented_control(
        "Split by", DIMENSIONS, default="channel", required=True, format_func=label, key="by", bind="query-params"
    )
    parts = sums(version, period, clock, by or "channel").sort(
        "net_sales_amount", by, descending=[True, False], nulls_last=True
    )
    left, right = st.columns([2, 3])
    with left:
        st.altair_chart(charts.ranked(parts.head(12), by, "net_sales_amount", f"Net sales ({version.currency})"))
    with right:
        table(
            parts,
            {by: column(label(by)), **columns_of(*STEPS)},
            key="by_dimension",
            nothing="No revenue in this period.",
        )


def clocks(version: Version, period: Period) -> None:
    """Show the same bridge under each recognition clock, side by side."""
    table(
        by_clock(version, period),
        {"recognition_clock": column("Recognised when", "Which event puts a sale on a day."), **columns_of(*STEPS)},
        key="clocks",
        nothing="No revenue in this period.",
        height="content",
    )


version = start("Revenue", "From gross to total sales, to the cent, and what cash says beside it.")
with st.container(horizontal=True, vertical_alignment="center"):
    period = pick_period(version)
    clock = st.segmented_control(
        "Recognised when",
        CLOCKS,
        default="placed",
        required=True,
        format_func=label,
        key="clock",
        bind="query-params",
        label_visibility="collapsed",
    )
st.caption(
    f"{period}, against {period.previous}. Sales recognised when {clock}. "
    f"Amounts in {version.currency}, at the rate of the day of the event."
)
totals = sums(version, period, clock).row(0, named=True)
if totals["units"] is None:
    empty("No revenue was recognised in this period. Choose a longer one, or another clock.")
else:
    headline(version, totals, sums(version, period.previous, clock).row(0, named=True))
    with section(
        "Bridge", "Gross sales − discounts − returns = net sales; + tax + shipping = total sales, on every row."
    ):
        bridge(version, totals)
    with section("By day"):
        by_day(version, period, clock)
    with section("By dimension", "The same bridge, split."):
        by_dimension(version, period, clock)
    with section("By recognition clock", "Rival definitions of revenue side by side."):
        clocks(version, period)
with section("Payments", "Events of the period as providers sent them, in their own currency."):
    reconciliation.payments(version, period)
with section("Payouts", "What providers paid out, and the parts it is made of; newest first."):
    reconciliation.payouts(version)
with section(
    "Reconciliation", "Cash against what is due, over all orders. Every difference has a type; nothing is unexplained."
):
    reconciliation.breaks(version)
