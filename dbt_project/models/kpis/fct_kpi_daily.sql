{#- A view, because a figure matures with the clock. -#}
{{ config(materialized='view') }}

with kpi_daily as (
    select * from {{ published_ref('int_kpi_daily') }}
),

kpis as (
    select * from {{ published_ref('kpis') }}
),

clock as (
    select * from {{ published_ref('as_of') }}
),

final as (
    select
        kpi_daily.kpi,
        kpi_daily.dimension,
        kpi_daily.dimension_value,
        kpi_daily.numerator,
        kpi_daily.denominator,
        {{ add_days_to_date('kpi_daily.business_date', 'coalesce(kpis.mature_after_days, 0)') }} <= clock.business_date
            as is_mature,
        kpi_daily.business_date
    from kpi_daily
    cross join clock
    left join kpis on kpi_daily.kpi = kpis.kpi
)

select * from final
