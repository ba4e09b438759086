"""Section of the Today page: KPI tiles with target and owner."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from shared import kpis
from shared.access import Version
from shared.formats import label
from shared.periods import Period

__all__ = ["tiles"]

NAMES = [
    "orders", "orders_recognised", "net_sales", "average_order_value", "on_time_delivery_rate", "on_time_shipment_rate",
    "order_cycle_hours", "return_rate_units", "exception_rate", "unreconciled_amount", "payment_success_rate",
    "feedback_score",
]  # fmt: skip

COLOURS: dict[bool | None, Literal["green", "red", "gray"]] = {True: "green", False: "red", None: "gray"}


def tiles(version: Version, period: Period) -> None:
    """Show each KPI of a period with its target and owner: green if met, red if missed."""
    st.caption(f"{period}. Amounts in {version.currency}.")
    with st.container(horizontal=True, gap="small"):
        for kpi in kpis.judged(version, NAMES, period):
            st.metric(
                kpi.figure.name,
                kpi.figure.value,
                f"{kpi.verdict} · {label(kpi.owner)}",
                delta_color=COLOURS[kpi.is_met],
                delta_arrow="off",
                help=kpi.figure.help,
                border=True,
                height="stretch",
                chart_data=kpi.figure.trend,
                chart_type="area",
            )
