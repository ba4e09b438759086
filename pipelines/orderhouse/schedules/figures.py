"""Figures that a schedule can send: those of the pages, with the same specification, over the last complete days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderhouse.serve.worklist import RANK

if TYPE_CHECKING:
    import polars as pl

    from orderhouse.charts import Drawing

__all__ = ["FIGURES", "Figure"]

DAYS = 28
# A sum without one of its rates is empty: no partial sums.
NET_SALES = (
    "case when count(net_sales_amount_reporting) = count(*) then sum(net_sales_amount_reporting) end "
    "as net_sales_amount"
)
# The business day of the clock is not over.
PERIOD = f"""
    from marts.fct_revenue_daily as revenue, marts.as_of as clock
    where revenue.recognition_clock = 'placed'
        and revenue.business_date between clock.business_date - {DAYS} and clock.business_date - 1
"""


@dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes:
        title: Title for people.
        about: What it shows, in one sentence.
        query: Its rows.
        draw: Draws them; the second argument is the reporting currency.
    """

    title: str
    about: str
    query: str
    draw: Callable[[pl.DataFrame, str], Drawing]


# Charts are imported when one is drawn: Altair takes half a second, and most uses only name the figures.
def _ranked(rows: pl.DataFrame, name: str, value: str, title: str) -> Drawing:
    from orderhouse.charts import ranked

    return ranked(rows, name, value, title)


def _by_severity(rows: pl.DataFrame) -> Drawing:
    from orderhouse.charts import ranked
    from orderhouse.charts.colours import SEVERITY_COLOURS

    return ranked(rows, "code", "open_count", "Open exceptions", colour="severity", colours=SEVERITY_COLOURS)


def _by_day(rows: pl.DataFrame, title: str) -> Drawing:
    from orderhouse.charts import columns_over_time

    return columns_over_time(rows, "business_date", "net_sales_amount", title)


def _on_time(rows: pl.DataFrame) -> Drawing:
    from orderhouse.charts import lines_over_time

    return lines_over_time(rows, "week", "on_time_rate", "On time", series="carrier", per_cent=True)


FIGURES = {
    "exceptions_by_code": Figure(
        "Open exceptions by code",
        "All open exceptions, as on the page Exceptions.",
        "select code, severity, count(*) as open_count from ops.exceptions "
        "group by code, severity order by open_count desc, code",
        lambda rows, _: _by_severity(rows),
    ),
    "worklist_by_severity": Figure(
        "Worklist by severity",
        "Exceptions in the worklist, without snoozed and resolved ones.",
        "select severity, count(*) as open_count from ops.exceptions where is_in_worklist group by severity "  # noqa: S608
        f"order by {RANK}",
        lambda rows, _: _ranked(rows, "severity", "open_count", "Open exceptions"),
    ),
    "orders_by_stage": Figure(
        "Orders in progress by stage",
        "Orders that are neither finished nor cancelled, shipments tracked, as on the page Today.",
        "select stage, count(*) as orders from ops.orders where stage not in "
        "('closed', 'delivered', 'cancelled', 'returned') and is_shipment_tracked "
        "group by stage order by orders desc, stage",
        lambda rows, _: _ranked(rows, "stage", "orders", "Orders"),
    ),
    "net_sales_by_day": Figure(
        "Net sales by day",
        f"The last {DAYS} complete business days, recognised when placed, as on the page Revenue.",
        f"select revenue.business_date, {NET_SALES} {PERIOD} group by revenue.business_date "  # noqa: S608 - fixed text
        "order by revenue.business_date",
        lambda rows, currency: _by_day(rows, f"Net sales ({currency})"),
    ),
    "net_sales_by_channel": Figure(
        "Net sales by channel",
        f"The last {DAYS} complete business days, recognised when placed, as on the page Revenue.",
        f"select revenue.channel, {NET_SALES} {PERIOD} group by revenue.channel "  # noqa: S608 - fixed text
        "order by net_sales_amount desc nulls last, revenue.channel",
        lambda rows, currency: _ranked(rows, "channel", "net_sales_amount", f"Net sales ({currency})"),
    ),
    "on_time_by_week": Figure(
        "Parcels on time by week and carrier",
        "Share of parcels whose first attempt kept the first promise, by week of departure, as on the page Shipments.",
        "select date_trunc('week', shipped_date)::date as week, carrier, "
        "sum(on_time_count) / nullif(sum(promised_count), 0)::double as on_time_rate "
        "from marts.fct_carrier_daily group by all having sum(promised_count) > 0 order by all",
        lambda rows, _: _on_time(rows),
    ),
}
