"""Spread of the durations behind a percentile."""

from __future__ import annotations

from orderhouse import charts
from shared.access import Row, Version
from shared.layout import drawing
from shared.periods import Period

__all__ = ["spread"]

SPREAD = """
    select least(bucket_hours // 24, 30) as days, sum(durations_count)::bigint as durations
    from marts.fct_kpi_distribution
    where kpi = ? and dimension = 'all' and business_date between ? and ?
    group by all order by days
"""


def spread(version: Version, kpi: Row, period: Period) -> None:
    """Draw the number of durations by whole days."""
    found = version.rows(SPREAD, (kpi["distribution"], period.first, period.last))
    chart = charts.counted(found, "days", "durations", ("Whole days (30: 30 and more)", "Orders or refunds"))
    drawing(found, chart, "No duration ended in this period.")
