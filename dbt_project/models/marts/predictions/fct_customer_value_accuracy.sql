{#- Fits of the models of customer value, with their error on the hold-out beside that of the historic average. -#}
with fits as (
    select * from {{ source('predictions', 'customer_value_fits') }}
),

runs as (
    select * from {{ source('predictions', 'runs') }}
),

final as (
    select
        cast(fits.run_id as {{ dbt.type_string() }}) as run_id,
        cast(runs.model as {{ dbt.type_string() }}) as model,
        cast(fits.problem as {{ dbt.type_string() }}) as problem,
        {% for column in ['customers_count', 'holdout_days', 'holdout_customers_count', 'holdout_purchases_count'] -%}
        cast(fits.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in ['r', 'alpha', 'a', 'b', 'p', 'q', 'gamma'] -%}
        cast(fits.{{ column }} as double) as parameter_{{ column }},
        {% endfor -%}
        cast(fits.holdout_expected_purchases as double) as holdout_expected_purchases,
        cast(fits.holdout_average_purchases as double) as holdout_average_purchases,
        cast(fits.holdout_error as double) as holdout_error,
        cast(fits.holdout_average_error as double) as holdout_average_error,
        {{ ratio('abs(fits.holdout_expected_purchases - fits.holdout_purchases_count)', 'fits.holdout_purchases_count') }}
            as holdout_total_error_rate,
        {{ ratio('abs(fits.holdout_average_purchases - fits.holdout_purchases_count)', 'fits.holdout_purchases_count') }}
            as holdout_average_total_error_rate,
        row_number() over (order by runs.predicted_at desc nulls last, runs.run_id) = 1 as is_latest,
        cast(runs.origin_at as {{ dbt.type_timestamp() }}) as origin_at,
        cast(runs.predicted_at as {{ dbt.type_timestamp() }}) as predicted_at
    from fits
    inner join runs on fits.run_id = runs.run_id
)

select * from final
