{#- Percentiles of a day. Those of a longer period come from fct_kpi_distribution in the same way. -#}
with distribution as (
    select * from {{ ref('fct_kpi_distribution') }}
),

kpis as (
    select * from {{ ref('kpis') }}
    where aggregation = 'percentile'
),

ranked as (
    select
        kpis.kpi,
        distribution.business_date,
        distribution.dimension,
        distribution.dimension_value,
        distribution.bucket_hours,
        kpis.percentile * (sum(distribution.durations_count) over whole - 1) as position,
        sum(distribution.durations_count) over so_far as ranks_count
    from distribution
    inner join kpis on distribution.kpi = kpis.distribution
    window
        whole as (
            partition by kpis.kpi, distribution.business_date, distribution.dimension, distribution.dimension_value
        ),
        so_far as (
            partition by kpis.kpi, distribution.business_date, distribution.dimension, distribution.dimension_value
            order by distribution.bucket_hours
            rows between unbounded preceding and current row
        )
),

neighbours as (
    select
        ranked.kpi,
        ranked.business_date,
        ranked.dimension,
        ranked.dimension_value,
        ranked.position,
        min(case when ranked.ranks_count > floor(ranked.position) then ranked.bucket_hours end) as lower_hours,
        min(case when ranked.ranks_count > ceil(ranked.position) then ranked.bucket_hours end) as upper_hours
    from ranked
    group by ranked.kpi, ranked.business_date, ranked.dimension, ranked.dimension_value, ranked.position
),

final as (
    select
        neighbours.business_date,
        neighbours.kpi,
        neighbours.dimension,
        neighbours.dimension_value,
        cast(
            neighbours.lower_hours
            + (neighbours.position - floor(neighbours.position)) * (neighbours.upper_hours - neighbours.lower_hours)
            as decimal(38, 4)
        ) as numerator,
        cast(1 as decimal(38, 4)) as denominator
    from neighbours
)

select * from final
