-- The distribution holds as many durations of a day, along every dimension, as the mean of the day is computed over.
with buckets as (
    select
        distribution.kpi,
        distribution.dimension,
        distribution.dimension_value,
        distribution.business_date,
        sum(distribution.durations_count) as durations_count
    from {{ ref('fct_kpi_distribution') }} as distribution
    group by distribution.kpi, distribution.dimension, distribution.dimension_value, distribution.business_date
),

means as (
    select * from {{ ref('fct_kpi_daily') }}
    where kpi in ('order_cycle_hours', 'refund_cycle_hours')
)

select
    coalesce(means.kpi, buckets.kpi) as kpi,
    coalesce(means.dimension, buckets.dimension) as dimension,
    coalesce(means.business_date, buckets.business_date) as business_date,
    means.denominator,
    buckets.durations_count
from means
full outer join buckets
    on
        means.kpi = buckets.kpi
        and means.dimension = buckets.dimension
        and means.dimension_value = buckets.dimension_value
        and means.business_date = buckets.business_date
where coalesce(means.denominator, 0) <> coalesce(buckets.durations_count, 0)
