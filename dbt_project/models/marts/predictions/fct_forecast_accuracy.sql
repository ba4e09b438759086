{#- Backtests as they were made. Figures of several series are sums of numerators over sums of denominators, never averages. -#}
with backtests as (
    select * from {{ source('predictions', 'backtests') }}
),

runs as (
    select * from {{ source('predictions', 'runs') }}
),

final as (
    select
        cast(backtests.run_id as {{ dbt.type_string() }}) as run_id,
        cast(backtests.level as {{ dbt.type_string() }}) as forecast_level,
        cast(backtests.series_key as {{ dbt.type_string() }}) as series_key,
        cast(backtests.sku as {{ dbt.type_string() }}) as sku,
        cast(backtests.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        cast(backtests.category as {{ dbt.type_string() }}) as category,
        cast(backtests.channel as {{ dbt.type_string() }}) as channel,
        cast(backtests.model as {{ dbt.type_string() }}) as model,
        cast(backtests.origins_count as {{ dbt.type_bigint() }}) as origins_count,
        cast(backtests.observations_count as {{ dbt.type_bigint() }}) as observations_count,
        cast(backtests.scaled_count as {{ dbt.type_bigint() }}) as scaled_count,
        cast(backtests.actual_sum as double) as actual_sum,
        cast(backtests.absolute_error_sum as double) as absolute_error_sum,
        cast(backtests.error_sum as double) as error_sum,
        cast(backtests.scaled_error_sum as double) as scaled_error_sum,
        cast(backtests.pinball_sum as double) as pinball_sum,
        cast(backtests.covered_sum as double) as covered_sum,
        cast(backtests.baseline_absolute_error_sum as double) as baseline_absolute_error_sum,
        cast(backtests.baseline_error_sum as double) as baseline_error_sum,
        cast(backtests.baseline_scaled_error_sum as double) as baseline_scaled_error_sum,
        cast(backtests.baseline_pinball_sum as double) as baseline_pinball_sum,
        cast(backtests.baseline_covered_sum as double) as baseline_covered_sum,
        cast(backtests.average_absolute_error_sum as double) as average_absolute_error_sum,
        cast(backtests.average_error_sum as double) as average_error_sum,
        cast(backtests.average_scaled_error_sum as double) as average_scaled_error_sum,
        cast(backtests.average_pinball_sum as double) as average_pinball_sum,
        cast(backtests.average_covered_sum as double) as average_covered_sum,
        {{ ratio('backtests.absolute_error_sum', 'backtests.actual_sum') }} as wape_rate,
        {{ ratio('backtests.scaled_error_sum', 'backtests.scaled_count') }} as mase,
        {{ ratio('backtests.error_sum', 'backtests.actual_sum') }} as bias_rate,
        {{ ratio('backtests.pinball_sum', 'backtests.observations_count') }} as pinball_loss,
        {{ ratio('backtests.covered_sum', 'backtests.observations_count') }} as coverage_rate,
        {{ ratio('backtests.baseline_absolute_error_sum', 'backtests.actual_sum') }} as baseline_wape_rate,
        {{ ratio('backtests.baseline_scaled_error_sum', 'backtests.scaled_count') }} as baseline_mase,
        {{ ratio('backtests.baseline_error_sum', 'backtests.actual_sum') }} as baseline_bias_rate,
        {{ ratio('backtests.baseline_pinball_sum', 'backtests.observations_count') }} as baseline_pinball_loss,
        {{ ratio('backtests.baseline_covered_sum', 'backtests.observations_count') }} as baseline_coverage_rate,
        {{ ratio('backtests.average_absolute_error_sum', 'backtests.actual_sum') }} as average_wape_rate,
        {{ ratio('backtests.average_scaled_error_sum', 'backtests.scaled_count') }} as average_mase,
        {{ ratio('backtests.average_error_sum', 'backtests.actual_sum') }} as average_bias_rate,
        {{ ratio('backtests.average_pinball_sum', 'backtests.observations_count') }} as average_pinball_loss,
        {{ ratio('backtests.average_covered_sum', 'backtests.observations_count') }} as average_coverage_rate,
        backtests.is_intermittent,
        row_number() over (
            partition by backtests.level, backtests.series_key
            order by runs.predicted_at desc nulls last, runs.run_id
        ) = 1 as is_current,
        backtests.first_origin_date,
        backtests.last_origin_date,
        cast(runs.predicted_at as {{ dbt.type_timestamp() }}) as predicted_at
    from backtests
    inner join runs on backtests.run_id = runs.run_id
)

select * from final
