with durations as (
    select
        distribution.kpi,
        distribution.dimension,
        distribution.dimension_value,
        distribution.business_date,
        min(distribution.bucket_hours) as shortest_hours,
        max(distribution.bucket_hours) as longest_hours
    from {{ ref('fct_kpi_distribution') }} as distribution
    group by distribution.kpi, distribution.dimension, distribution.dimension_value, distribution.business_date
)

select percentiles.*
from {{ ref('fct_kpi_daily') }} as percentiles
inner join {{ ref('kpi_catalogue') }} as catalogue on percentiles.kpi = catalogue.kpi
left join durations
    on
        catalogue.distribution = durations.kpi
        and percentiles.dimension = durations.dimension
        and percentiles.dimension_value = durations.dimension_value
        and percentiles.business_date = durations.business_date
where
    catalogue.aggregation = 'percentile'
    and coalesce(percentiles.numerator not between durations.shortest_hours and durations.longest_hours, true)
