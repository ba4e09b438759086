{#- Percentiles of a day. Those of a longer period come from fct_kpi_distribution by the same macro. -#}
with distribution as (
    select * from {{ ref('fct_kpi_distribution') }}
),

kpis as (
    select * from {{ ref('kpis') }}
    where aggregation = 'percentile'
),

buckets as (
    select
        kpis.kpi,
        kpis.percentile,
        distribution.business_date,
        distribution.dimension,
        distribution.dimension_value,
        distribution.bucket_hours,
        distribution.durations_count
    from distribution
    inner join kpis on distribution.kpi = kpis.distribution
),

percentiles as (
    {{ percentiles_of_buckets('buckets', ['kpi', 'business_date', 'dimension', 'dimension_value']) }}
),

final as (
    select
        percentiles.business_date,
        percentiles.kpi,
        percentiles.dimension,
        percentiles.dimension_value,
        cast(percentiles.hours as decimal(38, 4)) as numerator,
        cast(1 as decimal(38, 4)) as denominator
    from percentiles
)

select * from final
