{#- Predicted value of customers from the newest run. The bands divide customers as the historic value bands do. -#}
{%- set amounts = ['expected_value_90', 'expected_value_365'] -%}
with predicted as (
    select * from {{ source('predictions', 'customer_values') }}
),

accuracy as (
    select * from {{ ref('fct_customer_value_accuracy') }}
    where is_latest
),

snapshots as (
    select * from {{ ref('int_customer_snapshots') }}
),

customers as (
    select * from {{ ref('dim_customers') }}
),

newest_snapshots as (
    select * from snapshots
    qualify row_number() over (partition by snapshots.customer_key order by snapshots.snapshot_date desc nulls last) = 1
),

valued as (
    select
        predicted.*,
        accuracy.model,
        accuracy.holdout_error,
        accuracy.holdout_average_error,
        accuracy.origin_at,
        case
            when predicted.expected_value_365 is not null then percent_rank() over (
                partition by predicted.expected_value_365 is null order by predicted.expected_value_365
            )
        end as value_rank
    from predicted
    inner join accuracy on predicted.run_id = accuracy.run_id
),

final as (
    select
        customers.customer_key,
        customers.customer_id,
        valued.model,
        case
            when valued.value_rank is null then 'unscored'
            when valued.value_rank >= 0.9 then 'high'
            when valued.value_rank >= 0.6 then 'medium'
            else 'low'
        end as predicted_value_band,
        newest_snapshots.value_band,
        {% for column in ['purchases_count', 'recency_days', 'observed_days'] -%}
        cast(valued.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in amounts -%}
        cast({{ round_half_even('cast(valued.' ~ column ~ ' as decimal(28, 6))', reporting_digits()) }} as {{ money_type() }})
            as {{ column }}_amount_reporting,
        {% endfor -%}
        cast(valued.expected_purchases_90 as double) as expected_purchases_90,
        cast(valued.expected_purchases_365 as double) as expected_purchases_365,
        cast(valued.alive_probability as double) as alive_probability,
        valued.holdout_error,
        valued.holdout_average_error,
        valued.origin_at
    from valued
    inner join customers on valued.customer_key = customers.customer_key
    left join newest_snapshots on valued.customer_key = newest_snapshots.customer_key
)

select * from final
