{#- The unit of a KPI of money is the reporting currency. -#}
with kpis as (
    select * from {{ ref('kpis') }}
),

final as (
    select
        kpis.kpi,
        kpis.name,
        kpis.formula,
        case when kpis.unit = 'money' then '{{ var("reporting_currency") }}' else kpis.unit end as unit,
        'day × dimension' as grain,
        kpis.aggregation,
        kpis.direction,
        kpis.owner,
        kpis.distribution,
        cast(kpis.target as decimal(18, 4)) as target,
        cast(kpis.mature_after_days as {{ dbt.type_bigint() }}) as mature_after_days,
        cast(kpis.percentile as decimal(3, 2)) as percentile
    from kpis
)

select * from final
