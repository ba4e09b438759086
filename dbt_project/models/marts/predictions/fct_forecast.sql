{#- Forecasts as they were made, also those that later ones replaced. -#}
with forecasts as (
    select * from {{ source('predictions', 'forecasts') }}
),

runs as (
    select * from {{ source('predictions', 'runs') }}
),

made as (
    select
        forecasts.*,
        runs.predicted_at,
        dense_rank() over (
            partition by forecasts.level, forecasts.series_key
            order by forecasts.origin_date desc nulls last, runs.predicted_at desc, runs.run_id
        ) as newest_first
    from forecasts
    inner join runs on forecasts.run_id = runs.run_id
),

final as (
    select
        cast(made.run_id as {{ dbt.type_string() }}) as run_id,
        cast(made.level as {{ dbt.type_string() }}) as forecast_level,
        cast(made.series_key as {{ dbt.type_string() }}) as series_key,
        cast(made.sku as {{ dbt.type_string() }}) as sku,
        cast(made.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        cast(made.category as {{ dbt.type_string() }}) as category,
        cast(made.channel as {{ dbt.type_string() }}) as channel,
        cast(made.model as {{ dbt.type_string() }}) as model,
        cast(made.reason as {{ dbt.type_string() }}) as model_reason,
        cast(made.horizon as {{ dbt.type_bigint() }}) as horizon,
        cast(made.period_days as {{ dbt.type_bigint() }}) as period_days,
        cast(made.expected as {{ dbt.type_numeric() }}) as expected_value,
        cast(made.p10 as {{ dbt.type_numeric() }}) as p10_value,
        cast(made.p50 as {{ dbt.type_numeric() }}) as p50_value,
        cast(made.p90 as {{ dbt.type_numeric() }}) as p90_value,
        cast(made.baseline as {{ dbt.type_numeric() }}) as baseline_value,
        made.is_intermittent,
        made.newest_first = 1 as is_current,
        made.origin_date,
        made.target_date,
        cast(made.predicted_at as {{ dbt.type_timestamp() }}) as predicted_at
    from made
)

select * from final
