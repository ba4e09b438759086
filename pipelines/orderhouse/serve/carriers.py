"""Scorecard of carriers over a period of days on which parcels left, from the carrier tables of a published version.

Counts are summed and divided last. The median and the 90th percentile come from the whole-hour buckets of all days, by
the formula of the dbt project. Formatting belongs to the pages.
"""

from __future__ import annotations

import functools
from typing import Literal

from orderhouse.serve.kpis import with_percentiles

__all__ = ["Group", "scorecard"]

Group = Literal["carrier", "service", "lane"]

# Parameters: the first and last day, twice. A cost without one of its rates leaves the sum empty.
SCORECARD = """
with days as (
    select
        {{ group }} as name, sum(parcels_count) - sum(cancelled_count) as parcels,
        sum(on_the_way_count) as on_the_way, sum(delivered_count) as delivered, sum(promised_count) as promised,
        sum(on_time_count) as on_time, sum(problems_count) as problems, sum(lost_count) as lost,
        sum(returned_count) as carried_back, sum(attempts_count) as attempts,
        case when count(*) = count(cost_amount_reporting) then sum(cost_amount_reporting) end as cost
    from marts.fct_carrier_daily where shipped_date between ? and ? group by {{ group }}
),
buckets as (
    select {{ group }} as name, percentile, hours_in_transit as bucket_hours, sum(parcels_count) as durations_count
    from marts.fct_carrier_hours cross join (values (0.5), (0.9)) as wanted (percentile)
    where shipped_date between ? and ? group by all
),
percentiles as (
    {{ percentiles_of_buckets('buckets', ['name', 'percentile']) }}
)
select
    days.*, delivered / nullif(parcels, 0)::double as delivered_rate,
    on_time / nullif(promised, 0)::double as on_time_rate, lost / nullif(parcels, 0)::double as lost_rate,
    (select hours from percentiles where percentiles.name = days.name and percentile = 0.5)::double as median_hours,
    (select hours from percentiles where percentiles.name = days.name and percentile = 0.9)::double as p90_hours,
    (cost / nullif(parcels, 0))::double as cost_per_parcel
from days where parcels > 0 order by parcels desc, name
"""


@functools.cache
def scorecard(group: Group) -> str:
    """Return the query of the scorecard, one row per carrier, service or lane."""
    return with_percentiles(SCORECARD, group=group)
