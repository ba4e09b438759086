"""Scorecard of carriers: on time, hours on the way, losses and costs, with charts."""

from __future__ import annotations

from orderhouse import charts
from orderhouse.serve import carriers
from shared import address
from shared.access import Version
from shared.layout import drawing
from shared.periods import Period
from shared.tables import column, table

__all__ = ["hours", "on_time", "scorecard"]

GROUPS: tuple[carriers.Group, ...] = ("carrier", "service", "lane")
HOURS = """
    select carrier, least(hours_in_transit // 24, 15) as days, sum(parcels_count) as parcels
    from marts.fct_carrier_hours where shipped_date between ? and ?
    group by all order by all
"""
ON_TIME = """
    select date_trunc('week', shipped_date)::date as week, carrier,
        sum(on_time_count) / nullif(sum(promised_count), 0)::double as on_time_rate
    from marts.fct_carrier_daily where shipped_date between ? and ?
    group by all having sum(promised_count) > 0 order by all
"""


def scorecard(version: Version, period: Period) -> None:
    """Compare carriers, services or lanes."""
    group = address.segment("carriers_by", "By", GROUPS, "carrier")
    days = (period.first, period.last)
    found = version.rows(carriers.scorecard(group), days * 2)
    table(
        found,
        {
            "name": column(group.capitalize()),
            "parcels": column("Parcels", "Without cancelled ones.", digits=0),
            "on_the_way": column("On their way", digits=0),
            "on_time_rate": column(
                "On time", "Attempted parcels whose first attempt kept the first promise.", per_cent=True
            ),
            "median_hours": column("Median", "Half of the delivered parcels took less.", unit="hours", digits=1),
            "p90_hours": column("90 %", "Nine in ten delivered parcels took less.", unit="hours", digits=1),
            "lost": column("Lost", digits=0),
            "lost_rate": column("Lost share", "Share of the parcels.", per_cent=True),
            "problems": column("Problems", "The latest scan is a delay, failed attempt or exception.", digits=0),
            "carried_back": column("Returned", "Brought back by the carrier.", digits=0),
            "attempts": column("Attempts", digits=0),
            "cost": column("Cost", "Stated costs. Empty where a rate is missing.", unit=version.currency,
                           is_amount=True),
            "cost_per_parcel": column("Per parcel", "Stated costs ÷ parcels.", unit=version.currency, is_amount=True),
        },
        key="carriers_scorecard",
        nothing="No parcel left in this period.",
        height="content",
    )  # fmt: skip


def hours(version: Version, period: Period) -> None:
    """Draw the delivered parcels by days on their way."""
    found = version.rows(HOURS, (period.first, period.last))
    chart = charts.counted(found, "days", "parcels", ("Days on the way (15: 15 and more)", "Parcels"), series="carrier")
    drawing(found, chart, "No parcel that left in this period is delivered.")


def on_time(version: Version, period: Period) -> None:
    """Draw the share of parcels on time by week of departure."""
    found = version.rows(ON_TIME, (period.first, period.last))
    chart = charts.lines_over_time(found, "week", "on_time_rate", "On time", series="carrier", per_cent=True)
    drawing(found, chart, "No parcel of this period had a promise and an attempt.")
