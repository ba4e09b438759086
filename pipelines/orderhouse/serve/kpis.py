"""KPIs of a period, against an earlier period, from the KPI tables of a published version.

How days combine is data of `marts.kpi_catalogue`. The formula of a percentile is a macro of the dbt project, which is
rendered here over the summed buckets of the period. Formatting belongs to the command line and the pages.
"""

from __future__ import annotations

import functools
from datetime import date, timedelta

from jinja2 import Environment

from orderhouse.packaged import packaged

__all__ = ["complete_days", "kpis_of_periods", "with_percentiles"]

# Parameters: the first and last day of the period, and the first and last day of the earlier one.
#
# Sums and ratios add up numerators and denominators; ratios are never averaged, and a day without a value leaves the
# period without one. Levels take the last day. Percentiles come from the buckets of all days.
#
# Two periods are compared at equal age: by the days that are mature in the later one, and the same days of the earlier
# one. `compared` and `compared_with` are the values of these days; they are null where no day is mature. The target
# of a sum is that of one day.
KPIS_OF_PERIODS = """
with bounds as (
    select ?::date as first_day, ?::date as last_day, ?::date as earlier_first_day, ?::date as earlier_last_day
),
spans as (
    select
        catalogue.kpi, catalogue.aggregation, catalogue.distribution, catalogue.percentile,
        period, first_date, last_date
    from marts.kpi_catalogue as catalogue, marts.as_of as clock, bounds,
    lateral (
        select
            greatest(least(
                bounds.last_day, clock.business_date - coalesce(catalogue.mature_after_days, 0)::integer
            ) - bounds.first_day + 1, 0) as mature_days
    ),
    lateral (
        values
            ('recent', bounds.first_day, bounds.last_day),
            ('earlier', bounds.earlier_first_day, bounds.earlier_last_day),
            ('compared', bounds.first_day, (bounds.first_day + mature_days::integer - 1)),
            ('compared_with', bounds.earlier_first_day, (bounds.earlier_first_day + mature_days::integer - 1))
    ) as periods (period, first_date, last_date)
),
summed as (
    select
        spans.kpi, spans.period, spans.aggregation,
        case when count(*) = count(daily.numerator) then sum(daily.numerator) end as numerator,
        case when count(*) = count(daily.denominator) then sum(daily.denominator) end as denominator
    from spans
    inner join marts.fct_kpi_daily as daily
        on daily.kpi = spans.kpi and daily.dimension = 'all' and daily.business_date between first_date and last_date
    where spans.aggregation in ('sum', 'ratio')
    group by all
    union all
    select kpi, period, aggregation, numerator, denominator
    from (
        select spans.*, daily.numerator, daily.denominator,
            row_number() over (partition by spans.kpi, spans.period order by daily.business_date desc) as newest
        from spans
        inner join marts.fct_kpi_daily as daily
            on daily.kpi = spans.kpi and daily.dimension = 'all'
            and daily.business_date between first_date and last_date
        where spans.aggregation = 'last'
    )
    where newest = 1
),
buckets as (
    select spans.kpi, spans.period, spans.percentile, bucket_hours, sum(durations_count) as durations_count
    from spans
    inner join marts.fct_kpi_distribution as distribution
        on distribution.kpi = spans.distribution and distribution.dimension = 'all'
        and distribution.business_date between first_date and last_date
    where spans.aggregation = 'percentile'
    group by all
),
percentiles as (
    {{ percentiles_of_buckets('buckets', ['kpi', 'period']) }}
),
valued as (
    select
        kpi, period, numerator, denominator,
        case
            when aggregation = 'sum' then numerator::double
            else numerator::double / nullif(denominator::double, 0)
        end as value
    from summed
    union all
    select kpi, period, null, null, hours::double from percentiles
)
select
    catalogue.kpi, catalogue.name, catalogue.formula, catalogue.unit, catalogue.aggregation, catalogue.direction,
    catalogue.owner, catalogue.mature_after_days,
    (catalogue.target * case when catalogue.aggregation = 'sum' then bounds.last_day - bounds.first_day + 1 else 1 end)
        ::decimal(18, 4) as target,
    max(numerator) filter (period = 'recent') as numerator,
    max(denominator) filter (period = 'recent') as denominator,
    max(value) filter (period = 'recent') as recent,
    max(value) filter (period = 'earlier') as earlier,
    max(value) filter (period = 'compared') as compared,
    max(value) filter (period = 'compared_with') as compared_with,
    greatest(
        bounds.last_day - greatest(
            clock.business_date - coalesce(catalogue.mature_after_days, 0)::integer, bounds.first_day - 1
        ), 0
    ) as immature_days
from marts.kpi_catalogue as catalogue
cross join bounds
cross join marts.as_of as clock
left join valued on valued.kpi = catalogue.kpi
group by all
order by catalogue.kpi
"""


def complete_days(clock_date: date, days: int) -> tuple[date, date]:
    """Return the first and last of the latest complete business days.

    The business day of a version's clock is not over, so that every period ends on the day before.
    """
    return clock_date - timedelta(days=days), clock_date - timedelta(days=1)


@functools.cache
def kpis_of_periods() -> str:
    """Return the query of KPIs of two periods, with the formulas of the dbt project in it."""
    return with_percentiles(KPIS_OF_PERIODS)


def with_percentiles(query: str, **words: str) -> str:
    """Return a query with the dbt project's formula of percentiles rendered in it.

    Args:
        query: SQL that calls the macro `percentiles_of_buckets`.
        words: Fixed words that the query names. Values of a user are parameters instead.
    """
    macros = (packaged("dbt_project") / "macros" / "percentiles.sql").read_text(encoding="utf-8")
    # The text is SQL and holds no value of a user.
    return Environment().from_string(macros + query).render(**words)  # noqa: S701
